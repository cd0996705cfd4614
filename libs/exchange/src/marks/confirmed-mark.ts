import { formatDecimal, PRICE_DECIMALS, toNumber } from '#lib/amounts';

/** An observed price as it comes from the log. */
export interface ObservedPrice {
  readonly market: string;
  readonly price: string;
  readonly source?: string | undefined;
  /** half-width, in price units */
  readonly confidence?: string | undefined;
  readonly time: number;
  /** the source's own counter; decides between ticks of one time */
  readonly sequence: number;
  /** when the log took it */
  readonly appendedAt?: number | undefined;
}

/** Reason for a price to become the mark. */
export type Confirmation = 'first' | 'band' | 'sources' | 'repeated' | 'common' | 'operator';

/** A price that has become the mark. */
export interface ConfirmedMark {
  readonly market: string;
  readonly price: bigint;
  readonly value: number;
  readonly text: string;
  readonly time: number;
  readonly by: Confirmation;
}

/** A price that is held back until it is confirmed. */
export interface HeldPrice {
  readonly price: number;
  readonly text: string;
  /** when the market became uncertain; other prices may have been held since */
  readonly uncertainSince: number;
  /** of the first and the last tick that said so */
  readonly since: number;
  readonly time: number;
  readonly ticks: number;
}

/** A price in units of its last decimal, as a mark. */
export function confirmed(market: string, price: bigint, time: number, by: Confirmation): ConfirmedMark {
  const text = formatDecimal(price, PRICE_DECIMALS);
  return { market, price, value: toNumber(price, PRICE_DECIMALS), text, time, by };
}
