import fc from 'fast-check';

/** Steps that an interval is divided into. */
const STEPS = 2 ** 32;

/**
 * Numbers spread evenly over [min, max]; about one draw in four is an end of the interval or close to one.
 *
 * `fc.double` spreads its draws evenly over the binary representations instead: of numbers between 0 and 1 it draws 93 % below
 * 0.001, so that most draws of a size, a price or a correlation are nearly zero and prove nothing. A lint rule refuses it.
 *
 * @throws {RangeError} unless min < max, both finite
 */
export function uniform(min: number, max: number): fc.Arbitrary<number> {
  if (!(min < max && Number.isFinite(max - min))) throw new RangeError(`no interval: ${min} to ${max}`);
  return fc.integer({ min: 0, max: STEPS }).map((step) => {
    const share = step / STEPS;
    return share === 1 ? max : min + (max - min) * share;
  });
}

/**
 * Numbers whose logarithms are spread evenly between those of min and max, for magnitudes such as prices.
 *
 * @throws {RangeError} unless 0 < min < max, both finite
 */
export function logUniform(min: number, max: number): fc.Arbitrary<number> {
  if (!(min > 0)) throw new RangeError(`no positive interval: ${min} to ${max}`);
  return uniform(Math.log(min), Math.log(max)).map((value) => Math.min(max, Math.max(min, Math.exp(value))));
}

/** As many numbers of {@link uniform} as `length` says. */
export function uniforms(length: number, min: number, max: number): fc.Arbitrary<number[]> {
  return fc.array(uniform(min, max), { minLength: length, maxLength: length });
}
