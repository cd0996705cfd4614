// Long because it is one list: every bound, against closed forms and finely computed numbers.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { liabilityRisk, liabilityRiskValue } from '#lib/risk';
import { logUniform, uniform, uniforms } from '../../../../test/support/arbitraries.js';
import type { PortfolioPart } from '../program/portfolio-part.js';
import { type LiquidationProgram, objectiveOf } from '../program/program.js';
import { tiltedRisk } from '../program/risk-change.js';
import {
  capsOf,
  excessBound,
  infeasibility,
  infeasibilitySlack,
  lowerBound,
  marginExcess,
} from './bounds.js';
import { premiumCut } from './premium-bounds.js';
import type { DualWitness } from './witness.js';

const LOG_ALPHA = Math.log(0.01);
const MEAN = -50;
const VOLATILITY = 20;
const { shift: SHIFT } = liabilityRisk('evar', MEAN, VOLATILITY, LOG_ALPHA);

/** Closing changes nothing of the pool's risk unless the test says so. */
function program(change: Partial<LiquidationProgram>): LiquidationProgram {
  const { notionals = Float64Array.of(100) } = change;
  const n = notionals.length;
  return {
    ...{ n, notionals, impacts: new Float64Array(n), deficit: 6, relief: new Float64Array(n) },
    ...{ mean: MEAN, variance: VOLATILITY ** 2, logAlpha: LOG_ALPHA },
    ...{ covarianceWithBook: new Float64Array(n), covariance: new Float64Array(n * n) },
    ...{ deviations: new Float64Array(n), before: tiltedRisk(MEAN, LOG_ALPHA, VOLATILITY, SHIFT) },
    ...change,
  };
}

/** One scenario that loses 20, which is the worst there is. */
function part(change: Partial<PortfolioPart>): PortfolioPart {
  return {
    ...{ worst: 20, evarMultiple: 0, evarHeadroom: 20, variance: 0 },
    ...{
      covarianceWithAll: Float64Array.of(0),
      covariance: Float64Array.of(0),
      deviations: Float64Array.of(0),
    },
    ...{ scenarios: 1, losses: Float64Array.of(20), headroom: Float64Array.of(0) },
    ...{ closing: Float64Array.of(0), concentrationRate: 0, steps: [undefined] },
    ...change,
  };
}

/** A margin whose worst loss is the EVaR of 10·(1 − w), 2κ = 2. */
const EVAR = part({
  ...{ evarMultiple: 2, evarHeadroom: 0, variance: 100 },
  ...{ covarianceWithAll: Float64Array.of(100), covariance: Float64Array.of(100) },
  ...{
    deviations: Float64Array.of(10),
    scenarios: 0,
    losses: Float64Array.of(),
    headroom: Float64Array.of(),
  },
});

const margin = (weight: number): DualWitness => ({ margin: weight, losses: [], premium: [] });
const scenario = (weight: number, multiplier: number, which = 0): DualWitness => ({
  ...{ margin: weight, losses: [{ scenario: which, multiplier }], premium: [] },
});
const tangent = (weight: number, multiplier: number, ...evar: number[]): DualWitness => ({
  ...{ margin: weight, losses: [{ evar, multiplier }], premium: [] },
});

/** The bound is the value but for rounding, and never above it. */
function expectTight(bound: number, value: number, scale = 100): void {
  expect(bound).toBeLessThan(value);
  expect(bound).toBeGreaterThan(value - 1e-12 * scale);
}

