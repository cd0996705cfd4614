type Hex = `0x${string}`;

export interface ChainCheckRequest {
  /** of a node of the reader's choice */
  readonly rpc: string;
  readonly oracle: Hex;
  /** contracts that the engine names */
  readonly claimed: {
    readonly chainId: number;
    readonly epochs: readonly { readonly number: number; readonly entropicValueAtRisk: number }[];
    readonly transactions: readonly { readonly transactionId: string; readonly hash: Hex }[];
  };
}
export interface ChainFinding {
  readonly what: string;
  readonly holds: boolean;
  readonly found: string;
}
/** The oracle's installed parts, and those that wait for their delay. */
export interface ChainRegistry {
  /** least seconds between a proposal and its installation */
  readonly delaySeconds: number;
  readonly verifiers: readonly { readonly name: string; readonly address: string }[];
  readonly model: {
    /** bar that the model's state is of, seconds since 1970; 0: none is installed */
    readonly stateBar: number;
    readonly barSeconds: number;
    readonly horizonBars: number;
    readonly parts: number;
  };
  readonly proposals: readonly {
    readonly kind: string;
    readonly digest: Hex;
    /** seconds since 1970 */
    readonly installableAt: number;
  }[];
  /** margin requirements as the chain holds them, shares of notional; null before a market's first proven bar */
  readonly margins: readonly {
    readonly market: string;
    readonly share: number | null;
    readonly fresh: boolean;
  }[];
}
/** An epoch as its transaction has published it. */
export interface ProvenEpoch {
  readonly number: number;
  /** quote currency */
  readonly entropicValueAtRisk: number;
  readonly gasUsed: number;
}
/** All that a node was asked for. */
export interface ChainReading {
  readonly findings: readonly ChainFinding[];
  /** of the transactions that were looked up */
  readonly epochs: readonly ProvenEpoch[];
  /** undefined where there is no oracle to read */
  readonly registry: ChainRegistry | undefined;
}
export type ChainCheckReply =
  ({ readonly kind: 'found' } & ChainReading) | { readonly kind: 'failed'; readonly reason: string };

/**
 * Reads the oracle from the reader's node, in a worker, and compares it with the engine's answers.
 *
 * @throws {Error} where the node does not answer
 */
export function checkChain(request: ChainCheckRequest): Promise<ChainReading> {
  const worker = new Worker(new URL('./chain.worker.ts', import.meta.url), { type: 'module' });
  return new Promise<ChainReading>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<ChainCheckReply>) => {
      if (data.kind === 'found') resolve(data);
      else reject(new Error(data.reason));
    };
    worker.onerror = ({ message }) => {
      reject(new Error(message === '' ? 'the worker could not be started' : message));
    };
    worker.postMessage(request);
  }).finally(() => {
    worker.terminate();
  });
}
