import { createPublicClient, http, type PublicClient } from 'viem';

export type ChainClient = PublicClient;

/** How a node is asked. */
export interface ChainClientOptions {
  readonly pollingIntervalMs?: number;
  /** of one request */
  readonly timeoutMs?: number;
  /** how often a request is made again that has failed */
  readonly retries?: number;
}

/** Reads of a node, tried again where it does not answer at once. */
export function chainClient(
  rpcUrl: string,
  { pollingIntervalMs = 500, timeoutMs = 30_000, retries = 2 }: ChainClientOptions = {},
): ChainClient {
  return createPublicClient({
    transport: http(rpcUrl, { timeout: timeoutMs, retryCount: retries }),
    pollingInterval: pollingIntervalMs,
    // A caller that asks for the head after a transaction must see its block: by default viem repeats its answer of the last poll.
    cacheTime: 0,
  });
}