describe(lowerBound, () => {
  const two = program({ notionals: Float64Array.of(100, 200), relief: Float64Array.of(10, 10) });

  it('is the optimum of a linear margin by its multiplier, and less by another', () => {
    // The first position relieves 10 for 100, the second 10 for 200: w = (0.6, 0).
    expectTight(lowerBound(two, margin(10), 60), 60);
    expectTight(lowerBound(two, margin(5), 60), 30);
    // 15·6 + (100 − 150)w₁, where w₁ is at most 1 by a plan of 200, and at most 0.6 by one of 60.
    expectTight(lowerBound(two, margin(15), 200), 40);
    expectTight(lowerBound(two, margin(15), 60), 60);
  });

  it('has the cost of impact in it', () => {
    // 100w + 50w² at w = 0.6, λ = (100 + 100w)/10.
    const impact = program({ relief: Float64Array.of(10), impacts: Float64Array.of(100) });
    expectTight(lowerBound(impact, margin(16), 78), 78);
    expectTight(lowerBound(impact, margin(10), 78), 60);
    // 24·6 + 100w + 50w² − 240w at w = 0.78, as the objective says.
    expectTight(lowerBound(impact, margin(24), 78), 144 - 140 * 0.78 + 50 * 0.78 ** 2);
  });

  it('is the optimum where a scenario makes the margin', () => {
    // 8 − 20w = 0 at w = 0.4.
    const given = program({ deficit: 8, portfolio: part({}) });
    expectTight(lowerBound(given, scenario(5, 5), 40), 40);
    // Weights below λ lose (1 − p)R0 of each unit.
    expectTight(lowerBound(given, scenario(5, 4), 40), 40 - 20);
    // Of a second scenario, 2 short of the worst: 5·8 − 5·2 + (100 − 5·18)w.
    const second = part({ scenarios: 2, losses: Float64Array.of(20, 18), headroom: Float64Array.of(0, 2) });
    expectTight(lowerBound(program({ deficit: 8, portfolio: second }), scenario(5, 5, 1), 40), 30);
  });

  it('is the optimum where concentration is charged', () => {
    // 13 − 20w(1 + 0.01·(40 − 20w)) = 0 at w = 0.5, λ = 96/24, p = 1 + 2·0.01·10; B(p) = 0.01·(20 − 10)² = 1.
    const portfolio = part({ concentrationRate: 0.01 });
    const given = program({ notionals: Float64Array.of(96), deficit: 13, portfolio });
    expectTight(lowerBound(given, scenario(4, 4.8), 48), 48);
    // B(1) = 4 from both sides, B(0.5) = 0.5·20 + 4.
    expectTight(lowerBound(given, scenario(4, 4), 48), 52 - 4 * 4);
    expectTight(lowerBound(given, scenario(4, 2), 48), 52 - 4 * 14);
    // p = 2: 52 − 4·0.01·(20 − 50)² + (96 − 160)·0.5
    expectTight(lowerBound(given, scenario(4, 8), 48), 52 - 36 - 32);
  });

  it('is the optimum where closing moves prices', () => {
    // 13 − 20w + 4(w² − 2w) = 0 at w = 0.5, λ = 96/24.
    const given = program({
      ...{ notionals: Float64Array.of(96), deficit: 13 },
      portfolio: part({ closing: Float64Array.of(4) }),
    });
    expectTight(lowerBound(given, scenario(4, 4), 48), 48);
  });

  it('is the optimum where the margin has tiers', () => {
    const steps = [
      [
        { until: 0.25, relief: 40 },
        { until: 0.75, relief: 8 },
        { until: 1, relief: 4 },
      ],
    ];
    const portfolio = part({ worst: 0, scenarios: 0, losses: Float64Array.of(), steps });
    const tiers = (change: Partial<LiquidationProgram>) =>
      program({ deficit: 12, relief: Float64Array.of(40), portfolio, ...change });
    // 12 are relieved by w = 0.5, the last of it at 8 a unit.
    const plain = tiers({ notionals: Float64Array.of(96) });
    expectTight(lowerBound(plain, margin(12), 48), 48);
    expectTight(lowerBound(plain, margin(2.4), 48), 28.8);
    // Dearer than the first step, cheaper than the second: 4·12 + 24 − 40.
    expectTight(lowerBound(plain, margin(4), 48), 32);
    // All that the objective allows, of the second step: 20·12 + 96·0.625 − 20·13.
    expectTight(lowerBound(plain, margin(20), 60), 40, 400);
    // And of the last: 30·12 + 96 − 30·15.
    expectTight(lowerBound(plain, margin(30), 200), 6, 400);
    // Within the first: 4·12 + 96·0.125 − 4·5.
    expectTight(lowerBound(plain, margin(4), 12), 40);
    // 64w + 32w² has the slope 96 = 12·8 there.
    const impact = tiers({ notionals: Float64Array.of(64), impacts: Float64Array.of(64) });
    expectTight(lowerBound(impact, margin(12), 40), 40);
  });

  it('is the optimum where the EVaR makes the margin, by any tangent of one position', () => {
    const given = program({ deficit: 8, portfolio: EVAR });
    for (const v of [0, 0.25, 0.5]) expectTight(lowerBound(given, tangent(5, 5, v), 40), 40, 1000);
    // Past the optimal weight the most is closed that the objective allows: 10·8 + (100 − 10·20)·0.4.
    expectTight(lowerBound(given, tangent(10, 10, 0.25), 40), 40, 1000);
    // Closed whole nothing is left to deviate: 40 − 5·20.
    expectTight(lowerBound(given, tangent(5, 5, 1), 40), -60);
    // An EVaR that is 3 short of the worst.
    const short = { ...EVAR, worst: 23, evarHeadroom: 3 };
    expectTight(lowerBound({ ...given, portfolio: short }, tangent(5, 5, 0.25), 40), 25, 1000);
    expectTight(lowerBound({ ...given, portfolio: short }, tangent(5, 5, 1), 40), -75);
  });

  it('touches the EVaR of two positions where its tangent is taken', () => {
    // s(v)² = 36·0.5² + 64·0.25² = 13; the least of 100w₁ + 200w₂ + λ·(d + 2(s(w) − 10)) is at v where cᵢ/2λ is the slope there.
    const v = [0.5, 0.75];
    const s = Math.sqrt(13);
    const both = {
      ...{ evarMultiple: 2, evarHeadroom: 0, variance: 100, covarianceWithAll: Float64Array.of(36, 64) },
      ...{ covariance: Float64Array.of(36, 0, 0, 64), deviations: Float64Array.of(6, 8), scenarios: 0 },
      ...{ closing: new Float64Array(2), steps: [undefined, undefined], losses: Float64Array.of() },
    };
    const lambda = 4;
    const notionals = Float64Array.of((2 * lambda * 18) / s, (2 * lambda * 16) / s);
    const given = program({ notionals, deficit: 2 * (10 - s), portfolio: part(both) });
    const objective = objectiveOf(given, v);
    expectTight(lowerBound(given, tangent(lambda, lambda, ...v), objective), objective);
    // By twice the weight all is closed: 2Σcᵢvᵢ + Σ(cᵢ − 2cᵢ).
    const twice = lowerBound(given, tangent(2 * lambda, 2 * lambda, ...v), objective);
    expectTight(twice, 2 * objective - notionals[0] - notionals[1]);
  });

  it('proves nothing by weights that are none', () => {
    const linear = program({ relief: Float64Array.of(10) });
    const portfolio = program({ deficit: 8, portfolio: part({}) });
    const premium = (multiplier: number) => [{ point: [0.5], shift: SHIFT, multiplier }];
    for (const [given, dual] of [
      [linear, margin(-1)],
      [linear, margin(NaN)],
      [linear, margin(Infinity)],
      [linear, { ...margin(1), premium: premium(-1) }],
      [linear, { ...margin(1), premium: premium(1.5) }],
      [linear, scenario(5, 1)],
      [portfolio, scenario(5, -1)],
      [portfolio, scenario(5, 5, 1)],
      [portfolio, scenario(0, 5)],
      // Without a limit of concentration φ(R) = R, and no more than λ can be had of it.
      [portfolio, scenario(5, 5.1)],
    ] as const)
      expect(lowerBound(given, dual, 40)).toBe(-Infinity);
    expectTight(lowerBound(linear, scenario(10, 0), 60), 60);
    expectTight(lowerBound(linear, { ...margin(10), premium: premium(10) }, 60), 60, 1000);
    for (const concentrationRate of [0, 0.01]) {
      const given = program({ deficit: 8, portfolio: part({ concentrationRate }) });
      expect(lowerBound(given, scenario(0, 0), 40)).toBeCloseTo(0, 12);
    }
    // Overflow proves nothing.
    expect(lowerBound(two, margin(1e308), 60)).toBe(-Infinity);
  });

  it('leaves a unit of rounding for each operation on each term', () => {
    // λ·6 and, by w ≤ (0.6, 0.3), (100 + 10λ)·0.6 + (200 + 10λ)·0.3.
    for (const lambda of [10, 1000, 1e9, 1e17]) {
      const exact = 6 * lambda - Math.max(0, 10 * lambda - 100) * 0.6 - Math.max(0, 10 * lambda - 200) * 0.3;
      const room = exact - lowerBound(two, margin(lambda), 60);
      const terms = 0.6 * (100 + 10 * lambda) + 0.3 * (200 + 10 * lambda);
      expect(room).toBeGreaterThan(19 * Number.EPSILON * terms);
      expect(room).toBeLessThan(80 * Number.EPSILON * (terms + 6 * lambda));
    }
  });

  it.each([
    // A constant counts 16 units, a term of a position 16 and one for each position and weight: 19 here. The box is 4 units wider.
    ['a scenario', { deficit: 8, portfolio: part({}) }, scenario(5, 5), 40, 16 * 40 + 19 * 0.4 * (100 + 100)],
    // 13λ and B's 4·9 + 30; 40λ of the loss, at w = 0.5.
    [
      'concentration',
      { notionals: Float64Array.of(96), deficit: 13, portfolio: part({ concentrationRate: 0.01 }) },
      ...([scenario(1e9, 2e9), 48 - 16e9] as const),
      16 * (13e9 + 66e9) + (19 + 4) * 0.5 * 40e9,
    ],
    // 20λ of the loss, three times 4λ of closing and its curvature of 8λ·0.5.
    [
      'moved prices',
      { notionals: Float64Array.of(96), deficit: 13, portfolio: part({ closing: Float64Array.of(4) }) },
      ...([scenario(1e9, 1e9), 48] as const),
      16 * 13e9 + 19 * 0.5 * (20e9 + 12e9 + 4e9) + 4 * 0.5 * 24e9,
    ],
    // Besides 8λ and 20λ·0.4: of the tangent at v = 0.25, in 17 units of 2κ/s(v), the products 0.4·(10·2.5 + 200) and, 4·10 times, the
    // deviation's 0.25·(10·2.5 + 200)/(10 + 7.5).
    [
      'the EVaR',
      { deficit: 8, portfolio: EVAR },
      ...([tangent(1e9, 1e9, 0.25), 40] as const),
      16 * 8e9 + (19 + 4) * 0.4 * 20e9 + 17 * (2e9 / 7.5) * (90 + (40 * 56.25) / 17.5),
    ],
  ])('leaves it of %s', (_what, change, dual, exact, units) => {
    const objective = change.deficit === 8 ? 40 : 48;
    const room = (exact - lowerBound(program(change), dual, objective)) / Number.EPSILON;
    // Evaluating the bound rounds as well.
    expect(room).toBeGreaterThan(0.92 * units);
    expect(room).toBeLessThan(1.08 * units);
  });

  it('leaves what a premium’s cut may be off', () => {
    const given = program({
      ...{ relief: Float64Array.of(10), covarianceWithBook: Float64Array.of(-40) },
      ...{ covariance: Float64Array.of(100), deviations: Float64Array.of(10) },
    });
    const weight = 1e6;
    const one = { point: [0.5], shift: SHIFT, multiplier: weight };
    const cut = premiumCut(given, one, capsOf(given, 60));
    const bound = lowerBound(given, { ...margin(weight), premium: [one] }, 60);
    const at = (w: number) => 100 * w + weight * (6 - 10 * w + cut.constant + cut.gradient[0] * w);
    const room = Math.min(at(0), at(0.6)) - bound;
    expect(cut.error).toBeGreaterThan(0);
    expect(room).toBeGreaterThan(weight * cut.error);
    expect(room).toBeLessThan(weight * (cut.error + 1e-12));
  });
});

