type Hex = `0x${string}`;

export interface ChainCheckRequest {
  /** of a node of the reader's choice */
  readonly rpc: string;
  readonly oracle: Hex;
  /** what the engine says is there */
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
export type ChainCheckReply =
  | { readonly kind: 'found'; readonly findings: readonly ChainFinding[] }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Reads the oracle from the reader's node, in a worker, and holds it against what the engine says.
 *
 * @throws {Error} where the node does not answer
 */
export function checkChain(request: ChainCheckRequest): Promise<readonly ChainFinding[]> {
  const worker = new Worker(new URL('./chain.worker.ts', import.meta.url), { type: 'module' });
  return new Promise<readonly ChainFinding[]>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<ChainCheckReply>) => {
      if (data.kind === 'found') resolve(data.findings);
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
