import {
  divide,
  formatDecimal,
  formatMoney,
  fromNumber,
  magnitude,
  MONEY_DECIMALS,
  notionalOf,
  partsOf,
  parseDecimal,
  PRICE_DECIMALS,
  SIZE_DECIMALS,
  toNumber,
} from '#lib/amounts';
import type { LiquidationTradePayload } from '#lib/messages';
import { InvalidInputError } from '#lib/errors';
import { adverseCost, fullLiquidationFee, largestPenalty, splitFee, withinPenalty } from '#lib/margin';
import { takenOver } from '../book/fold/trades.js';
import type { BookEvent, DustClosed, MatchBooked, MatchedAccount } from '../book/book-event.js';
import {
  InsufficientMarginError,
  LiquidationPriceError,
  TakeoverNotAcceptedError,
  MatchPriceError,
  NothingToReduceError,
} from '../errors.js';
import type { PricedLeg } from '../trades/trade-price.js';
import { booked, premia } from './book-trade.js';
import type { Exchange } from './exchange.js';
import { requireLimits } from './limits.js';
import { affordable } from './margin-check.js';
import { requireVersion } from './set-parameters.js';

const RATE_DECIMALS = 12;

/**
 * Executes a liquidation plan: closes of each leg at most the open size, of the markets that can be traded, at their marks.
 * The owner may have closed some: closed parts are left out, the rest is executed. Premium and penalty are at most the equity that the
 * account has. A position too small to trade is closed at its last mark, without a premium, also where the market is silent.
 *
 * @throws {ParametersVersionError} for a plan made under other risk parameters than those that hold
 * @returns the events, in order; the first one is the trade's, or the first position's that was closed as dust
 * @throws {NothingToReduceError} where nothing of the plan is open any more, or none can be traded
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
  const { penaltyRate: fixed } = exchange.parameters.rules.parameters.liquidation;
  const rate = fixed ?? offeredRate(exchange, command);
  const penalty = affordable(exchange, account, price.legs, charged + penaltyOf(price.legs, rate)) - charged;
  const fromReserve = fixed === null && penalty === 0n ? reserveFee(exchange, account, rate, price.legs) : 0n;
  const shared = fixed === null && (penalty > 0n || fromReserve > 0n);
  const trade = booked(price, at, {
    ...{ tradeId: planId, account, quoteId: null },
    ...premia(price, charged),
  });
  return [
    {
      ...{ ...trade, planId },
      ...(penalty > 0n ? { penalty: formatMoney(penalty) } : {}),
      ...(shared
        ? { liquidator: command.liquidator, toLiquidator: formatMoney(splitFee(penalty).solver) }
        : {}),
      ...(fromReserve > 0n ? { fromReserve: formatMoney(fromReserve) } : {}),
    },
    ...dust,
  ];
}

/** A plan of nothing but dust is executed by a trade without legs: its id is answered as any other's. */
function noTrade({ board }: Exchange, { planId, account }: LiquidationTradePayload, at: number): BookEvent {
  return {
    ...{ kind: 'trade-booked', at, tradeId: planId, planId, account, legs: [], quoteId: null },
    ...{ riskPremium: '0', liquidityPremium: '0', forecastId: board.latestForecast?.forecastId ?? '' },
  };
}

/** The open and tradable part of a plan's legs, each market once. */
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
    const notional = notionalOf(magnitude(size), mark.price, 'up');
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

/** The plan's rate, at most a quarter of the maintenance margin and 1 %: closing everything leaves enough to pay it. */
function offeredRate({ accounts }: Exchange, { account, penaltyRate = 0 }: LiquidationTradePayload): number {
  const { maintenanceMargin, notional } = accounts.standing(account);
  return notional > 0 ? Math.min(penaltyRate, largestPenalty(maintenanceMargin, notional)) : 0;
}

/** The least fee for closing an account without equity, paid by the credit reserve. */
function reserveFee(
  { accounts, ledger }: Exchange,
  account: string,
  rate: number,
  legs: readonly PricedLeg[],
): bigint {
  if (accounts.exactEquity(account) > 0n) return 0n;
  const gross = legs.reduce((sum, { exactSize, exactPrice }) => {
    return sum + toNumber(notionalOf(magnitude(exactSize), exactPrice, 'down'), MONEY_DECIMALS);
  }, 0);
  const { reserve } = fullLiquidationFee(rate, gross, 0);
  const fee = fromNumber(reserve, MONEY_DECIMALS, 'down', 'fee');
  return fee < ledger.creditReserve ? fee : ledger.creditReserve;
}

/** The penalty on the notional that is closed, rounded up. */
function penaltyOf(legs: readonly PricedLeg[], penaltyRate: number): bigint {
  const rate = fromNumber(penaltyRate, RATE_DECIMALS, 'nearest', 'penaltyRate');
  const notional = legs.reduce((sum, { exactSize, exactPrice }) => {
    return sum + notionalOf(magnitude(exactSize), exactPrice, 'up');
  }, 0n);
  return divide(notional * rate, 10n ** BigInt(RATE_DECIMALS), 'up');
}

