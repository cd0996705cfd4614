import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildScenarios, marginTerms, openInterestMargin, portfolioModel, tieredMargin } from '../index.js';

const { margin: given } = JSON.parse(readFileSync('test/vectors/margin-adl.json', 'utf8')) as {
  margin: Record<'markets' | 'sigma_h' | 'depth' | 'f', string[]> & {
    correlation: string[][];
    K: string;
    b: string;
  };
};
const sigma = given.sigma_h.map(Number);

/** σ, depths and floors of the vectors; scenarios as the exchange builds them, worst hours and joint hour of 2022 and 2023. */
const MODEL = portfolioModel({
  version: 'named',
  markets: given.markets.map((market, i) => ({
    market,
    depth: Number(given.depth[i]),
    initial: [{ above: 0, rate: Number(given.f[i]) }],
    maintenance: [{ above: 0, rate: Number(given.f[i]) / 2 }],
  })),
  alpha: 1e-3,
  covariance: sigma.flatMap((a, i) => sigma.map((b, j) => a * b * Number(given.correlation[i][j]))),
  scenarios: buildScenarios({
    markets: given.markets,
    clusters: {},
    worstHour: { BTC: 0.1, ETH: 0.103, SOL: 0.193 },
    jointHours: [{ BTC: -0.072, ETH: -0.103, SOL: -0.214 }],
  }),
  absorbable: Number(given.b) * Number(given.K),
});
const LINEAR = 0.05;

/** Portfolios as exchanges name them, their margin in per cent of the notional, and that beside 5 % of it: the linear schedule. */
const PORTFOLIOS: readonly [
  name: string,
  x: readonly number[],
  percent: number,
  timesLinear: number,
  worst: RegExp,
][] = [
  ['outright, BTC', [1e6, 0, 0], 10.93, 2.19, /BTC alone|market/],
  ['outright, SOL', [0, 0, 1e6], 24.49, 4.9, /joint hour 1/],
  ['small outright, BTC', [1e4, 0, 0], 10.5, 2.1, /./],
  ['spread of two legs, long BTC, short ETH', [1e6, -1e6, 0], 5.91, 1.18, /ETH alone/],
  ['spread hedged by volatility', [1e6, -780_000, 0], 6.39, 1.28, /BTC alone/],
  ['basket of three, long', [5e5, 4e5, 1e5], 11.63, 2.33, /market 15 %/],
  ['basket against its largest', [-5e5, 3e5, 2e5], 5.73, 1.15, /./],
  ['two trades of one idea, long SOL, short ETH', [0, -5e5, 5e5], 10.86, 2.17, /SOL alone|joint/],
  ['large outright, BTC', [2e7, 0, 0], 19.19, 3.84, /BTC alone|market/],
];

describe('named portfolios', () => {
  it.each(PORTFOLIOS)('%s', (_name, x, percent, timesLinear, worst) => {
    const positions = x.map((notional, i) => ({ market: given.markets[i], notional }));
    const gross = x.reduce((sum, value) => sum + Math.abs(value), 0);
    const terms = marginTerms(MODEL, positions, 'initial');
    expect((100 * terms.total) / gross).toBeCloseTo(percent, 1);
    expect(terms.total / (LINEAR * gross)).toBeCloseTo(timesLinear, 1);
    expect(terms.worst).toMatch(worst);
    const maintenance = marginTerms(MODEL, positions, 'maintenance').total;
    expect(maintenance).toBeLessThanOrEqual(0.5 * terms.total + 1e-9);
  });

  it('has the floors by tiers that docs/concepts/liquidation.md names', () => {
    const tiers = [
      { above: 0, rate: 0.01 },
      { above: 5e6, rate: 0.02 },
      { above: 1e7, rate: 0.05 },
    ];
    expect([5e6, 1e7, 2e7].map((notional) => tieredMargin(notional, tiers))).toEqual([
      50_000, 150_000, 650_000,
    ]);
  });

  it('is above what linear margin asks because of moves that have happened: a flat 5 % does not survive them', () => {
    for (const [i, market] of given.markets.entries()) {
      const alone = given.markets.map((name, j) => ({ market: name, notional: j === i ? -1e4 : 0 }));
      const { risk } = marginTerms(MODEL, alone, 'initial');
      const worst = Math.max(...MODEL.scenarios.map(({ shocks }) => Math.abs(shocks[i])));
      expect(risk, market).toBeCloseTo(1e4 * worst, 8);
      expect(worst).toBeGreaterThan(LINEAR);
    }
  });

  it('has the margin that open interest would ask for in it already, whatever the interest', () => {
    // IM = max(base, r̄ − βK/OI) ≤ max(base, r̄) for any OI, and R of one position is r̄ of its notional at least.
    for (const [i, market] of given.markets.entries())
      for (const interest of [1e3, 1e6, 1e9, 1e12]) {
        const widest = Math.max(...MODEL.scenarios.map(({ shocks }) => Math.abs(shocks[i])));
        const asked = openInterestMargin({ base: 0.01, widest, bearable: 0.1 * Number(given.K) }, interest);
        for (const sign of [1, -1]) {
          const { total } = marginTerms(MODEL, [{ market, notional: sign * 1e4 }], 'initial');
          expect(total).toBeGreaterThanOrEqual(asked * 1e4);
        }
      }
  });
});
