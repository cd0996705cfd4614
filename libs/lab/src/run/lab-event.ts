/** An event at an exchange in the lab, under any rules. Money in quote units; events are numbered within their run. */
export type LabEvent = { readonly bar: number; readonly time: number } & (
  | {
      readonly kind: 'traded';
      readonly account: string;
      readonly market: string;
      readonly notional: number;
      /** premium, fee and the execution price's loss against the mark */
      readonly cost: number;
    }
  | { readonly kind: 'refused'; readonly account: string; readonly code: string }
  | { readonly kind: 'too-dear'; readonly account: string; readonly market: string; readonly cost: number }
  | { readonly kind: 'paid-in'; readonly account: string; readonly amount: number }
  | { readonly kind: 'paid-out'; readonly account: string; readonly amount: number }
  | {
      /** closed against the account's will because it was below its maintenance margin */
      readonly kind: 'liquidated';
      readonly account: string;
      readonly market: string;
      readonly notional: number;
      /** premium, penalty, fee and slippage */
      readonly cost: number;
    }
  | { readonly kind: 'bankrupt'; readonly account: string; readonly loss: number }
  | { readonly kind: 'uncovered'; readonly amount: number }
  | {
      /** a position closed because another account was bankrupt */
      readonly kind: 'deleveraged';
      readonly account: string;
      readonly market: string;
      readonly notional: number;
      /** the account's loss against the mark */
      readonly cut: number;
    }
  | { readonly kind: 'haircut'; readonly account: string; readonly amount: number }
  | {
      /** once a bar: the pool, or market maker and insurance fund */
      readonly kind: 'capital';
      /** change since the last bar */
      readonly exchange: number;
      readonly liquidity: number;
      /** EVaR of the net book less its capital, of either sign */
      readonly undercapitalised: number;
      /** initial margin of the reference position as a share of its notional */
      readonly referenceMargin: number;
      /** Σ|notional| of all positions */
      readonly gross: number;
      /** mean over markets of the price against the run's first, 1 at the beginning */
      readonly index: number;
    }
);

/** A kind of event with its fields. */
export type LabEventOf<Kind extends LabEvent['kind']> = Extract<LabEvent, { readonly kind: Kind }>;

/** An event as a venue tells it: bar, time and market come from the run. */
export type Happened = LabEvent extends infer Event
  ? Event extends LabEvent
    ? Omit<Event, 'bar' | 'time' | 'index'>
    : never
  : never;
