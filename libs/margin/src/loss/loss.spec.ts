// Long because it is one list: reference numbers and properties of each step of a shared loss.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '#lib/runtime';
import {
  checkDeleverage,
  deleverage,
  type DeleverageProblem,
  gainOf,
  haircut,
  lossNeed,
  lossSharesFailures,
  shareLoss,
  waterLevel,
} from '../index.js';

interface Vectors {
  haircut: { cases: { need: string; gains: string[]; cuts: string[]; left: string }[] };
  waterfill: { cases: { weights: string[]; caps: string[]; total: string; kept: string[]; level: string }[] };
  need: {
    example: Record<
      'P' | 'L' | 'pendingP' | 'pendingL' | 'shortfall' | 'qS_minus_C' | 'deficits' | 'D',
      string
    >;
  };
  deleverage_two_markets: {
    Sigma: string[][];
    x: string[][];
    equity: string[];
    reduce: string[];
    kept: string[][];
    shadowPrices: string[];
    objective: string;
  };
}
const vectors = JSON.parse(readFileSync('test/vectors/margin-adl.json', 'utf8')) as Vectors;
const money = fc.bigInt({ min: 0n, max: 10n ** 16n });
const total = (values: readonly bigint[]) => values.reduce((sum, value) => sum + value, 0n);

describe('lossNeed', () => {
  it('is what is missing at marks', () => {
    const { P, L, pendingP, pendingL, shortfall, qS_minus_C, deficits, D } = vectors.need.example;
    const pool = {
      unrealised: BigInt(qS_minus_C),
      deficits: BigInt(deficits),
      shortfall: BigInt(shortfall),
      capital: BigInt(P),
      liquidity: BigInt(L),
      pending: BigInt(pendingP) + BigInt(pendingL),
    };
    expect(lossNeed(pool)).toBe(BigInt(D));
    expect(lossNeed({ ...pool, capital: 10n ** 9n })).toBe(0n);
  });

  it('is what claims exceed assets by, whatever has been realised', () => {
    const amount = fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n });
    fc.assert(
      fc.property(fc.array(fc.tuple(amount, amount)), money, (accounts, own) => {
        // Cash c and open result u: Σ E⁺ − assets with assets = Σ c + own.
        const equities = accounts.map(([cash, open]) => cash + open);
        const claims = total(equities.map((equity) => (equity > 0n ? equity : 0n)));
        const assets = total(accounts.map(([cash]) => cash)) + own;
        const need = lossNeed({
          unrealised: total(accounts.map(([, open]) => open)),
          deficits: total(equities.map((equity) => (equity < 0n ? -equity : 0n))),
          shortfall: 0n,
          capital: own,
          liquidity: 0n,
          pending: 0n,
        });
        expect(need).toBe(claims > assets ? claims - assets : 0n);
      }),
    );
  });
});

describe('haircut', () => {
  it('agrees with the vectors to the unit', () => {
    for (const { need, gains, cuts, left } of vectors.haircut.cases) {
      const got = haircut(BigInt(need), gains.map(BigInt));
      expect(got.cuts).toEqual(cuts.map(BigInt));
      expect(got.left).toBe(BigInt(left));
    }
  });

  it('adds up to the need, is within a unit of each share, and changes nothing for the others when one splits', () => {
    fc.assert(
      fc.property(
        money,
        fc.array(money, { minLength: 1, maxLength: 12 }),
        fc.nat(),
        fc.nat(100),
        (need, bases, at, percent) => {
          const { cuts, left } = haircut(need, bases);
          expect(total(cuts) + left).toBe(need);
          cuts.forEach((cut, a) => {
            expect(cut >= 0n && cut <= bases[a]).toBe(true);
          });
          const index = at % bases.length;
          const first = (bases[index] * BigInt(percent)) / 100n;
          const split = bases.toSpliced(index, 1, first, bases[index] - first);
          const after = haircut(need, split);
          expect(after.cuts[index] + after.cuts[index + 1]).toBe(cuts[index]);
          expect(after.cuts.toSpliced(index, 2, cuts[index])).toEqual(cuts);
        },
      ),
    );
  });

  it('refuses what is negative', () => {
    expect(() => haircut(-1n, [])).toThrow(/need/);
    expect(() => haircut(1n, [1n, -1n])).toThrow(/bases\[1\]/);
  });
});

describe('gainOf', () => {
  it.each([
    [100n, 60n, 0n, 40n],
    [100n, 60n, 50n, 0n],
    [30n, -50n, 0n, 30n],
    [-10n, -50n, 0n, 0n],
    [100n, 60n, -20n, 60n],
  ])('of equity %d, %d then, inflow %d is %d', (equity, then, inflow, gain) => {
    expect(gainOf(equity, then, inflow)).toBe(gain);
  });
});