describe('the Lagrangian of any account', () => {
  const n = 3;
  const list = (low: number, high: number) => uniforms(n, low, high).map((each) => Float64Array.from(each));
  const inside = uniforms(n, 0, 1);
  /** Σ = BBᵀ over the account's positions and the others', signed. */
  const drawn = fc.record({
    ...{ notionals: list(50, 200), impacts: list(0, 100), relief: list(1, 20), closing: list(0, 5) },
    ...{ root: uniforms(n * n, -6, 6), others: list(-15, 15), losses: list(-10, 15), second: list(-10, 15) },
    ...{ concentrationRate: fc.constantFrom(0, 0.01, 0.05), deficit: uniform(0, 30) },
    ...{ evar: inside, point: inside, w: inside, mu: uniforms(3, 0, 1), nu: uniform(0, 1) },
    ...{ stretch: uniform(0.3, 2), lambda: logUniform(0.1, 100), until: uniform(0.1, 0.9) },
  });
  const times = (matrix: ArrayLike<number>, x: ArrayLike<number>) =>
    Float64Array.from({ length: n }, (_, i) => {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += matrix[i * n + j] * x[j];
      return sum;
    });
  const build = (d: typeof drawn extends fc.Arbitrary<infer T> ? T : never, isPortfolio: boolean) => {
    const covariance = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        for (let k = 0; k < n; k++) covariance[i * n + j] += d.root[i * n + k] * d.root[j * n + k];
    const ones = new Float64Array(n).fill(1);
    const own = times(covariance, ones);
    const deviations = Float64Array.from({ length: n }, (_, i) => Math.sqrt(covariance[i * n + i]));
    const ownVariance = own.reduce((sum, value) => sum + value, 0);
    const lost = [d.losses, d.second].map((row) => row.reduce((sum, value) => sum + value, 0));
    const evar = 2 * Math.sqrt(ownVariance);
    const worst = Math.max(evar, ...lost);
    const steps = [
      { until: d.until, relief: 20 },
      { until: 1, relief: 10 },
    ];
    const portfolio: PortfolioPart = {
      ...{
        worst,
        evarMultiple: 2,
        evarHeadroom: worst - evar,
        variance: ownVariance,
        covariance,
        deviations,
      },
      ...{ covarianceWithAll: own, scenarios: 2, losses: Float64Array.of(...d.losses, ...d.second) },
      ...{ headroom: Float64Array.from(lost, (loss) => worst - loss), closing: d.closing },
      ...{ concentrationRate: d.concentrationRate, steps: [undefined, steps, undefined] },
    };
    const variance = VOLATILITY ** 2 + ownVariance;
    const volatility = Math.sqrt(variance);
    const { shift } = liabilityRisk('evar', MEAN, volatility, LOG_ALPHA);
    return program({
      ...{ notionals: d.notionals, impacts: d.impacts, deficit: d.deficit, relief: d.relief, variance },
      ...{ covariance, deviations, covarianceWithBook: own.map((value, i) => value + d.others[i]) },
      before: tiltedRisk(MEAN, LOG_ALPHA, volatility, shift),
      ...(isPortfolio ? { portfolio } : {}),
    });
  };
  /** λ·(G(w) + π(w)) + f(w): never below the bound where it holds. */
  const risk = (variance: number) =>
    liabilityRiskValue('evar', MEAN, Math.sqrt(Math.max(variance, 0)), LOG_ALPHA);
  const premiumOf = (given: LiquidationProgram, w: readonly number[]) => {
    const product = times(given.covariance, w);
    const variance = w.reduce(
      (sum, share, i) => sum + share * (product[i] - 2 * given.covarianceWithBook[i]),
      given.variance,
    );
    return Math.max(0, risk(variance) - risk(given.variance));
  };

  it.each([true, false])('is nowhere below its bound (portfolio margin: %s)', (isPortfolio) => {
    fc.assert(
      fc.property(drawn, (d) => {
        const given = build(d, isPortfolio);
        const { lambda } = d;
        const limit = d.concentrationRate === 0 ? 1 / 3 : 1;
        const weight = (k: number) => limit * lambda * d.mu[k];
        const { shift } = liabilityRisk('evar', MEAN, Math.sqrt(given.variance), LOG_ALPHA);
        const dual: DualWitness = {
          margin: lambda,
          losses: isPortfolio
            ? [
                { scenario: 0, multiplier: weight(0) },
                { scenario: 1, multiplier: weight(1) },
                { evar: d.evar, multiplier: weight(2) },
              ]
            : [],
          premium: [{ point: d.point, shift: shift * d.stretch, multiplier: d.nu * lambda }],
        };
        const caps = capsOf(given, 300);
        const w = d.w.map((share, i) => Math.min(share, caps[i]));
        const violation = lambda * (marginExcess(given, w) + premiumOf(given, w));
        const scale = 1e-9 * lambda * 1000;
        expect(lowerBound(given, dual, 300)).toBeLessThanOrEqual(objectiveOf(given, w) + violation + scale);
        expect(infeasibility(given, dual)).toBeLessThanOrEqual(
          marginExcess(given, d.w) + premiumOf(given, d.w) + scale / lambda,
        );
        // What a plan is held to is an upper bound, and close.
        const excess = excessBound(given, d.w, shift);
        const exact = marginExcess(given, d.w) + premiumOf(given, d.w);
        expect(excess).toBeGreaterThanOrEqual(exact - 1e-11);
      }),
    );
  });
});

