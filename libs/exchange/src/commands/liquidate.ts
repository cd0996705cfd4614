import {
  divide,
  formatDecimal,
  formatMoney,
  fromNumber,
  MONEY_DECIMALS,
  notionalOf,
  parseDecimal,
  PRICE_DECIMALS,
  SIZE_DECIMALS,
} from '#lib/amounts';
import type { LiquidationTradePayload } from '#lib/messages';
import type { BookEvent, DustClosed } from '../book/book-event.js';
import { NothingToReduceError } from '../errors.js';
import type { PricedLeg } from '../trades/trade-price.js';
import { booked, premia } from './book-trade.js';
import type { Exchange } from './exchange.js';
import { affordable } from './margin-check.js';
import { requireVersion } from './set-parameters.js';

const RATE_DECIMALS = 12;

/**
 * Executes a liquidation plan: closes of each leg at most what is still open, of the markets that can be traded, at their marks.
 * The owner may have closed some of it: what is gone is left out, the rest is executed. Premium and penalty are at most what the
 * account has. A position too small to trade is closed at its last mark, without a premium, also where the market is silent.
 *
 * @throws {ParametersVersionError} for a plan made under other risk parameters than those that hold
 * @returns the events, in order; the first one is the trade's, or the first position's that was closed as dust
 * @throws {NothingToReduceError} where nothing of the plan is open any more, or none of it can be traded
 */
export function liquidate(exchange: Exchange, command: LiquidationTradePayload, at: number): BookEvent[] {
  const { planId, account } = command;
  requireVersion(exchange.parameters.rules.version, command.parameters);
  const dust = dustOf(exchange, account, at);
  const gone = new Set(dust.map(({ market }) => market));
  const legs = openLegs(exchange, command).filter(({ market }) => !gone.has(market));
  if (legs.length === 0 && dust.length === 0)
    throw new NothingToReduceError(account, command.legs.map(({ market }) => market).join(', '));
  if (legs.length === 0) return [{ ...noTrade(exchange, command, at) }, ...dust];
  const price = exchange.standing.price(legs);
  const premium = price.riskPremium + price.liquidityPremium;
  const charged = affordable(exchange, account, price.legs, premium);
  const penalty =
    affordable(exchange, account, price.legs, charged + penaltyOf(exchange, price.legs)) - charged;
  const trade = booked(price, at, {
    ...{ tradeId: planId, account, quoteId: null },
    ...premia(price, charged),
  });
  return [{ ...trade, planId, ...(penalty > 0n ? { penalty: formatMoney(penalty) } : {}) }, ...dust];
}

/** A plan of nothing but dust is executed by a trade without legs: its id is answered as any other's. */
function noTrade({ board }: Exchange, { planId, account }: LiquidationTradePayload, at: number): BookEvent {
  return {
    ...{ kind: 'trade-booked', at, tradeId: planId, planId, account, legs: [], quoteId: null },
    ...{ riskPremium: '0', liquidityPremium: '0', forecastId: board.latestForecast?.forecastId ?? '' },
  };
}

/** What of a plan's legs is open and can be traded, each market once. */
function openLegs(
  { ledger, board }: Exchange,
  { account, legs }: LiquidationTradePayload,
): LiquidationTradePayload['legs'] {
  const closed = new Map<string, bigint>();
  for (const { market, size } of legs) {
    const held = ledger.position(account, market).size;
    const asked = parseDecimal(size, SIZE_DECIMALS, 'legs.size') + (closed.get(market) ?? 0n);
    if (held === 0n || asked === 0n || held > 0n === asked > 0n) continue;
    if (!board.markets.includes(market) || !board.permits(market, 'liquidate')) continue;
    const most = -held;
    closed.set(market, (asked > 0n ? asked < most : asked > most) ? asked : most);
  }
  return [...closed].map(([market, size]) => ({ market, size: formatDecimal(size, SIZE_DECIMALS) }));
}

/** Of the whole account: positions of less than the minimum at their last marks. */
function dustOf({ ledger, board, parameters }: Exchange, account: string, at: number): DustClosed[] {
  const minimum = fromNumber(
    parameters.rules.parameters.liquidation.minimumPosition,
    MONEY_DECIMALS,
    'up',
    'minimumPosition',
  );
  return ledger.account(account).positions.flatMap(({ market, size }): DustClosed[] => {
    const mark = board.mark(market);
    if (mark === undefined) return [];
    const notional = notionalOf(size < 0n ? -size : size, mark.price, 'up');
    if (notional >= minimum) return [];
    return [
      {
        ...{ kind: 'dust-closed', at, account, market },
        size: formatDecimal(-size, SIZE_DECIMALS),
        price: formatDecimal(mark.price, PRICE_DECIMALS),
      },
    ];
  });
}

/** The penalty on the notional that is closed, rounded up. */
function penaltyOf({ parameters }: Exchange, legs: readonly PricedLeg[]): bigint {
  const rate = fromNumber(
    parameters.rules.parameters.liquidation.penaltyRate,
    RATE_DECIMALS,
    'nearest',
    'penaltyRate',
  );
  const notional = legs.reduce((sum, { exactSize, exactPrice }) => {
    return sum + notionalOf(exactSize < 0n ? -exactSize : exactSize, exactPrice, 'up');
  }, 0n);
  return divide(notional * rate, 10n ** BigInt(RATE_DECIMALS), 'up');
}
