import type { CovariancePayload } from '#lib/messages';
import type { FactorForecast } from '#lib/risk';
import type { Happened } from '../run/lab-event.js';

/** A row of prices with its forecast. */
export interface BarInput {
  readonly bar: number;
  readonly time: number;
  readonly text: readonly (string | undefined)[];
  /** NaN where there is no price */
  readonly values: Float64Array;
  readonly forecast: CovariancePayload | undefined;
}

/** A trader's order, with its highest cost. */
export interface TradeIntent {
  readonly id: string;
  readonly account: string;
  readonly market: number;
  /** signed, a decimal */
  readonly size: string;
  readonly reduceOnly: boolean;
  /** of the notional; dearer trades are left */
  readonly maximumCost: number;
}

export type TradeOutcome = 'booked' | 'too-dear' | 'refused';

/** An exchange in the lab, under some rules. It is told of bars and commands in order, and reports events. */
export interface Venue {
  /** Takes a bar: marks, forecast, funding, liquidations that follow. */
  open(bar: BarInput): void;
  /** After the bar's commands: liquidations that follow, and the pool's figures. */
  close(): void;
  /** Whether trades can be decided. */
  ready(): boolean;
  deposit(id: string, account: string, amount: number): void;
  withdraw(id: string, account: string, amount: number | 'available'): void;
  trade(intent: TradeIntent): TradeOutcome;
  /** Collateral and profit at marks, money. */
  equity(account: string): number;
  /** Wealth of all traders at marks, less debts, money. */
  claims(): number;
  /** Signed size of an account's position. */
  size(account: string, market: number): number;
  /** Yearly payment of a long, as a share of its notional; negative where it receives. */
  fundingRate(market: number): number;
}

/** Takes the events of a venue. */
export type Listener = (event: Happened) => void;

/** EVaR of a Gaussian net book, κ·s with κ = √(−2 ln α): the same yardstick for every rule set. */
export function bookRisk(form: FactorForecast, notionals: Float64Array, alpha: number): number {
  const { factors: K, loadings, variances, own } = form;
  let square = 0;
  const exposures = new Float64Array(K);
  notionals.forEach((x, i) => {
    square += own[i] * x * x;
    for (let k = 0; k < K; k++) exposures[k] += loadings[i * K + k] * x;
  });
  exposures.forEach((value, k) => (square += variances[k] * value * value));
  return Math.sqrt(-2 * Math.log(alpha) * square);
}
