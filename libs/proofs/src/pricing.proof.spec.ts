import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callSpread, liabilityRisk, normalCdf } from '#lib/risk';
import { randomPricing } from '../../../test/support/proof-cases.js';
import { temporaryProver, unprotected } from '../../../test/support/proofs.js';
import {
  entropyTolerance,
  normalAt,
  sandwichOf,
  sandwichTolerance,
  upperTolerance,
} from './evar-sandwich.js';
import {
  covarianceRows,
  dequantise,
  PRICING_TOLERANCES,
  type PricingInput,
  type PricingPublic,
  pricingStatement,
  type ProofDocument,
  quantise,
} from './index.js';

/** s, ṡ of an input in float64. */
function volatilities({ clusters, correlation }: PricingInput, after: boolean) {
  const joined = (of: (cluster: PricingInput['clusters'][number]) => readonly number[]) =>
    clusters.flatMap(of);
  const v = joined((cluster) => (after ? cluster.riskAfter : cluster.risk));
  const turned = correlation.map((entries) => entries.reduce((sum, value, j) => sum + value * v[j], 0));
  const dot = (a: readonly number[]) => a.reduce((sum, value, i) => sum + value * turned[i], 0);
  const s = Math.sqrt(dot(v));
  return { s, rate: dot(joined(({ drift }) => drift)) / s };
}

const meanOf = ({ net, entry, capital, liquidity }: PricingInput['before']) =>
  100 * (net - entry - capital - liquidity);

/** Capital in shares of the unit: from nothing to three times what is open. */
const CAPITALS = [0, 0.02, 0.1, 0.5, 1, 3];

describe('the pricing statement', () => {
  it('bounds EVaR from both sides to 10^-6 of s and two units, for 10,000 means and deviations', () => {
    let checked = 0;
    for (let i = 0; i < 10_000; i++) {
      const s = 2 ** (-6 + (9 * ((i * 7919) % 10_000)) / 10_000);
      const k = -3990 * (i / 10_000) ** 3 + 4 * (((i * 104_729) % 1000) / 1000);
      const budget = i % 7 === 0 ? 13.8 : 4.605;
      const [m, S, b] = [quantise(k * s, 'm'), quantise(s, 's'), quantise(budget, 'b')];
      const { upper, lower, slack, t } = sandwichOf(m, S, b, 'book');
      const exact = liabilityRisk('evar', dequantise(m), dequantise(S), -dequantise(b)).value;
      const allowed = 1e-6 * s + 2 ** -23;
      expect(Math.abs(dequantise(upper) - exact), `upper at k ${k}, s ${s}`).toBeLessThanOrEqual(allowed);
      const excess = entropyTolerance(dequantise(t)) / budget;
      expect(dequantise(lower) - (1 + excess) * exact, `lower at k ${k}, s ${s}`).toBeLessThanOrEqual(
        allowed,
      );
      expect(dequantise(slack)).toBeGreaterThanOrEqual(-entropyTolerance(dequantise(t)));
      const apart = sandwichTolerance(dequantise(t)) * exact + 2 ** -22;
      expect(dequantise(upper - lower)).toBeLessThanOrEqual(apart);
      checked++;
    }
    expect(checked).toBe(10_000);
  });

  it('has the normal distribution to 2·10^-7', () => {
    for (let x = -12; x <= 12; x += 0.003) {
      const { density, distribution } = normalAt(quantise(x, 'x'));
      expect(Math.abs(dequantise(density) - Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI))).toBeLessThan(
        2e-7,
      );
      expect(Math.abs(dequantise(distribution) - normalCdf(x))).toBeLessThan(2e-7);
    }
  });

  it('takes books of every capital, and refuses what is no book by name', () => {
    for (let seed = 1; seed <= 600; seed++)
      pricingStatement.inputs(randomPricing(seed, CAPITALS[seed % CAPITALS.length]).input);
    const { input } = randomPricing(3, 0.1);
    const refused = (change: Partial<PricingInput>) => () => pricingStatement.inputs({ ...input, ...change });
    expect(refused({ correlation: input.correlation.slice(1) })).toThrow(/correlation/);
    const odd = input.correlation.map((entries, i) => entries.map((value, j) => (i !== j ? 0.3 : value)));
    expect(refused({ correlation: odd })).toThrow(/correlation\[0\]\[1\]: must be a multiple/);
    expect(refused({ before: { ...input.before, capital: 1e6 } })).toThrow(/before.capital/);
    expect(refused({ after: { ...input.after, capital: 300 } })).toThrow(/after: makes a mean/);
    expect(
      refused({ clusters: input.clusters.map((c) => ({ ...c, risk: new Array<number>(8).fill(0) })) }),
    ).toThrow(/before: has a standard deviation of 0/);
    expect(() => pricingStatement.parse({ ...input, alpha: 2 })).toThrow(/alpha/);
  });
});

