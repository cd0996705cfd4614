import { formatDecimal, formatMoney, fromNumber, PRICE_DECIMALS, SIZE_DECIMALS, YEAR_MS } from '#lib/amounts';
import {
  MARKET_ACTION_NAMES,
  payable,
  type PricingEngine,
  type Solvency,
  UnknownMarketError,
} from '#lib/exchange';
import type { z } from 'zod';
import type { fundingResponse, marketFunding } from './rest/schemas.js';

// The public view of the exchange, as REST answers it and streams mirror it. Money as decimal strings, rates per year.

const HOURS_A_YEAR = YEAR_MS / 3_600_000;

/** Markets with their marks, and which cannot be traded and why. */
export function marketsView({ board }: PricingEngine) {
  const forecast = board.latestForecast;
  return {
    marketTime: iso(board.now),
    markets: board.knownMarkets().map((market) => {
      const mark = board.mark(market)!;
      return {
        market,
        mark: formatDecimal(mark.price, PRICE_DECIMALS),
        markTime: iso(mark.time),
        status: board.status(market),
        markAge: board.now - mark.time,
        staleAfter: board.marks.staleAfter(market),
        sources: board.marks.sources(market),
        confidence: board.marks.confidence(market),
        average: board.marks.average(market) ?? null,
        held: board.marks.held(market)?.text ?? null,
        permits: MARKET_ACTION_NAMES.filter((action) => board.permits(market, action)),
      };
    }),
    warmingUp: forecast?.warmingUp ?? [],
    excluded: forecast?.excluded ?? [],
  };
}

/** The book θ = (q, C, P, L) and the pending amounts. */
export function bookView(engine: PricingEngine) {
  const { ledger, board } = engine;
  return {
    marketTime: iso(board.now),
    events: ledger.eventCount,
    markets: ledger.marketNames().map((market) => {
      const { size, longSize, entryNotional, unsettledFunding } = ledger.market(market);
      return {
        market,
        signedSize: formatDecimal(size, SIZE_DECIMALS),
        longSize: formatDecimal(longSize, SIZE_DECIMALS),
        shortSize: formatDecimal(longSize - size, SIZE_DECIMALS),
        entryNotional: formatMoney(entryNotional),
        unsettledFunding: formatMoney(unsettledFunding),
      };
    }),
    capital: formatMoney(ledger.capital),
    liquidity: formatMoney(ledger.liquidity),
    pendingToCapital: formatMoney(ledger.pendingToCapital),
    pendingToLiquidity: formatMoney(ledger.pendingToLiquidity),
    creditReserve: formatMoney(ledger.creditReserve),
    notes: {
      outstanding: formatMoney(ledger.notes.outstanding),
      fund: formatMoney(ledger.notes.fund),
    },
    settlements: ledger.settlements,
    shortfall: formatMoney(ledger.shortfall),
    owedToLiquidity: formatMoney(ledger.borne),
    solvency: solvencyView(engine.solvency()),
    liquidityLeaving: leavingView(ledger),
    liquidityShares: formatMoney(ledger.outstandingShares),
    imbalance: formatMoney(ledger.imbalance()),
  };
}

/**
 * The exchange’s risk measure, its Euler allocation and the liquidity providers’ position.
 *
 * @throws {NoForecastError} before there is a forecast
 */
export function riskView(engine: PricingEngine) {
  const { assessment } = engine.assessment();
  const { exposure, risk, riskAllocation, callSpread } = assessment;
  const record = engine.standing.riskRecord();
  return {
    ...record,
    at: iso(record.at),
    alpha: engine.parameters.alpha,
    proofs: `/v1/proofs?subject=risk&id=${encodeURIComponent(record.forecastId)}`,
    k: Number.isFinite(risk.k) ? risk.k : null,
    sensitivity: { toMean: risk.hm, toVolatility: risk.hs },
    forward: exposure.forward,
    allocation: {
      markets: byMarket(engine.board.markets, riskAllocation.markets),
      capital: riskAllocation.capital,
    },
    callSpread: {
      price: callSpread.price,
      delta: callSpread.delta,
      gamma: callSpread.gamma,
      vega: callSpread.vega,
    },
    liquidityValue: formatMoney(engine.shares.value.redeemed()),
  };
}