describe('shareLoss', () => {
  const claim = fc.tuple(money, fc.nat(100)).map(([equity, percent]) => ({
    equity,
    gain: (equity * BigInt(percent)) / 100n,
  }));
  it('takes gains first and then principal, exactly, and its checker refuses a unit moved', () => {
    fc.assert(
      fc.property(money, fc.array(claim, { minLength: 2, maxLength: 10 }), (need, claims) => {
        const shares = shareLoss(need, claims);
        expect(lossSharesFailures(need, claims, shares)).toEqual([]);
        expect(total(shares.cuts) + shares.left).toBe(need);
        if (need <= shares.gains) {
          shares.cuts.forEach((cut, a) => {
            expect(cut <= claims[a].gain).toBe(true);
          });
        }
        const cuts = [...shares.cuts];
        cuts[0] += 2n;
        cuts[1] -= 2n;
        expect(lossSharesFailures(need, claims, { ...shares, cuts })).not.toEqual([]);
        expect(
          lossSharesFailures(need, claims, { ...shares, cuts: shares.cuts.with(0, shares.cuts[0] + 1n) }),
        ).not.toEqual([]);
      }),
    );
  });

  it('has a checker whose every rule bites', () => {
    const claims = [
      { equity: 100n, gain: 40n },
      { equity: 50n, gain: 50n },
      { equity: -5n, gain: 0n },
    ];
    const shares = shareLoss(120n, claims);
    expect(shares).toMatchObject({ gains: 90n, fromGains: 90n, fromPrincipal: 30n, left: 0n });
    expect(lossSharesFailures(120n, claims, shares)).toEqual([]);
    const words = (change: object) => lossSharesFailures(120n, claims, { ...shares, ...change }).join();
    expect(words({ cuts: [] })).toContain('0 cuts for 3');
    expect(words({ gains: 91n })).toContain('gains are 90');
    expect(words({ fromGains: 91n })).toContain('of gains 90');
    expect(words({ fromPrincipal: 31n })).toContain('of principal 30');
    expect(words({ left: 1n })).toContain('left is not 1');
    expect(words({ cuts: [71n, 50n, 0n] })).toContain('add up to 121');
    expect(words({ cuts: [71n, 50n, -1n] })).toContain('cut 2 is -1 of 0');
    expect(words({ cuts: [69n, 51n, 0n] })).toContain('cut 1 is 51 of 50');
    expect(
      lossSharesFailures(10n, claims, { ...shareLoss(10n, claims), cuts: [6n, 4n, 0n] }).join(),
    ).toContain('a unit or more');
  });

  it('refuses a gain that is no part of the equity', () => {
    expect(() => shareLoss(1n, [{ equity: 5n, gain: 6n }])).toThrow(/claims\[0\]\.gain/);
    expect(() => shareLoss(1n, [{ equity: -5n, gain: -1n }])).toThrow(/claims\[0\]\.gain/);
  });
});

describe('waterLevel', () => {
  it('agrees with the vectors', () => {
    for (const { weights, caps, total: kept, kept: expected, level } of vectors.waterfill.cases) {
      const got = waterLevel(weights.map(BigInt), caps.map(BigInt), BigInt(kept));
      expect(got.kept).toEqual(expected.map(BigInt));
      const [numerator, denominator] = level.split('/').map(BigInt);
      expect(got.numerator * denominator).toBe(numerator * got.denominator);
    }
  });

  it('keeps the total exactly, and of each account its cap or the level within a unit', () => {
    const account = fc.tuple(fc.bigInt({ min: 1n, max: 10n ** 10n }), money);
    fc.assert(
      fc.property(fc.array(account, { minLength: 1, maxLength: 12 }), fc.nat(100), (accounts, percent) => {
        const [weights, caps] = [accounts.map(([weight]) => weight), accounts.map(([, cap]) => cap)];
        const kept = (total(caps) * BigInt(percent)) / 100n;
        const got = waterLevel(weights, caps, kept);
        expect(total(got.kept)).toBe(kept);
        got.kept.forEach((own, a) => {
          expect(own >= 0n && own <= caps[a]).toBe(true);
          if (own === caps[a]) return;
          const off = own * got.denominator - got.numerator * weights[a];
          expect(off < got.denominator && off > -got.denominator).toBe(true);
        });
      }),
    );
  });

  it.each([
    ['more than there is', [1n], [5n], 6n, /total/],
    ['a weight of nothing', [0n], [5n], 1n, /weights\[0\]/],
    ['a cap below nothing', [1n], [-5n], 0n, /caps\[0\]/],
    ['caps of others', [1n], [], 0n, /caps/],
  ])('refuses %s', (_what, weights, caps, kept, words) => {
    expect(() => waterLevel(weights, caps, kept)).toThrow(words);
  });
});

