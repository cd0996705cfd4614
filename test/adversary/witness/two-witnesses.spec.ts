import { describe, expect, it } from 'vitest';
import { standardisedEvar } from '#lib/risk';
import { randomStream } from '#lib/runtime';
import { nearest } from '../../support/circuit-integers.js';
import { cappedSize, ends, INTEGERS as x, logarithm, normal, parts } from '../../support/sandwich-circuit.js';

const ONE = 1n << 24n;
const magnitude = (value: bigint) => (value < 0n ? -value : value);

interface Witness {
  readonly k: bigint;
  readonly t: bigint;
  readonly p: bigint;
  readonly c: bigint;
  readonly upper: bigint;
  readonly r: bigint;
  readonly atRatio: bigint;
  readonly atShifted: bigint;
}
type Name = keyof Witness;
const NAMES: readonly Name[] = ['k', 't', 'p', 'c', 'upper', 'r', 'atRatio', 'atShifted'];

interface Book {
  readonly mean: bigint;
  readonly s: bigint;
  readonly budget: bigint;
}

const size = (value: bigint) => cappedSize(x, magnitude(value));
const inverse = (value: bigint) => nearest(4n * ONE * ONE, size(value) + 4n * ONE);

/** Values computed from k, t and the inverses. */
function computed({ k, t, atRatio, atShifted }: Pick<Witness, 'k' | 't' | 'atRatio' | 'atShifted'>) {
  const at = normal(x, magnitude(k), k < 0n, atRatio);
  const shifted = normal(x, magnitude(k + t), k + t < 0n, atShifted);
  return parts(x, k, t, at, shifted);
}

function honest({ mean, s, budget }: Book): Witness {
  const k = nearest(mean * ONE, s);
  const t = BigInt(
    Math.round(standardisedEvar(Number(k) / 2 ** 24, -Number(budget) / 2 ** 24).tilt * 2 ** 24),
  );
  const start = { k, t, atRatio: inverse(k), atShifted: inverse(k + t) };
  const { top, above, total, atZero } = computed(start);
  const r = nearest((total - ONE) * ONE, total + ONE);
  return {
    ...start,
    r,
    p: nearest(above * ONE, total),
    c: nearest(atZero * ONE, total),
    upper: nearest(s * (logarithm(x, top, r) + budget), t),
  };
}

/** The claims of a witness, and whether a verifier takes them: the conditions of docs/concepts/proofs.md, a second time. */
function judged({ mean, s, budget }: Book, witness: Witness) {
  const { k, t, p, c, upper, r, atRatio, atShifted } = witness;
  const { top, above, total, atZero } = computed(witness);
  const log = logarithm(x, top, r);
  const { slope, slack } = ends(x, { k, t, p, c, log, budget });
  const range = 1n << 40n;
  const accepted =
    t > 0n &&
    t <= 8192n * ONE &&
    [t, p, c, upper, atRatio, atShifted].every((value) => value >= 0n && value < range) &&
    magnitude(k) + magnitude(r) <= 1n << 38n &&
    magnitude(k * s - mean * ONE) <= s / 2n + 1n &&
    magnitude(atRatio * (size(k) + 4n * ONE) - 4n * ONE * ONE) <= 6n * ONE &&
    magnitude(atShifted * (size(k + t) + 4n * ONE) - 4n * ONE * ONE) <= 6n * ONE &&
    magnitude(r * (total + ONE) - (total - ONE) * ONE) <= (3n * ONE) / 2n + 8n &&
    magnitude(p * total - above * ONE) <= ONE + 8n &&
    magnitude(c * total - atZero * ONE) <= ONE + 8n &&
    magnitude(upper * t - s * (log + budget)) <= t / 2n + 1n &&
    magnitude(slack) <= 64n + (t >> 20n);
  return { accepted, upper, slope };
}

describe('two witnesses of one claim', () => {
  it('are not found by 20,000 random changes of private values, alone and together', () => {
    const random = randomStream(77);
    const pick = <T>(values: readonly T[]) => values[Math.floor(random.uniform() * values.length)];
    let accepted = 0;
    for (let book = 0; book < 100; book++) {
      const s = BigInt(Math.round(2 ** (12 * random.uniform()) * 2 ** 24));
      const ratio = book % 2 === 0 ? -(10 ** (3 * random.uniform())) : -8 + 11 * random.uniform();
      const given: Book = {
        s,
        mean: BigInt(Math.round(ratio * Number(s))),
        budget: BigInt(Math.round(-Math.log(0.01) * 2 ** 24)),
      };
      const start = honest(given);
      const claim = judged(given, start);
      expect(claim.accepted, `the honest witness of book ${book}`).toBe(true);
      for (let i = 0; i < 200; i++) {
        const changed: Record<Name, bigint> = { ...start };
        const count = 1 + Math.floor(3 * random.uniform());
        for (let j = 0; j < count; j++) {
          const name = pick(NAMES);
          const step = BigInt(Math.round(2 ** (30 * random.uniform())));
          const value = changed[name];
          changed[name] = pick([
            -value,
            value + step,
            value - step,
            value * 2n,
            value / 2n,
            step,
            changed[pick(NAMES)],
          ]);
        }
        // A cheat would keep the values derived from the changed ones.
        if (i % 2 === 0) {
          const { top, above, total, atZero } = computed(changed);
          if (total > 0n) {
            changed.r = nearest((total - ONE) * ONE, total + ONE);
            changed.p = nearest(above * ONE, total);
            changed.c = nearest(atZero * ONE, total);
            if (changed.t > 0n)
              changed.upper = nearest(s * (logarithm(x, top, changed.r) + given.budget), changed.t);
          }
        }
        const other = judged(given, changed);
        if (!other.accepted) continue;
        accepted++;
        expect(magnitude(other.upper - claim.upper), `upper of book ${book}`).toBeLessThanOrEqual(
          4n + claim.upper / 1_000_000n,
        );
        expect(magnitude(other.slope - claim.slope), `slope of book ${book}`).toBeLessThanOrEqual(
          4n + claim.slope / 1000n,
        );
      }
    }
    // Some are within rounding: the search does reach the tolerances.
    expect(accepted).toBeGreaterThan(100);
  });
});
