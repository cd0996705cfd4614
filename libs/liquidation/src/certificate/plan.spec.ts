import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { liabilityRiskValue } from '#lib/risk';
import { singlePosition } from '../../../../test/support/liquidation-cases.js';
import type { LiquidationCase } from '../program/liquidation-case.js';
import { programOf } from '../program/program.js';
import { consequencesOf, digestOf, relativeGap } from './plan.js';
import type { Certificate } from './witness.js';

const [FIRST] = singlePosition().positions;
/** Long 1 at 100, short 2 at 50, equity 3 + 4, margins 0.05 and 0.1 of 100, 0.04 and 0.08 of 100; closing the first adds 80 to the pool’s variance of 400. */
const CASE = singlePosition({
  positions: [
    FIRST,
    {
      ...{ market: 'B', size: -2, price: 50, entryNotional: -104, maintenanceRate: 0.04, initialRate: 0.08 },
    },
  ],
  pool: { mean: -50, variance: 400, covarianceWithBook: [-40, 0], covariance: [0, 0, 0, 0] },
  penaltyRate: 0.01,
  reserved: 0.5,
});
const { shift } = programOf(CASE).before;
const certificate = (proves: Certificate['proves'], weight: number): Certificate => ({
  ...{ proves, poolShift: shift, primalShift: shift },
  dual: { margin: weight, losses: [], premium: [] },
});
const of = (given: LiquidationCase, w: readonly number[], witness: Certificate | null) =>
  consequencesOf(given, programOf(given), w, witness);

describe(consequencesOf, () => {
  it('follow from the case, the fractions and the witness', () => {
    // 18 − 7 + 0.5 are missing; a unit of margin costs 100/9 to relieve by the first position.
    const due = of(CASE, [0.5, 0.25], certificate('optimality', 10));
    expect(due).toMatchObject({
      ...{ objective: 75, closedNotional: 75, penalty: 0.75, reserved: 0.5 },
      ...{ equityBefore: 7, maintenanceMargin: 9, initialMarginAfter: 5 + 6, shortfall: 0 },
    });
    // 10·11.5 + (100 − 90)w₁ + (100 − 70)w₂
    expect(due.lowerBound).toBeCloseTo(115, 8);
    expect(due.lowerBound).toBeLessThan(115 * (1 - 0.99e-12));
    expect(due.gap).toBe((75 - due.lowerBound!) / 75);
    const risk = (variance: number) => liabilityRiskValue('evar', -50, Math.sqrt(variance), Math.log(0.01));
    expect(due.premium).toBeGreaterThan(risk(440) - risk(400));
    expect(due.equityAfter).toBe(7 - due.premium - 0.75 - 0.5);
  });

  it('without a certificate charge neither premium nor reserve, and bound nothing', () => {
    const due = of(CASE, [0, 0], null);
    expect(due).toMatchObject({ lowerBound: null, gap: null, premium: 0, reserved: 0, penalty: 0 });
    expect([due.equityAfter, due.initialMarginAfter]).toEqual([7, 18]);
  });

  it('have no bound where nothing restores the margin, and the shortfall of negative equity', () => {
    const bankrupt = { ...CASE, collateral: -10 };
    expect(of(bankrupt, [1, 1], certificate('infeasibility', 1))).toMatchObject({
      ...{ lowerBound: null, gap: null, equityBefore: -6, shortfall: 6, reserved: 0.5 },
      initialMarginAfter: 0,
    });
  });

  it('without penalty and reserve of the case have none', () => {
    const { penaltyRate: _penalty, reserved: _reserved, ...free } = CASE;
    expect(of(free, [1, 0], certificate('optimality', 1))).toMatchObject({ penalty: 0, reserved: 0 });
  });

  it('have the margin of the portfolio that is left, where that is not linear', () => {
    // The worst scenario loses 0.2 of the first and gains 0.1 of the second: 20·0.5 + 10·0.75, beside the rates' 5 + 6.
    const portfolio: LiquidationCase = {
      ...CASE,
      portfolio: {
        ...{ alpha: null, covariance: [], absorbable: null },
        scenarios: [
          { name: 'apart', shocks: [-0.2, 0.1] },
          { name: 'together', shocks: [0.1, 0.1] },
        ],
      },
    };
    const due = of(portfolio, [0.5, 0.25], certificate('infeasibility', 1));
    expect(due.initialMarginAfter).toBeCloseTo(5 + 6 + 17.5, 12);
    expect(due.maintenanceMargin).toBeCloseTo(9 + 30 / 2, 12);
  });
});

describe(relativeGap, () => {
  it('is the distance as a share of the objective, and the distance itself beside nothing', () => {
    expect(relativeGap(80, 60)).toBe(0.25);
    expect(relativeGap(80, 100)).toBe(-0.25);
    expect(relativeGap(0, -3)).toBe(3);
    expect(relativeGap(0, 0)).toBe(0);
  });
});

describe(digestOf, () => {
  it('is that of the case’s JSON with keys in order, however they came', () => {
    const text =
      '{"alpha":0.01,"collateral":3,"pool":{"covariance":[4],"covarianceWithBook":[40],"mean":-50,"variance":400},' +
      '"positions":[{"entryNotional":100,"initialRate":0.1,"maintenanceRate":0.05,"market":"A","price":100,"size":1}]}';
    const sorted = singlePosition();
    // The schema's order of keys, with nothing between.
    const keys = (value: object) => Object.fromEntries(Object.entries(value).reverse()) as never;
    const { positions, pool, ...rest } = sorted;
    const { positions: inText, ...others } = JSON.parse(text) as LiquidationCase;
    expect({ ...others, positions: inText }).toEqual(sorted);
    const expected = createHash('sha256').update(text).digest('hex');
    expect(digestOf(sorted)).toBe(expected);
    expect(digestOf(keys({ ...rest, pool: keys(pool), positions: positions.map(keys) }))).toBe(expected);
  });

  it('has nothing of a field that is undefined, and all of every other', () => {
    const plain = singlePosition();
    expect(digestOf({ ...plain, penaltyRate: undefined })).toBe(digestOf(plain));
    const scenarios = [{ name: 's', shocks: [-0.1] }];
    const variants: LiquidationCase[] = [
      plain,
      { ...plain, penaltyRate: 0 },
      { ...plain, portfolio: { alpha: null, covariance: [], scenarios: [], absorbable: null } },
      { ...plain, portfolio: { alpha: null, covariance: [], scenarios, absorbable: null } },
      { ...plain, positions: [...plain.positions, ...plain.positions] },
    ];
    expect(new Set(variants.map(digestOf)).size).toBe(variants.length);
  });
});