describe('a proof of it', () => {
  const { input, clusters, after } = randomPricing(5, 0.2);
  const { prover, remove } = temporaryProver();
  let document: ProofDocument;
  let values: PricingPublic;
  beforeAll(async () => {
    document = await prover.prove(pricingStatement, input);
    const verdict = await prover.verify(pricingStatement, document);
    expect(verdict.failures).toEqual([]);
    values = verdict.values!;
  }, 600_000);
  afterAll(remove);

  it('says what float64 says of risk, premium, funding and the call spread, before and after', () => {
    const risks = [input.before, input.after].map((book, i) => {
      const { s } = volatilities(input, i === 1);
      const risk = liabilityRisk('evar', meanOf(book), s, Math.log(input.alpha));
      const state = values.states[i];
      expect(Math.abs(state.volatility - s)).toBeLessThan(1e-6 * s);
      expect(Math.abs(state.upper - risk.value)).toBeLessThan(1e-6 * s);
      expect(Math.abs(state.lower - risk.value)).toBeLessThan(1e-5 * s);
      const spread = callSpread(meanOf(book) + 100 * book.liquidity, 0, 100 * book.liquidity, s);
      for (const name of ['price', 'delta', 'gamma', 'vega'] as const)
        expect(Math.abs(state.spread[name] - spread[name]), name).toBeLessThan(1e-6 * Math.max(1, s));
      return risk;
    });
    const premium = Math.max(0, risks[1].value - risks[0].value);
    expect(Math.abs(values.premium - premium)).toBeLessThan(1e-5);
    expect(Math.abs(values.funding - risks[0].hs * volatilities(input, false).rate)).toBeLessThan(1e-5);
  });

  it('starts from what the clusters’ covariance proofs commit to', async () => {
    for (const [c, cluster] of clusters.entries()) {
      const rows = covarianceRows(cluster);
      expect(await prover.commit(rows.risk)).toBe(values.commitments.risk[c]);
      expect(await prover.commit(rows.drift)).toBe(values.commitments.drift[c]);
      expect(await prover.commit(covarianceRows(after[c]).risk)).toBe(values.commitments.riskAfter[c]);
    }
  });

  it('holds only within each of its tolerances', () => {
    const failures = (change: Partial<PricingPublic>) => pricingStatement.failures({ ...values, ...change });
    for (const [name, tolerance] of Object.entries(PRICING_TOLERANCES)) {
      const at = (value: number) => ({ residuals: { ...values.residuals, [name]: [value] } });
      expect(failures(at(-tolerance)), name).toEqual([]);
      expect(failures(at(tolerance + 2 ** -24)), name).toHaveLength(1);
    }
    const state = (change: object) => ({ states: [{ ...values.states[0], ...change }, values.states[1]] });
    const { tilt } = values.states[0];
    expect(failures(state({ slack: -entropyTolerance(tilt) }))).toEqual([]);
    expect(failures(state({ slack: -entropyTolerance(tilt) - 2 ** -24 }))).toHaveLength(1);
    const residual = (upper: number) => ({ residuals: { ...values.residuals, upper: [upper, 0] } });
    expect(failures(residual(upperTolerance(tilt)))).toEqual([]);
    expect(failures(residual(upperTolerance(tilt) + 2 ** -24))).toHaveLength(1);
    const apart = sandwichTolerance(tilt) * 2 ** 8 + 2 ** -23;
    expect(failures(state({ upper: 2 ** 8, lower: 2 ** 8 - apart }))).toEqual([]);
    expect(failures(state({ upper: 2 ** 8, lower: 2 ** 8 - apart - 2 ** -24 }))).toHaveLength(1);
    expect(failures(state({ tilt: 0 }))).toContainEqual(expect.stringContaining('tilt before 0'));
    expect(failures(state({ volatility: 257 }))).toHaveLength(1);
  });

  it('does not verify with any public value changed by one unit', async () => {
    expect(await unprotected(prover, pricingStatement, document)).toEqual([]);
  }, 300_000);
});
