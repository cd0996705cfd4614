import { signal } from '@preact/signals';
import type { Settlements } from '../engine/answers.js';
import { checkChain, type ChainReading } from './chain.js';

const MOST_TRANSACTIONS = 20;

/** The node that the reader has chosen; undefined: the one that the engine names. */
export const chosenNode = signal<string | undefined>(undefined);

/** The last reading of the oracle from the reader's node, and when it was made, by the reader's clock. */
export const oracleReading = signal<
  | (ChainReading & { readonly state: 'read'; readonly at: number })
  | { readonly state: 'failed'; readonly broken: string }
  | { readonly state: 'reading' }
  | undefined
>(undefined);

/** Reads the oracle from a node and holds it against the engine's answer. */
export async function readOracle({ chain, epochs, transactions }: Settlements, rpc: string): Promise<void> {
  oracleReading.value = { state: 'reading' };
  try {
    const reading = await checkChain({
      rpc,
      oracle: chain.oracle as `0x${string}`,
      claimed: {
        chainId: chain.id,
        epochs: epochs.flatMap(({ number, entropicValueAtRisk }) =>
          number === null ? [] : [{ number, entropicValueAtRisk }],
        ),
        transactions: transactions
          .flatMap(({ transactionId, hash, blockNumber }) =>
            hash === null || blockNumber === null ? [] : [{ transactionId, hash: hash as `0x${string}` }],
          )
          .slice(0, MOST_TRANSACTIONS),
      },
    });
    oracleReading.value = { state: 'read', ...reading, at: Date.now() };
  } catch (error) {
    oracleReading.value = { state: 'failed', broken: error instanceof Error ? error.message : String(error) };
  }
}