describe('deleverage', () => {
  const two: DeleverageProblem = {
    covariance: vectors.deleverage_two_markets.Sigma.flat().map(Number),
    accounts: vectors.deleverage_two_markets.x.map((x, a) => ({
      equity: Number(vectors.deleverage_two_markets.equity[a]),
      notionals: x.map(Number),
    })),
    reduce: vectors.deleverage_two_markets.reduce.map(Number),
  };

  it('agrees with 50-digit arithmetic in two markets', () => {
    const got = deleverage(two);
    const { failures, objective } = checkDeleverage(two, got);
    expect(failures).toEqual([]);
    expect(objective).toBeCloseTo(Number(vectors.deleverage_two_markets.objective), 6);
    got.kept.forEach((row, a) => {
      row.forEach((kept, i) => {
        expect(kept).toBeCloseTo(Number(vectors.deleverage_two_markets.kept[a][i]), 4);
      });
    });
    got.prices.forEach((price, i) => {
      expect(price).toBeCloseTo(Number(vectors.deleverage_two_markets.shadowPrices[i]), 9);
    });
  });

  const randomProblem = (seed: number, accounts: number, m: number): DeleverageProblem => {
    const random = randomStream(seed);
    const loading = Array.from({ length: m }, () => 0.02 + 0.02 * random.uniform());
    const covariance = loading.flatMap((a, i) => loading.map((b, j) => a * b * (i === j ? 1 : 0.7)));
    const sides = loading.map(() => (random.uniform() < 0.3 ? 0 : random.uniform() < 0.5 ? -1 : 1));
    const list = Array.from({ length: accounts }, () => ({
      equity: 1000 * Math.exp(random.normal()),
      notionals: loading.map(() => (random.uniform() < 0.4 ? 0 : 10_000 * random.normal())),
    }));
    const reduce = sides.map((side, i) => {
      const there = list.reduce((sum, { notionals }) => sum + Math.max(0, side * notionals[i]), 0);
      return side * there * (0.05 + 0.6 * random.uniform()) || 0;
    });
    return { covariance, accounts: list, reduce };
  };

  it('certifies random problems to a relative gap of 1e-9', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const problem = randomProblem(seed, 1 + (seed % 40), 1 + (seed % 6));
      const { failures } = checkDeleverage(problem, deleverage(problem));
      expect(failures, `seed ${seed}`).toEqual([]);
    }
  });

  it('keeps in one market min(|x|, ℓE)', () => {
    const problem = randomProblem(9, 30, 1);
    const side = problem.reduce[0] || 5000;
    const one = { ...problem, reduce: [side] };
    const { kept } = deleverage(one);
    const levels = one.accounts.flatMap(({ equity, notionals: [x] }, a) =>
      x * side > 0 && Math.abs(kept[a][0]) < Math.abs(x) * (1 - 1e-9) ? [Math.abs(kept[a][0]) / equity] : [],
    );
    expect(levels.length).toBeGreaterThan(3);
    for (const level of levels) expect(level / levels[0]).toBeCloseTo(1, 8);
  });

  it('closes of an account that is split what it closes of the whole', () => {
    const problem = randomProblem(4, 12, 3);
    const [first, ...others] = problem.accounts;
    const part = (share: number) => ({
      equity: share * first.equity,
      notionals: first.notionals.map((x) => share * x),
    });
    const whole = deleverage(problem).kept[0];
    const split = deleverage({ ...problem, accounts: [part(0.5), part(0.3), part(0.2), ...others] }).kept;
    whole.forEach((kept, i) => {
      const sum = split[0][i] + split[1][i] + split[2][i];
      expect(Math.abs(sum - kept)).toBeLessThan(1e-6 * Math.abs(first.notionals[i]) + 1e-9);
    });
  });

  it('has a checker whose every rule bites', () => {
    const got = deleverage(two);
    const words = (change: Partial<typeof got>) =>
      checkDeleverage(two, { ...got, ...change }).failures.join();
    expect(words({ prices: [] })).toContain('shape');
    expect(words({ kept: got.kept.slice(1) })).toContain('shape');
    expect(words({ prices: [NaN, 0] })).toContain('finite');
    expect(words({ prices: got.prices.map((price) => price * 1.1) })).toContain('above the bound');
    const moved = (a: number, i: number, by: number) =>
      got.kept.map((row, b) => (a === b ? row.with(i, row[i] + by) : row)) as number[][];
    expect(words({ kept: moved(0, 0, 1) })).toContain('market 0 is reduced by');
    expect(words({ kept: moved(3, 0, -1) })).toContain('account 3 keeps');
    const swapped = moved(0, 0, 500).map((row, a) => (a === 1 ? row.with(0, row[0] - 500) : row));
    expect(words({ kept: swapped })).toContain('above the bound');
  });

  it.each([
    ['an account without equity', { accounts: [{ equity: 0, notionals: [1, 1] }] }, /equity/],
    ['notionals of others', { accounts: [{ equity: 1, notionals: [1] }] }, /notionals/],
    ['a notional that is none', { accounts: [{ equity: 1, notionals: [NaN, 1] }] }, /notionals\[0\]/],
    ['a covariance that is none', { covariance: [1, 2, 2, 1] }, /positive definite/],
    ['one that is not symmetric', { covariance: [1, 0.5, 0.4, 1] }, /symmetric/],
    ['one of another size', { covariance: [1] }, /covariance: must have 4/],
    ['more than there is on that side', { reduce: [1e9, 0] }, /reduce\[0\]: must be at most/],
  ] as [string, Partial<DeleverageProblem>, RegExp][])('refuses %s', (_what, change, words) => {
    expect(() => deleverage({ ...two, ...change })).toThrow(words);
  });
});
