// Long because it is one list: every way of forging a certificate that is tried.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type ForgeryCounts,
  honestPlans,
  refit,
  searchForgeries,
} from '../../../../test/support/forgeries.js';
import { randomCase, singlePosition } from '../../../../test/support/liquidation-cases.js';
import { lowerBound } from '../certificate/bounds.js';
import { liquidate, type LiquidationPlan, loadSolvers, type Solvers, verifyCertificate } from '../index.js';
import { programOf } from '../program/program.js';

/** Witnesses that are tried: FORGERIES=1000000 for the long run. */
const TRIES = Number(process.env.FORGERIES ?? 10_000);
/** More are searched for in threads. */
const A_FEW = 50_000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends object | null ? Mutable<T[K]> : T[K] };
type Forged = Mutable<LiquidationPlan>;

let solvers: Solvers;
/** plans with linear margin, and with portfolio margin */
let plans: LiquidationPlan[];
let netted: LiquidationPlan[];
beforeAll(async () => {
  solvers = await loadSolvers();
  ({ linear: plans, portfolio: netted } = honestPlans(solvers, 24, 18));
});

describe('each rule of the checker refuses, by its own words', () => {
  const partial = () => structuredClone(plans[0]) as Forged;
  const impossible = () => liquidate(singlePosition({ collateral: -2 }), solvers) as Forged;
  const healthy = () => liquidate(singlePosition({ collateral: 5 }), solvers) as Forged;
  const cut = (plan: Forged) => {
    const { dual } = plan.certificate!;
    const point = plan.fractions.map(() => 0.5);
    const added = { point, shift: plan.certificate!.primalShift, multiplier: 1 };
    dual.premium = [added];
    return added;
  };
  const portfolio = () =>
    structuredClone(netted.find(({ case: c }) => (c.portfolio?.scenarios.length ?? 0) > 0)) as Forged;
  /** a plan whose own trade owes the providers a premium */
  const owing = () => {
    for (let seed = 1; ; seed++) {
      const given = randomCase(seed, { n: 2 });
      const liquidity = { committed: 3 * Math.sqrt(given.pool.variance), volatilityShare: 1 };
      const plan = liquidate({ ...given, pool: { ...given.pool, liquidity } }, solvers);
      if (plan.outcome === 'partial' && plan.reserved > 0) return plan as Forged;
    }
  };
  const loss = (plan: Forged) => {
    const added = { scenario: 0, multiplier: 1 };
    plan.certificate!.dual.losses = [added];
    return added;
  };
  const tangent = (plan: Forged) => {
    const added = { evar: plan.fractions.map(() => 0.5), multiplier: 1 };
    plan.certificate!.dual.losses = [added];
    return added;
  };
  const rules: [what: string, words: RegExp, plan: () => Forged, forge: (plan: Forged) => void][] = [
    ['a point above 1', /dual\.premium\.0\.point\.0/, partial, (p) => (cut(p).point[0] = 1 + Number.EPSILON)],
    ['a point of 1e19', /dual\.premium\.0\.point\.0/, partial, (p) => (cut(p).point[0] = 1e19)],
    ['a point below 0', /dual\.premium\.0\.point\.0/, partial, (p) => (cut(p).point[0] = -Number.MIN_VALUE)],
    ['a point that is no number', /dual\.premium\.0\.point\.0/, partial, (p) => (cut(p).point[0] = NaN)],
    ['a cut’s negative multiplier', /premium\.0\.multiplier/, partial, (p) => (cut(p).multiplier = -1e-300)],
    ['a cut’s infinite multiplier', /premium\.0\.multiplier/, partial, (p) => (cut(p).multiplier = Infinity)],
    [
      'the margin’s negative multiplier',
      /dual\.margin/,
      partial,
      (p) => (p.certificate!.dual.margin = -1e-9),
    ],
    ['an infinite shift', /poolShift/, partial, (p) => (p.certificate!.poolShift = -Infinity)],
    ['an infinite shift of a cut', /premium\.0\.shift/, partial, (p) => (cut(p).shift = Infinity)],
    ['a fraction above 1', /plan\.fractions\.0/, partial, (p) => (p.fractions[0] = 1 + Number.EPSILON)],
    ['a fraction below 0', /plan\.fractions\.0/, partial, (p) => (p.fractions[0] = -Number.MIN_VALUE)],
    ['a point that is too short', /entries, one a position/, partial, (p) => cut(p).point.pop()],
    ['fractions that are too many', /entries, one a position/, partial, (p) => p.fractions.push(0)],
    ['a key that is not of a plan', /plan/, partial, (p) => Object.assign(p, { note: 1 })],
    ['no positions', /plan\.case\.positions/, partial, (p) => (p.case.positions = [])],
    ['a market without a name', /positions\.0\.market/, partial, (p) => (p.case.positions[0].market = '')],
    [
      'a market that comes twice',
      /is there twice/,
      () => structuredClone(plans.find(({ fractions }) => fractions.length === 2)) as Forged,
      (p) => (p.case.positions[1].market = p.case.positions[0].market),
    ],
    [
      'an amount that overflows',
      /at most 1e\+60/,
      partial,
      (p) => (p.case.positions[0].entryNotional = 1e61),
    ],
    ['a size that underflows', /must not be zero/, partial, (p) => (p.case.positions[0].size = 1e-61)],
    ['a price that underflows', /must be positive/, partial, (p) => (p.case.positions[0].price = 1e-61)],
    ['a plan that names no method', /method null does not fit/, partial, (p) => (p.method = null)],
    ['a method of a healthy account', /does not fit/, healthy, (p) => (p.method = 'closed-form')],
    ['programs of a closed form', /1 programs/, impossible, (p) => (p.programs = 1)],
    ['an iteration without programs', /0 programs/, impossible, (p) => (p.method = 'cutting-planes')],
    ['programs that are no count', /plan\.programs/, partial, (p) => (p.programs = 1.5)],
    ['programs of a healthy account', /1 programs/, healthy, (p) => (p.programs = 1)],
    ['a healthy account that closes', /closes nothing/, healthy, (p) => (p.fractions[0] = 0.5)],
    [
      'a healthy account’s certificate',
      /has no certificate/,
      healthy,
      (p) => (p.certificate = partial().certificate),
    ],
    ['a scenario that is not one', /lowerBound is -Infinity/, portfolio, (p) => (loss(p).scenario = 64)],
    ['a scenario between two', /losses\.0/, portfolio, (p) => (loss(p).scenario = 0.5)],
    ['a loss’s negative weight', /losses\.0/, portfolio, (p) => (loss(p).multiplier = -1e-300)],
    ['a tangent outside', /losses\.0/, portfolio, (p) => (tangent(p).evar[0] = 2)],
    ['a tangent that is too short', /entries, one a position/, portfolio, (p) => tangent(p).evar.pop()],
    ['losses of linear margin', /lowerBound is -Infinity/, partial, (p) => loss(p)],
    [
      'premia that weigh more than the margin',
      /lowerBound is -Infinity/,
      partial,
      (p) => (cut(p).multiplier = p.certificate!.dual.margin * (1 + Number.EPSILON)),
    ],
    [
      'losses that weigh more than the margin where the pool has no limit',
      /lowerBound is -Infinity/,
      () =>
        structuredClone(
          netted.find((p) => p.case.portfolio?.absorbable === null && p.certificate!.dual.losses.length > 0),
        ) as Forged,
      (p) => (p.certificate!.dual.losses[0].multiplier += p.certificate!.dual.margin),
    ],
    [
      'a liquidity premium that nobody reserved',
      /above what is reserved/,
      owing,
      (p) => (p.case.reserved = 0),
    ],
    ['a plan without certificate', /there is no certificate/, partial, (p) => (p.certificate = null)],
    ['an optimum of a bankrupt', /bankrupt account has no plan/, partial, (p) => (p.outcome = 'bankrupt')],
    ['a full liquidation in part', /not those of a full/, partial, (p) => (p.outcome = 'full')],
    [
      'a partial one in full',
      /not those of a partial/,
      partial,
      (p) => (p.fractions = p.fractions.map(() => 1)),
    ],
    ['too little', /is not restored/, partial, (p) => (p.fractions = p.fractions.map((w) => 0.999 * w))],
    [
      'too much',
      /the gap .* is above/,
      partial,
      (p) => (p.fractions = p.fractions.map((w) => 0.001 + 0.999 * w)),
    ],
    [
      'an optimum below its bound',
      /contradicts the objective/,
      partial,
      (p) => (p.fractions = p.fractions.map((w) => 0.999 * w)),
    ],
    ['impossibility of a part', /everything is closed/, impossible, (p) => (p.fractions[0] = 0.5)],
    ['a bankrupt called full', /does not make it full/, impossible, (p) => (p.outcome = 'full')],
    [
      'impossibility of what is possible',
      /does not prove/,
      () => structuredClone(plans[0]) as Forged,
      (p) => (p.certificate!.proves = 'infeasibility'),
    ],
    [
      'impossibility by no weight at all',
      /does not prove/,
      impossible,
      (p) => (p.certificate!.dual = { margin: 0, losses: [], premium: [] }),
    ],
    ['a sick account called healthy', /does not make it healthy/, partial, (p) => (p.outcome = 'healthy')],
  ];
  it.each(rules)('%s', (_what, words, make, forge) => {
    const plan = make();
    expect(verifyCertificate(plan)).toEqual({ holds: true, failures: [] });
    forge(plan);
    let fitted = plan as LiquidationPlan;
    // Out of its domain there may be nothing to compute with.
    try {
      fitted = refit(plan);
    } catch {
      // as it is
    }
    const { holds, failures } = verifyCertificate(fitted);
    expect(holds).toBe(false);
    expect(failures.join('; ')).toMatch(words);
  });

  /** The first random account of two positions with such a plan. */
  const ofTwo = (health: number, wanted: (plan: LiquidationPlan) => boolean) => {
    for (let seed = 1; seed < 400; seed++) {
      const plan = liquidate(randomCase(seed, { n: 2, health }), solvers);
      if (wanted(plan)) return plan as Forged;
    }
    throw new Error('no such plan among 400');
  };

  it('one of two positions that is closed though the account is healthy, or left though nothing restores it', () => {
    const well = ofTwo(1.5, ({ outcome }) => outcome === 'healthy');
    well.fractions[0] = 0.5;
    expect(verifyCertificate(refit(well)).failures.join()).toContain('a healthy account closes nothing');
    const lost = ofTwo(-2, ({ outcome }) => outcome === 'bankrupt');
    expect(verifyCertificate(lost).holds).toBe(true);
    lost.fractions[0] = 0.5;
    expect(verifyCertificate(refit(lost)).failures.join()).toContain('everything is closed');
  });

  it('no partial plan for closing one of two positions whole', () => {
    const plan = ofTwo(0.5, ({ outcome, fractions }) => outcome === 'partial' && fractions.includes(1));
    expect(verifyCertificate(plan)).toEqual({ holds: true, failures: [] });
    plan.outcome = 'full';
    expect(verifyCertificate(plan).failures.join()).toContain('not those of a full');
  });

  it.each([0, 0.01])(
    'an account of equity %d called bankrupt, where closing costs more than it has',
    (equity) => {
      // Closing unhedges the pool: the premium is above the equity.
      const { pool } = singlePosition();
      const given = singlePosition({ collateral: equity, pool: { ...pool, covarianceWithBook: [-40] } });
      const plan = liquidate(given, solvers) as Forged;
      expect([plan.outcome, plan.certificate!.proves, plan.equityBefore]).toEqual([
        'full',
        'infeasibility',
        equity,
      ]);
      expect(verifyCertificate(plan)).toEqual({ holds: true, failures: [] });
      plan.outcome = 'bankrupt';
      expect(verifyCertificate(plan).failures.join()).toContain('does not make it bankrupt');
    },
  );

  it('a bound or a gap that is not stated, or stated where there is none', () => {
    const honest = plans[0];
    const none = impossible();
    for (const [plan, claim, due] of [
      [{ ...honest, gap: null }, 'gap', String(honest.gap)],
      [{ ...honest, lowerBound: null }, 'lowerBound', String(honest.lowerBound)],
      [{ ...none, gap: 0 }, 'gap', 'null'],
      [{ ...none, lowerBound: 0 }, 'lowerBound', 'null'],
    ] as const)
      expect(verifyCertificate(plan).failures).toEqual([`${claim} is ${due}, not ${plan[claim]}`]);
  });

  it('another account’s digest', () => {
    const plan = { ...plans[0], caseDigest: plans[1].caseDigest };
    expect(verifyCertificate(plan).failures.join()).toContain('caseDigest');
  });

  it('a bound one ulp above what its witness proves', () => {
    const plan = plans[0];
    const proven = lowerBound(
      programOf(plan.case, plan.certificate!.poolShift),
      plan.certificate!.dual,
      plan.objective,
    );
    expect(verifyCertificate({ ...plan, lowerBound: proven }).holds).toBe(true);
    const above = proven * (1 + Number.EPSILON);
    expect(verifyCertificate({ ...plan, lowerBound: above }).failures.join()).toContain('is above');
  });

  it.each([null, 1, 'plan', [], {}])('what is no plan: %j', (value) => {
    expect(verifyCertificate(value).holds).toBe(false);
  });
});

