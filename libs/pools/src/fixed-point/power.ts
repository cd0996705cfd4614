import { InvalidInputError } from '#lib/errors';

/** Working precision: 60 binary digits more than the 18 decimals that are asked for need. */
const BITS = 160n;
const UNIT = 1n << BITS;
const WAD = 10n ** 18n;

const times = (a: bigint, b: bigint) => (a * b) >> BITS;

/** 2·atanh(z) = ln((1+z)/(1−z)), |z| ≤ 1/3. */
function doubleAtanh(z: bigint): bigint {
  const square = times(z, z);
  let sum = 0n;
  let power = z;
  for (let k = 1n; power !== 0n && power !== -1n; k += 2n) {
    sum += power / k;
    power = times(power, square);
  }
  return 2n * sum;
}

const LN_2 = doubleAtanh(UNIT / 3n);

function logarithm(x: bigint): bigint {
  let shift = 0n;
  let mantissa = x;
  while (mantissa >= 2n * UNIT) {
    mantissa >>= 1n;
    shift++;
  }
  while (mantissa < UNIT) {
    mantissa <<= 1n;
    shift--;
  }
  return doubleAtanh(((mantissa - UNIT) << BITS) / (mantissa + UNIT)) + shift * LN_2;
}

function exponential(x: bigint): bigint {
  let shift = x / LN_2;
  if (x < 0n) shift -= 1n;
  const rest = x - shift * LN_2;
  let sum = UNIT;
  let term = UNIT;
  for (let k = 1n; term !== 0n; k++) {
    term = times(term, rest) / k;
    sum += term;
  }
  return shift >= 0n ? sum << shift : sum >> -shift;
}

/**
 * x to the power of y in 18-decimal fixed point, rounded down: exact to the last unit where contracts approximate: a value within
 * 1e-40 of the next one counts as that one.
 *
 * @throws {InvalidInputError} for a base that is not positive
 */
export function powWad(x: bigint, y: bigint): bigint {
  if (x <= 0n) throw new InvalidInputError('x', `must be positive, got ${x}`);
  const log = logarithm((x << BITS) / WAD);
  // An exact result gets back the unit that rounding took.
  return ((exponential((log * y) / WAD) + (1n << 24n)) * WAD) >> BITS;
}
