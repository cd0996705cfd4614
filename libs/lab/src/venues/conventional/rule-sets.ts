import {
  bothMargins,
  buildScenarios,
  type MarginLevel,
  MarginSchedule,
  type PortfolioModel,
  portfolioModel,
  type Tier,
  tieredMargin,
} from '#lib/margin';
import type { Holdings } from './account-table.js';
import type { ConventionalRules, MarketLoad } from './rules.js';

/** Rule sets of other exchanges, by name; docs/concepts/lab.md cites where each number is from. */
export const CONVENTIONAL = ['linear', 'tiered', 'oi-based', 'skew', 'portfolio'] as const;
export type ConventionalName = (typeof CONVENTIONAL)[number];

/** Money that moves an order book by 100 %: a market order of 100,000 pays ten basis points. */
const DEPTH = 50_000_000;
const TAKER_FEE = 0.0005;

/** Brackets of Binance's smaller USDⓈ-M markets: notional from which a marginal rate holds. */
const BRACKETS = [
  { above: 0, maintenance: 0.01, initial: 0.02 },
  { above: 50_000, maintenance: 0.025, initial: 0.05 },
  { above: 250_000, maintenance: 0.05, initial: 0.1 },
  { above: 1_000_000, maintenance: 0.1, initial: 0.2 },
  { above: 5_000_000, maintenance: 0.25, initial: 0.5 },
] as const;

/** dYdX v4's mid tier: base rates, and the open interest between which the initial margin rises to 100 %. */
const OPEN_INTEREST = { initial: 0.05, maintenance: 0.03, lower: 20_000_000, upper: 50_000_000 };

/** Largest hourly move that a scenario gives each market alone. */
const ALONE = 0.2;
/** Least maintenance margin of a portfolio, of the gross notional; twice it initial. */
const FLOOR = 0.005;

function gross({ count, notionals }: Holdings): number {
  let sum = 0;
  for (let j = 0; j < count; j++) sum += Math.abs(notionals[j]);
  return sum;
}

/** Funding of an order book: a premium by the lean of the traders, interest of 0.01 % in eight hours, the sum clamped. */
function bookFunding(_market: number, { openInterest, skew }: MarketLoad): number {
  if (openInterest === 0) return 0;
  const premium = (0.001 * skew) / openInterest;
  const rate = premium + Math.max(-0.0005, Math.min(0.0005, 0.0001 - premium));
  return 3 * 365 * Math.max(-0.0075, Math.min(0.0075, rate));
}

const orderBook = {
  tiers: [],
  takerFee: TAKER_FEE,
  liquidationFee: 0.0125,
  backstop: 'deleveraging',
  impact: (d: number) => Math.abs(d) / (2 * DEPTH),
  funding: bookFunding,
} satisfies Partial<ConventionalRules>;

/** One rate for initial and maintenance margin in every market; the whole account is closed. */
function linear(schedule: MarginSchedule): ConventionalRules {
  const { initial, maintenance } = schedule.of('');
  return {
    ...orderBook,
    name: 'linear',
    style: 'full',
    mostMaintenance: maintenance,
    margin: (held, level) => (level === 'initial' ? initial : maintenance) * gross(held),
  };
}

/** Rates by bracket of notional, liquidation bracket by bracket, insurance fund, ranked auto-deleveraging. */
function tiered(): ConventionalRules {
  const tiersOf = (level: MarginLevel): Tier[] =>
    BRACKETS.map((bracket) => ({ above: bracket.above, rate: bracket[level] }));
  const tiers = { initial: tiersOf('initial'), maintenance: tiersOf('maintenance') };
  return {
    ...orderBook,
    name: 'tiered',
    style: 'by-tier',
    mostMaintenance: BRACKETS[BRACKETS.length - 1].maintenance,
    tiers: BRACKETS.map(({ above }) => above),
    margin({ count, notionals }, level) {
      let margin = 0;
      for (let j = 0; j < count; j++) margin += tieredMargin(Math.abs(notionals[j]), tiers[level]);
      return margin;
    },
  };
}

/** Initial margin that rises with the market's open interest, whole positions closed one after the other. */
function byOpenInterest(): ConventionalRules {
  const { initial, maintenance, lower, upper } = OPEN_INTEREST;
  return {
    ...orderBook,
    name: 'oi-based',
    style: 'by-position',
    mostMaintenance: maintenance,
    margin(held, level, load) {
      if (level === 'maintenance') return maintenance * gross(held);
      let margin = 0;
      for (let j = 0; j < held.count; j++) {
        const between = (load(held.markets[j]).openInterest - lower) / (upper - lower);
        margin += Math.min(1, initial + Math.max(0, between) * (1 - initial)) * Math.abs(held.notionals[j]);
      }
      return margin;
    },
  };
}

/** A pool as everybody's counterparty: the price of a trade and the drift of funding follow the skew; the pool bears bad debt. */
function skewed(markets: number, schedule: MarginSchedule): ConventionalRules {
  const scale = DEPTH;
  const rates = new Float64Array(markets);
  const { initial, maintenance } = schedule.of('');
  return {
    ...orderBook,
    name: 'skew',
    style: 'full',
    mostMaintenance: maintenance,
    backstop: 'liquidity',
    margin: (held, level) => (level === 'initial' ? initial : maintenance) * gross(held),
    impact: (d, { skew }) => (Math.sign(d) * (skew + d / 2)) / scale,
    funding(market, { skew }, elapsedYears) {
      // The rate drifts by up to nine times its unit a day: velocity, not level, follows the skew.
      const drift = 9 * 365 * 365 * Math.max(-1, Math.min(1, skew / scale)) * elapsedYears;
      rates[market] = Math.max(-10, Math.min(10, rates[market] + drift));
      return rates[market];
    },
  };
}

/** Margin of the worst of a grid of scenarios over the whole account, closed in tenths. */
function portfolio(markets: readonly string[]): ConventionalRules {
  const model = scenarioModel(markets);
  return {
    ...orderBook,
    name: 'portfolio',
    style: 'by-tenths',
    // Half of the widest move of any scenario, and the floor.
    mostMaintenance: ALONE / 2 + FLOOR,
    margin(held, level) {
      const positions: { market: string; notional: number }[] = [];
      for (let j = 0; j < held.count; j++)
        positions.push({ market: markets[held.markets[j]], notional: held.notionals[j] });
      return bothMargins(model, positions)[level];
    },
  };
}

function scenarioModel(markets: readonly string[]): PortfolioModel {
  const rate = (value: number): Tier[] => [{ above: 0, rate: value }];
  return portfolioModel({
    version: 'lab',
    markets: markets.map((market) => ({
      ...{ market, depth: null, initial: rate(2 * FLOOR), maintenance: rate(FLOOR) },
    })),
    alpha: null,
    covariance: [],
    scenarios: buildScenarios({
      ...{ markets, clusters: {}, jointHours: [] },
      worstHour: Object.fromEntries(markets.map((market) => [market, ALONE])),
    }),
    absorbable: null,
  });
}

/** @param schedule initial and maintenance margin of the rule sets with one rate, the same as ours */
export function conventionalRules(
  name: ConventionalName,
  markets: readonly string[],
  schedule: MarginSchedule,
): ConventionalRules {
  switch (name) {
    case 'linear':
      return linear(schedule);
    case 'tiered':
      return tiered();
    case 'oi-based':
      return byOpenInterest();
    case 'skew':
      return skewed(markets.length, schedule);
    case 'portfolio':
      return portfolio(markets);
  }
}