describe('no witness makes the checker accept more than is true', () => {
  it(`${TRIES} random and adversarial ones, by a cutting-plane optimum`, { timeout: 3_600_000 }, async () => {
    const parts = TRIES > A_FEW ? await searchInThreads(TRIES, 2) : [searchForgeries(solvers, TRIES, 14)];
    const sum = (of: keyof ForgeryCounts) => parts.reduce((total, counts) => total + counts[of], 0);
    expect(sum('accepted')).toBeGreaterThan(TRIES / 50);
    expect(sum('optimal')).toBeGreaterThan(TRIES / 1000);
    expect(sum('refused')).toBeGreaterThan(TRIES / 10);
    expect(sum('accepted') + sum('refused')).toBe(TRIES);
  });
});

/** A long search in threads, each with a seed of its own that no other day has. */
function searchInThreads(tries: number, threads: number): Promise<ForgeryCounts[]> {
  const today = Math.floor(Date.now() / 86_400_000);
  return Promise.all(
    Array.from({ length: threads }, async (_, i) => {
      const from = Math.floor((tries * i) / threads);
      const part = Math.floor((tries * (i + 1)) / threads) - from;
      const worker = new Worker(new URL('../../../../test/support/forgeries.worker.js', import.meta.url), {
        workerData: { tries: part, seed: threads * today + i },
      });
      const [{ counts, found }] = (await once(worker, 'message')) as [
        { counts?: ForgeryCounts; found?: string },
      ];
      await worker.terminate();
      if (counts === undefined) throw new Error(found);
      return counts;
    }),
  );
}
