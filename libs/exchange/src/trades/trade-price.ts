import type { Leg } from '#lib/risk';

/** A leg as it is traded: exact amounts beside the floats the mathematics uses. */
export interface PricedLeg extends Leg {
  readonly name: string;
  readonly exactSize: bigint;
  readonly exactPrice: bigint;
  /** the execution price as text */
  readonly markText: string;
}

/** Price of a trade now. */
export interface TradePrice {
  readonly legs: readonly PricedLeg[];
  /** rounded up to the ledger's unit */
  readonly riskPremium: bigint;
  readonly liquidityPremium: bigint;
  readonly riskBefore: number;
  readonly riskAfter: number;
  readonly forecastId: string;
}
