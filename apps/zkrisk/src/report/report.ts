import type { LiquidationTotals } from '../../../liquidator/src/index.js';
import type { DeadLetters } from './dead-letters.js';
import type { SettlementReport } from './settlements.js';
import type { VaultReport } from './vault.js';

/** Figures of a replay. Money as decimal strings. */
export interface Report {
  readonly market: string;
  readonly simulated: boolean;
  /** rows of the files that were passed over, turned round or are missing */
  readonly input: { readonly notes: readonly string[] };
  readonly bars: number;
  readonly from: string;
  readonly to: string;
  readonly wallSeconds: number | null;
  readonly trades: { readonly booked: number; readonly rejected: number };
  readonly collected: Readonly<
    Record<'riskPremia' | 'liquidityPremia' | 'riskFunding' | 'liquidityFunding' | 'withdrawalFees', string>
  >;
  readonly finally: Readonly<
    Record<'capital' | 'liquidity' | 'pendingToCapital' | 'shortfall' | 'imbalance', string>
  >;
  readonly risk: {
    readonly records: number;
    readonly meanRiskMeasure: number;
    readonly largestRiskMeasure: number;
    readonly largestAt: string;
    readonly lastRiskMeasure: number;
    /** largest EVaR of the shortfall as a share of P + L */
    readonly largestShareOfCapital: number;
  };
  readonly accounts: {
    readonly margin: number;
    readonly refusedTrades: Readonly<Record<string, number>>;
    readonly refusedCommands: number;
  };
  readonly liquidations: {
    readonly byOutcome: readonly LiquidationTotals[];
    readonly largestGap: number;
    /** of all liquidated accounts: notional closed, and notional that closing everything would have closed */
    readonly closedNotional: number;
    readonly wholeNotional: number;
    /** losses that the pool has borne */
    readonly bankruptcies: string;
    readonly busiestDay: {
      readonly day: string;
      readonly plans: number;
      readonly closedNotional: number;
    } | null;
    /** capital P + L before the busiest day and after it */
    readonly capitalAround: { readonly before: number; readonly after: number } | null;
  };
  readonly solvent: boolean;
  /** messages that no service could take */
  readonly deadLetters: readonly DeadLetters[];
  /** null where no vault's pool shares count */
  readonly vault: VaultReport | null;
  /** null where nothing is settled on a chain */
  readonly settlement: SettlementReport | null;
  readonly forecast: {
    readonly models: number;
    readonly quality: object;
    readonly meanFitSeconds: number;
  };
}