describe(infeasibility, () => {
  const given = program({
    deficit: 30,
    notionals: Float64Array.of(100, 200),
    relief: Float64Array.of(10, 12),
  });

  it('is the least that is missing, a unit of weight', () => {
    for (const weight of [1, 2, 1e-6]) expectTight(infeasibility(given, margin(weight)), 8);
    expectTight(infeasibility({ ...given, deficit: 20 }, margin(2)), -2);
  });

  it('has neither cost nor impact in it, but the tiers, closing and losses', () => {
    const portfolio = part({ closing: Float64Array.of(4) });
    const one = program({ deficit: 30, impacts: Float64Array.of(1000), portfolio });
    // 30 − 20 − 4
    expectTight(infeasibility(one, scenario(2, 2)), 6);
  });

  it('is not proven by no weight or one without end', () => {
    for (const weight of [0, -1, NaN, Infinity]) expect(infeasibility(given, margin(weight))).toBe(-Infinity);
  });

  it('counts from a billionth of the deficit', () => {
    expect(infeasibilitySlack({ ...given, deficit: -30 })).toBeCloseTo(3e-8, 20);
  });
});

describe(capsOf, () => {
  it('are at most 1, and nothing that an objective allows is outside', () => {
    const caps = capsOf(program({ notionals: Float64Array.of(100, 200, 3) }), 60);
    expect([...caps.map((cap) => Math.round(cap * 1e12) / 1e12)]).toEqual([0.6, 0.3, 1]);
    expect(caps[0] * 100).toBeGreaterThan(60);
    expect(caps[0] * 100).toBeLessThan(60 * (1 + 1e-14));
  });
});

