import { createPublicClient, http, type PublicClient } from 'viem';

export type ChainClient = PublicClient;

/** Reads of a node, tried again where it does not answer at once. */
export function chainClient(rpcUrl: string, pollingIntervalMs = 500): ChainClient {
  return createPublicClient({
    transport: http(rpcUrl, { timeout: 30_000, retryCount: 2 }),
    pollingInterval: pollingIntervalMs,
  });
}