/**
 * Funding now: of each market in all, per unit of size and as a share of notional, and the amounts collected.
 *
 * @throws {NoForecastError} before there is a forecast
 */
export function fundingView(engine: PricingEngine): z.output<typeof fundingResponse> {
  const { funding, assessment } = engine.assessment();
  const { totals } = engine.ledger;
  return {
    marketTime: iso(engine.board.now),
    quoteCurrencyPerYear: { risk: assessment.riskRate, liquidity: assessment.liquidityFunding },
    markets: engine.board.markets.map((market, i) => ({
      market,
      quoteCurrencyPerYear: { risk: funding.risk[i], liquidity: funding.liquidity[i] },
      ...fundingOfOne(
        funding.perUnit.risk[i] + funding.perUnit.liquidity[i],
        engine.board.mark(market)!.value,
      ),
    })),
    collected: { risk: formatMoney(totals.riskFunding), liquidity: formatMoney(totals.liquidityFunding) },
  };
}

/**
 * A market's funding as whoever holds one unit sees it.
 *
 * @param unit funding of one base unit, quote currency per year
 * @param mark quote currency
 */
function fundingOfOne(
  unit: number,
  mark: number,
): Pick<z.output<typeof marketFunding>, 'quoteCurrencyPerUnit' | 'shareOfNotional'> {
  const share = unit / mark;
  return {
    quoteCurrencyPerUnit: { perHour: unit / HOURS_A_YEAR, perYear: unit },
    shareOfNotional: { perHour: share / HOURS_A_YEAR, perYear: share },
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

/** `insolvent`: positions can only be made smaller, liquidity waits, withdrawals are paid pro rata. */
function solvencyView(solvency: Solvency): object {
  const { insolvent, need } = solvency;
  return {
    state: insolvent ? 'insolvent' : 'solvent',
    need: formatMoney(need),
    payable: Number(payable(solvency, 1_000_000_000n)) / 1e9,
  };
}

/** Withdrawals of liquidity that have been asked for: those that wait for marks, and those that are paid after the horizon. */
function leavingView(ledger: PricingEngine['ledger']): object {
  let shares = 0n;
  let locked = 0;
  for (const withdrawal of ledger.lockedWithdrawals()) {
    shares += withdrawal.shares;
    locked++;
  }
  const next = ledger.nextLocked();
  return {
    waiting: ledger.waitingCommands,
    locked,
    lockedShares: formatMoney(shares),
    nextReleaseAt: next === undefined ? null : iso(next.releaseAt),
  };
}

function byMarket(markets: readonly string[], values: Float64Array): Record<string, number> {
  return Object.fromEntries(markets.map((market, i) => [market, values[i]]));
}

/** Points of a premium curve on each side. */
const CURVE_POINTS = 10;

/**
 * Cost of buying or selling one market at sizes up to a notional: points spread evenly in their square roots, for premia bend most
 * where trades are small. Nothing is quoted.
 *
 * @param notional largest, quote currency at the mark
 * @throws {UnknownMarketError | NoForecastError} and whatever makes a trade impossible to price
 */
export function premiumCurveView(engine: PricingEngine, market: string, notional: number) {
  const { board } = engine;
  if (!board.knownMarkets().includes(market)) throw new UnknownMarketError(market);
  const mark = board.mark(market)!;
  const points = [];
  for (let i = -CURVE_POINTS; i <= CURVE_POINTS; i++) {
    const share = Math.sign(i) * (i / CURVE_POINTS) ** 2;
    const size = fromNumber((share * notional) / mark.value, SIZE_DECIMALS, 'nearest', 'size');
    const text = formatDecimal(size, SIZE_DECIMALS);
    const price = size === 0n ? undefined : engine.price([{ market, size: text }]);
    points.push({
      size: text,
      risk: formatMoney(price?.riskPremium ?? 0n),
      liquidity: formatMoney(price?.liquidityPremium ?? 0n),
    });
  }
  return { marketTime: board.nowIso, market, mark: formatDecimal(mark.price, PRICE_DECIMALS), points };
}
