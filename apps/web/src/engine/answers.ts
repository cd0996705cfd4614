/** Answers of the REST API, as docs/reference/openapi.json describes them. Money and sizes that are booked are decimal strings. */

export interface MarketRow {
  readonly market: string;
  readonly mark: string;
  readonly markTime: string;
  readonly status: string;
  readonly markAge: number;
  readonly staleAfter: number;
  readonly sources: { readonly fresh: number; readonly known: number };
  /** half-width of the sources, in price units */
  readonly confidence: number;
  readonly average: number | null;
  readonly held: string | null;
  readonly permits: readonly string[];
}
export interface Markets {
  readonly marketTime: string;
  readonly markets: readonly MarketRow[];
  readonly warmingUp: readonly { readonly market: string; readonly bars: number; readonly needed: number }[];
  readonly excluded: readonly { readonly market: string; readonly reason: string }[];
}

/** How far the nearest move is that costs an amount, in standard deviations (Mahalanobis): certified from below, found from above. */
interface StressDistance {
  readonly atLeast: number;
  readonly atMost: number | null;
  readonly moves: Readonly<Record<string, number>> | null;
}

export interface Stress {
  readonly marketTime: string;
  readonly accounts: number;
  readonly capital: number;
  readonly liquidity: number;
  readonly distance: { readonly capital: StressDistance; readonly insolvency: StressDistance };
  readonly scenarios: readonly {
    readonly name: string;
    /** quote currency; negative: the pool gains */
    readonly poolLoss: number;
    readonly liquidated: { readonly accounts: number; readonly notional: number };
    readonly badDebt: number;
    readonly fromCapital: number;
    readonly fromLiquidity: number;
    readonly uncovered: number;
  }[];
}

export interface Book {
  readonly marketTime: string;
  readonly events: number;
  readonly markets: readonly {
    readonly market: string;
    readonly signedSize: string;
    readonly longSize: string;
    readonly shortSize: string;
    readonly entryNotional: string;
    readonly unsettledFunding: string;
  }[];
  readonly capital: string;
  readonly liquidity: string;
  readonly pendingToCapital: string;
  readonly pendingToLiquidity: string;
  readonly shortfall: string;
  readonly owedToLiquidity: string;
  readonly solvency: {
    readonly state: 'solvent' | 'insolvent';
    readonly need: string;
    readonly payable: number;
  };
  readonly liquidityLeaving: {
    readonly waiting: number;
    readonly locked: number;
    readonly lockedShares: string;
    /** left out by the stream where it is null */
    readonly nextReleaseAt?: string | null;
  };
  readonly liquidityShares: string;
  readonly imbalance: string;
}

export interface Risk {
  readonly at: string;
  readonly forecastId: string;
  readonly riskMeasure: number;
  readonly entropicValueAtRisk: number;
  readonly mean: number;
  readonly volatility: number;
  readonly tailFactor: number;
  readonly alpha: number;
  readonly k: number | null;
  readonly proofs: string;
  readonly sensitivity: { readonly toMean: number; readonly toVolatility: number };
  readonly allocation: { readonly markets: Readonly<Record<string, number>>; readonly capital: number };
  readonly callSpread: {
    readonly price: number;
    readonly delta: number;
    readonly gamma: number;
    readonly vega: number;
  };
  readonly liquidityValue: string;
}

interface Rates {
  readonly perHour: number;
  readonly perYear: number;
}
export interface Funding {
  readonly marketTime: string;
  readonly quoteCurrencyPerYear: { readonly risk: number; readonly liquidity: number };
  readonly markets: readonly {
    readonly market: string;
    readonly quoteCurrencyPerYear: { readonly risk: number; readonly liquidity: number };
    readonly quoteCurrencyPerUnit: Rates | null;
    readonly shareOfNotional: Rates | null;
  }[];
  readonly collected: { readonly risk: string; readonly liquidity: string };
}

export interface Forecast {
  readonly forecastId: string;
  readonly modelVersion: number;
  readonly model: string;
  readonly barEnd: string;
  readonly horizonSeconds: number;
  readonly markets: readonly string[];
  readonly volatility: readonly number[];
  readonly covariance?: readonly (readonly number[])[];
  readonly stale: readonly string[];
  readonly warmingUp: readonly string[];
  readonly excluded: readonly string[];
  readonly proofs: string;
  readonly groups: {
    readonly asOf: string;
    readonly markets: readonly { readonly markets: readonly string[]; readonly cointegrationRank: number }[];
  } | null;
}

export interface ProofSummary {
  readonly proofId: string;
  readonly statement: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly status: 'queued' | 'running' | 'proven' | 'failed';
  readonly reason: string | null;
  readonly seconds: number | null;
  readonly attempts: number;
  readonly srs: string | null;
  readonly createdAt: string;
  readonly finishedAt: string | null;
}
export interface Proofs {
  readonly queue: {
    readonly queued: number;
    readonly running: number;
    readonly proven: number;
    readonly failed: number;
  };
  readonly proofs: readonly ProofSummary[];
}

export interface Settlements {
  readonly chain: {
    readonly rpcUrl: string | null;
    readonly id: number;
    readonly oracle: string;
    readonly prices: string;
    readonly srs: string;
  };
  readonly onChain: Readonly<Record<string, unknown>> | null;
  readonly epochs: readonly {
    readonly epochId: string;
    readonly status: string;
    readonly number: number | null;
    readonly reason: string | null;
    readonly forecastId: string;
    readonly barEnd: string;
    readonly chained: boolean;
    readonly entropicValueAtRisk: number;
    readonly riskMeasure: number;
    readonly proofs: readonly string[];
    /** of each proof */
    readonly markets: readonly (readonly string[])[];
  }[];
  readonly transactions: readonly {
    readonly transactionId: string;
    readonly kind: string;
    readonly epochId: string | null;
    readonly planId: string | null;
    readonly status: string;
    readonly hash: string | null;
    readonly blockNumber: number | null;
    readonly gasUsed: number | null;
    readonly reason: string | null;
    readonly attempts: number;
  }[];
}