/**
 * A liquidator's own account takes over a plan's positions, at its prices: no leg of the pool, no premium. The prices cost the
 * account no more than the penalty would and no more than it has, and the liquidator has the initial margin of the positions afterwards.
 *
 * @throws {ZkriskError} where it is refused
 */
export function takeOver(exchange: Exchange, command: LiquidationTradePayload, at: number): MatchBooked {
  const { planId, account, liquidator, prices = [] } = command;
  const { accounts, board, credit, parameters } = exchange;
  requireVersion(parameters.rules.version, command.parameters);
  if (prices.length !== command.legs.length)
    throw new InvalidInputError(
      'prices',
      `must have ${command.legs.length} entries, one a leg, got ${prices.length}`,
    );
  if (partsOf(account).account === liquidator)
    throw new InvalidInputError('liquidator', 'is the owner of the account');
  const priceOf = new Map(
    command.legs.map(({ market }, i) => [market, parseDecimal(prices[i], PRICE_DECIMALS, 'prices')]),
  );
  const legs = openLegs(exchange, command).map(({ market, size }) => ({
    market,
    size: parseDecimal(size, SIZE_DECIMALS, 'legs.size'),
    price: priceOf.get(market)!,
  }));
  if (legs.length === 0)
    throw new NothingToReduceError(account, command.legs.map(({ market }) => market).join(', '));
  const rate = parameters.rules.parameters.liquidation.penaltyRate ?? offeredRate(exchange, command);
  const fills = legs.map(({ market, size, price }) => ({
    size: -toNumber(size, SIZE_DECIMALS),
    mark: board.mark(market)!.value,
    price: toNumber(price, PRICE_DECIMALS),
  }));
  const closed = fills.reduce((sum, { size, mark }) => sum + Math.abs(size) * mark, 0);
  const { largestDeviation } = parameters.rules.parameters.fees;
  for (const [i, { mark, price }] of fills.entries())
    if (!(Math.abs(price / mark - 1) <= largestDeviation))
      throw new MatchPriceError(legs[i].market, String(price), String(mark), largestDeviation);
  // The account's money at most: past it the pool would pay for the prices.
  const own = Math.max(0, toNumber(accounts.exactEquity(account), MONEY_DECIMALS));
  if (!withinPenalty(fills, 0, rate, closed) || adverseCost(fills) > own)
    throw new LiquidationPriceError(account, adverseCost(fills), Math.min(rate * closed, own));
  const effect = (sign: 1 | -1) => ({
    legs: legs.map(({ market, size, price }) => ({
      market,
      size: sign * toNumber(size, SIZE_DECIMALS),
      price: toNumber(price, PRICE_DECIMALS),
    })),
    cost: 0,
  });
  requireAccepted(exchange, liquidator, legs, fills);
  requireLimits(
    exchange,
    liquidator,
    legs.map(({ market, size }) => ({ name: market, exactSize: -size })),
  );
  const after = accounts.standing(liquidator, effect(-1));
  if (after.available < 0) throw new InsufficientMarginError(liquidator, after.equity, after.initialMargin);
  credit.requireCaps(liquidator, () => accounts.standing(liquidator), after);
  const sideOf = (name: string, sign: bigint): MatchedAccount => ({
    account: name,
    legs: legs.map(({ market, size, price }) => ({
      market,
      size: formatDecimal(sign * size, SIZE_DECIMALS),
      price: formatDecimal(price, PRICE_DECIMALS),
    })),
    ...{ fee: '0', riskPremium: '0', liquidityPremium: '0' },
  });
  return {
    ...{ kind: 'match-booked', at, matchId: planId, planId },
    accounts: [sideOf(account, 1n), sideOf(liquidator, -1n)],
    feeAccount: parameters.rules.parameters.fees.account,
    forecastId: board.latestForecast?.forecastId ?? '',
  };
}

/** @throws {TakeoverNotAcceptedError} for more, or at worse prices, than the account has said it would take over */
function requireAccepted(
  { ledger }: Exchange,
  liquidator: string,
  legs: readonly { readonly size: bigint; readonly price: bigint }[],
  fills: readonly { readonly size: number; readonly mark: number; readonly price: number }[],
): void {
  const { notional, discount } = ledger.takeoversOf(liquidator);
  const taken = takenOver(legs);
  if (taken > notional)
    throw new TakeoverNotAcceptedError(
      liquidator,
      `has accepted takeovers of ${formatMoney(notional)} more, not of ${formatMoney(taken)}`,
    );
  const atMarks = fills.reduce((sum, { size, mark }) => sum + Math.abs(size) * mark, 0);
  const gain = fills.reduce((sum, { size, mark, price }) => sum + size * (mark - price), 0);
  if (!(gain >= discount * atMarks))
    throw new TakeoverNotAcceptedError(
      liquidator,
      `takes over at prices ${100 * discount} % better than the marks, not ${(100 * gain) / atMarks} %`,
    );
}