describe('the margin that is missing after closing', () => {
  const large = (change: Partial<PortfolioPart>) =>
    part({ worst: 2e10, evarHeadroom: 2e10, losses: Float64Array.of(2e10), ...change });
  const tiers = [
    { until: 0.25, relief: 40 },
    { until: 1, relief: 8 },
  ];

  it.each([
    ['a linear margin', { relief: Float64Array.of(10) }, 1],
    ['a scenario', { portfolio: part({}) }, -4],
    ['concentration', { portfolio: part({ concentrationRate: 0.01 }) }, -7],
    ['moved prices', { portfolio: part({ closing: Float64Array.of(4) }) }, -7],
    ['tiers', { portfolio: part({ scenarios: 0, worst: 0, steps: [tiers] }) }, -6],
    ['a relief beside a scenario', { relief: Float64Array.of(10), portfolio: part({}) }, -9],
    ['the EVaR', { portfolio: EVAR }, -4],
  ])('of %s', (_what, change, expected) => {
    const given = program({ deficit: 6, ...change });
    expect(marginExcess(given, [0])).toBe(6);
    expect(marginExcess(given, [0.5])).toBeCloseTo(expected, 12);
    const bound = excessBound(given, [0.5], SHIFT);
    expect(bound).toBeGreaterThan(expected);
    expect(bound).toBeLessThan(expected + 1e-11);
  });

  it.each([
    // 6 − 10·0.6, and 13 − 10 − 3 and 13 − 10·1.3 of billions: 17 units of each term, and of the loss again.
    ['a linear margin', 6e9, { relief: Float64Array.of(1e10) }, 0.6, 6e9 + 6e9],
    ['moved prices', 13e9, { portfolio: large({ closing: Float64Array.of(4e9) }) }, 0.5, 13e9 + 6e9 + 2e10],
    ['concentration', 13e9, { portfolio: large({ concentrationRate: 1e-11 }) }, 0.5, 13e9 + 1.4 * 2e10],
  ])('leaves room for the rounding of %s', (_what, deficit, change, w, size) => {
    const room = excessBound(program({ deficit, ...change }), [w], SHIFT);
    expect(room / (17 * Number.EPSILON)).toBeGreaterThan(0.95 * size);
    expect(room / (17 * Number.EPSILON)).toBeLessThan(1.05 * size);
  });

  it('has the premium in it, where closing unhedges the pool, and no gain where it hedges', () => {
    const closing = (withBook: number) =>
      program({
        ...{ relief: Float64Array.of(10), covarianceWithBook: Float64Array.of(withBook) },
        ...{ covariance: Float64Array.of(100), deviations: Float64Array.of(10) },
      });
    // s² = 400 − 2u/2 + 100/4
    const risk = (variance: number) => liabilityRiskValue('evar', MEAN, Math.sqrt(variance), LOG_ALPHA);
    const { shift } = liabilityRisk('evar', MEAN, Math.sqrt(400 + 40 + 25), LOG_ALPHA);
    const premium = risk(400 + 40 + 25) - risk(400);
    expect(premium).toBeGreaterThan(1);
    const bound = excessBound(closing(-40), [0.5], shift);
    expect(bound).toBeGreaterThan(1 + premium);
    expect(bound).toBeLessThan(1 + premium + 1e-10);
    expect(excessBound(closing(100), [0.5], SHIFT)).toBeLessThan(1 + 1e-10);
  });
});
