import { createHmac, timingSafeEqual } from 'node:crypto';
import { ZkriskError } from '#lib/errors';
import type { MarketOrderName } from '#lib/messages';

/** Orders of the operator for a market. */
export const MARKET_ORDERS = {
  halt: 'nothing may be done in the market',
  'reduce-only': 'positions may only be reduced',
  resume: 'everything may be done again',
  confirm: 'the move that is held back becomes the mark',
  refuse: 'the move that is held back is discarded',
  'accept-time': 'market time may move up to the order’s time in one step',
  rescale: 'prices times the factor, sizes divided by it: the market was redenominated; it must be halted',
  delist: 'every position is settled at the price and the market is gone; it must be halted',
  bust: 'a trade or a liquidation is taken back, at its own price',
} as const satisfies Readonly<Record<MarketOrderName, string>>;
export type MarketOrderKind = keyof typeof MARKET_ORDERS;

/** An order of the operator, sealed. It is in the topic of prices, so that everybody takes it between the same ticks. */
export interface MarketOrder {
  readonly order: MarketOrderKind;
  /** `*` for an order of all markets, such as accept-time */
  readonly market: string;
  /** who gave it, and why: for the journal */
  readonly by: string;
  readonly reason: string;
  /** milliseconds; each order is later than the one before */
  readonly issuedAt: number;
  /** of rescale: how many old units a new one is; a decimal */
  readonly factor?: string | undefined;
  /** of delist: the price that positions are settled at */
  readonly price?: string | undefined;
  /** of bust: the trade or liquidation that is taken back */
  readonly trade?: BustedTradeKey | undefined;
  readonly seal: string;
}

/** Which trade: ids are their owners', and liquidations have a topic of their own. */
export interface BustedTradeKey {
  /** the margin account */
  readonly account: string;
  readonly id: string;
  readonly of: 'trades' | 'liquidation-trades';
}

/** An order that is not the operator's, or is an old one sent again. */
export class MarketOrderError extends ZkriskError {
  readonly code = 'market-order-refused';
}

/** HMAC-SHA-256 of an order by the secret that the services share, base64url. */
export function marketOrderSeal(secret: string, order: Omit<MarketOrder, 'seal'>): string {
  const { factor = null, price = null, trade } = order;
  const text = JSON.stringify([
    ...[order.order, order.market, order.by, order.reason, order.issuedAt, factor, price],
    trade === undefined ? null : [trade.account, trade.id, trade.of],
  ]);
  return createHmac('sha256', secret).update(text).digest('base64url');
}

/**
 * @param lastIssuedAt of the last order that was taken
 * @throws {MarketOrderError} where there is no secret, the seal was not made with it, or a later order has been taken
 */
export function requireMarketOrder(
  secret: string | undefined,
  order: MarketOrder,
  lastIssuedAt: number,
): void {
  const what = `${order.order} of ${order.market}`;
  if (secret === undefined)
    throw new MarketOrderError(`${what}: no order is taken here: MARKET_ORDER_SECRET is not set`);
  const [expected, given] = [marketOrderSeal(secret, order), order.seal].map((text) =>
    Buffer.from(text, 'base64url'),
  );
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new MarketOrderError(`${what}: it was not sealed by the operator`);
  if (order.issuedAt <= lastIssuedAt)
    throw new MarketOrderError(`${what}: an order issued later has been taken already`);
}
