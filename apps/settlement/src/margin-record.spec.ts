import { describe, expect, it } from 'vitest';
import { attestedPortfolio, digested, marginDigest, unpackShocks } from '#lib/chain';
import { scenariosOf } from '#lib/exchange';
import { caseMargin } from '#lib/liquidating';
import { liquidate, type LiquidationCase, loadSolvers } from '#lib/liquidation';
import { portfolioModel } from '#lib/margin';
import { riskParameters } from '#lib/messages';
import { liquidationStatement, type MarginAnnex } from '#lib/proofs';
import { marginRegistration, registeredMargin } from './margin-record.js';

const MARKETS = ['ADA', 'BTC', 'ETH', 'SOL', 'XRP'];
const PARAMETERS = riskParameters.parse({
  margin: {
    depths: { BTC: 2e6, SOL: 5e5 },
    worstHours: { BTC: 0.1, SOL: 0.19, XRP: 0.3 },
    clusters: { large: ['BTC', 'ETH'], beside: ['DOGE', 'SOL'] },
    jointHours: [{ BTC: -0.08, ETH: -0.1, SOL: -0.16 }, { XRP: 0.25 }],
    floors: {
      default: { initial: [{ above: 0, rate: 0.01 }], maintenance: [{ above: 0, rate: 0.005 }] },
      markets: {
        ETH: {
          initial: [
            { above: 0, rate: 0.02 },
            { above: 6000, rate: 0.03 },
          ],
          maintenance: [
            { above: 0, rate: 0.01 },
            { above: 9000, rate: 0.02 },
          ],
        },
      },
    },
  },
});
const TAIL = 1.25;
const CAPITAL = 40_000;

/** An account of an exchange with these parameters, below its margin. */
function accountCase(): LiquidationCase {
  const { margin } = PARAMETERS;
  const covariance = MARKETS.flatMap((_, i) =>
    MARKETS.map((__, j) => (i === j ? 1 : 0.7) * (0.02 + 0.005 * i) * (0.02 + 0.005 * j)),
  );
  const model = portfolioModel({
    version: '1',
    markets: MARKETS.map((market) => ({
      market,
      depth: margin.depths[market] ?? null,
      ...(margin.floors.markets[market] ?? margin.floors.default),
    })),
    scenarios: scenariosOf(margin, MARKETS),
    covariance: covariance.map((entry) => entry / 24),
    alpha: margin.tailProbability,
    absorbable: margin.absorbableShare * CAPITAL,
  });
  const held = [3, 1, 2];
  const sizes = [100, 0.2, -5];
  const prices = [80, 60_000, 2500];
  const positions = held.map((i, at) => ({
    market: MARKETS[i],
    size: sizes[at],
    price: prices[at],
    entryNotional: sizes[at] * prices[at],
  }));
  const own = held.flatMap((i, a) =>
    held.map((j, b) => TAIL ** 2 * prices[a] * prices[b] * covariance[i * MARKETS.length + j]),
  );
  const withBook = sizes.map((_, a) => 3 * sizes.reduce((sum, size, b) => sum + size * own[a * 3 + b], 0));
  return {
    collateral: 900,
    ...caseMargin(model, positions, true),
    pool: {
      mean: -20_000,
      variance: 4 * sizes.reduce((sum, size, a) => sum + size * withBook[a], 0),
      covarianceWithBook: withBook,
      covariance: own,
    },
    alpha: 0.01,
  };
}

describe('the margin of parameters as a chain registers it', () => {
  it('is the one that an exchange with these parameters liquidates by', async () => {
    const plan = liquidate(accountCase(), await loadSolvers());
    expect(plan.outcome).toBe('partial');
    const annex = liquidationStatement.annex!({ plan }) as MarginAnnex;
    const margin = registeredMargin(PARAMETERS, MARKETS)!;
    const pool = { capital: 10n ** 12n, liquidity: 3n * 10n ** 12n, pending: 0n, other: 0n };
    const markets = plan.case.positions.map(({ market }) => market);
    const portfolio = attestedPortfolio(annex, margin, markets, pool);
    expect(portfolio.places).toEqual([3, 1, 2]);
    const due = Number(margin.evarMultiple) / TAIL ** 2;
    expect(Math.abs(Number(portfolio.tangent.evarFactor) / due - 1)).toBeLessThan(2 ** -20);
    const most = (4n * 10n ** 12n * margin.absorbableShare) >> 24n;
    expect(portfolio.tangent.absorbable).toBe(most);
    // Every scenario of the plan is a registered one, whether it counts or not.
    const registered = portfolio.markets.map(({ shocks }) => unpackShocks(shocks));
    annex.markets[0].shocks.forEach((_, k) => {
      const moves = annex.markets.map(({ shocks }) => shocks[k]).join();
      expect(registered[0].some((__, at) => registered.map((own) => own[at]).join() === moves)).toBe(true);
    });
  });

  it('has one digest whatever the order of the markets, and none where margin is linear', () => {
    const digest = (markets: readonly string[], parameters = PARAMETERS) =>
      marginDigest(digested(registeredMargin(parameters, markets)!));
    expect(digest(MARKETS.toReversed())).toBe(digest(MARKETS));
    expect(digest(MARKETS.slice(1))).not.toBe(digest(MARKETS));
    const other = { ...PARAMETERS, margin: { ...PARAMETERS.margin, absorbableShare: 0.2 } };
    expect(digest(MARKETS, other)).not.toBe(digest(MARKETS));
    const linear = { ...PARAMETERS, margin: { ...PARAMETERS.margin, mode: 'linear' as const } };
    expect(registeredMargin(linear, MARKETS)).toBeUndefined();
    const { digest: registered, call } = marginRegistration(registeredMargin(PARAMETERS, MARKETS)!, 7n);
    expect(registered).toBe(digest(MARKETS));
    expect(call).toContain(registered.slice(2));
  });
});
