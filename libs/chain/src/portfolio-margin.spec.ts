import { readFileSync, writeFileSync } from 'node:fs';
import { encodeAbiParameters, getAbiItem } from 'viem';
import { describe, expect, it } from 'vitest';
import {
  fieldElement,
  LAYOUTS,
  liquidationStatement,
  type MarginAnnex,
  marginTangent,
  maintenanceMargin,
  termsOf,
  weightsOf,
} from '#lib/proofs';
import { portfolioPlan } from '../../../test/support/portfolio-plans.js';
import { ATTESTOR_ABI, attestedAnnex, attestedPortfolio, packShocks, unpackShocks } from './index.js';

const FILE = 'contracts/test/margin-tangent.json';
const NOTHING = { capital: 0n, liquidity: 0n, pending: 0n, other: 0n };
const [, , , , PORTFOLIO] = getAbiItem({ abi: ATTESTOR_ABI, name: 'attestLiquidation' }).inputs;
const [, MARKETS, , TANGENT] = PORTFOLIO.components;
const HELD = [
  { name: 'exposures', type: 'int256[]' },
  { name: 'remaining', type: 'int256[]' },
  { name: 'unit', type: 'uint256' },
  { name: 'capacity', type: 'int256' },
] as const;
const CASE = {
  type: 'tuple',
  components: [
    { name: 'covariance', type: 'uint256[]' },
    { name: 'held', type: 'tuple', components: HELD },
    { ...MARKETS, name: 'markets' },
    { ...TANGENT, name: 'tangent' },
    { name: 'relief', type: 'int256[]' },
    { name: 'whole', type: 'int256' },
    { name: 'slack', type: 'int256' },
    { name: 'maintenance', type: 'int256' },
  ],
} as const;

/** A plan's proof as the attestor takes it, its annex, and its margin in integers. */
async function planOf(n: number) {
  const plan = await portfolioPlan(n);
  const annex = liquidationStatement.annex!({ plan }) as MarginAnnex;
  const rows = liquidationStatement.inputs({ plan });
  const markets = plan.case.positions.map(({ market }) => market);
  const registered = {
    evarMultiple: 1n,
    absorbableShare: 1n,
    markets: markets.map((market, i) => {
      const { depth, tiers, shocks } = annex.markets[i];
      return {
        market,
        terms: {
          depth: BigInt(depth),
          tiers: tiers.map(([above, initial, maintenance]) => ({
            above: BigInt(above),
            initial,
            maintenance,
          })),
          shocks: packShocks(shocks),
        },
      };
    }),
  };
  return { annex, rows, markets, registered };
}

describe('portfolio margin beside a proof', () => {
  it(`is on a chain to the last unit what it is here: ${FILE}`, async () => {
    const cases: Record<string, string> = {};
    for (const [name, n] of [
      ['two', 2],
      ['five', 5],
      ['eight', 8],
    ] as const) {
      const { annex, rows, markets, registered } = await planOf(n);
      const [notionals, , , triangle, fractions] = rows;
      const size = LAYOUTS.liquidation.constants.positions;
      const place = (i: number, j: number) => (i * (2 * size - i + 1)) / 2 + j - i;
      const terms = termsOf(annex, notionals, (i, j) => triangle[i < j ? place(i, j) : place(j, i)]);
      const remaining = fractions.slice(0, n).map((w) => (1n << 24n) - w);
      const { relief, whole, slack } = marginTangent(terms, remaining, weightsOf(annex));
      const portfolio = attestedPortfolio(annex, registered, markets, NOTHING);
      const encoded = {
        covariance: triangle.map(fieldElement),
        held: {
          exposures: terms.positions.map(({ notional, side }) => side * notional),
          remaining,
          unit: BigInt(annex.unit),
          capacity: terms.capacity,
        },
        ...{ markets: portfolio.markets, tangent: portfolio.tangent, relief, whole, slack },
        maintenance: maintenanceMargin(terms),
      };
      cases[name] = encodeAbiParameters([CASE], [encoded as never]);
    }
    const text = `${JSON.stringify(cases, null, 2)}\n`;
    if (process.env.UPDATE_VECTORS !== undefined) writeFileSync(FILE, text);
    expect(readFileSync(FILE, 'utf8')).toBe(text);
  });

  it('comes back from the chain as it went there, and finds each scenario by its moves', async () => {
    const { annex, markets, registered } = await planOf(4);
    const portfolio = attestedPortfolio(annex, registered, markets, NOTHING);
    const sides = annex.markets.map(({ side }) => side);
    expect(attestedAnnex(portfolio, BigInt(annex.unit), BigInt(annex.equity), sides)).toEqual(annex);
    // Registered: one market more, and a scenario before the others.
    const wider = {
      ...registered,
      markets: [{ ...registered.markets[0], market: 'OTHER' }, ...registered.markets].map(
        ({ market, terms }) => ({
          market,
          terms: { ...terms, shocks: packShocks([1, ...unpackShocks(terms.shocks)]) },
        }),
      ),
    };
    const placed = attestedPortfolio(annex, wider, markets, NOTHING);
    expect(placed.places).toEqual([1, 2, 3, 4]);
    expect(placed.tangent.scenarios).toEqual(portfolio.tangent.scenarios.map((scenario) => scenario + 1));
    const without = (change: object) => ({
      ...registered,
      markets: registered.markets.map(({ market, terms }) => ({ market, terms: { ...terms, ...change } })),
    });
    expect(() => attestedPortfolio(annex, registered, ['OTHER', ...markets.slice(1)], NOTHING)).toThrow(
      'have not',
    );
    expect(() => attestedPortfolio(annex, without({ depth: 1n }), markets, NOTHING)).toThrow('other terms');
    expect(() => attestedPortfolio(annex, without({ tiers: [] }), markets, NOTHING)).toThrow('other terms');
    expect(() => attestedPortfolio(annex, without({ shocks: packShocks([1]) }), markets, NOTHING)).toThrow(
      'no scenario',
    );
  });
});
