import { setTimeout as sleep } from 'node:timers/promises';
import { type Hex, type TransactionReceipt, TransactionReceiptNotFoundError } from 'viem';
import { ChainError } from './errors.js';

/** The part of a chain's client that reads receipts. */
export interface ReceiptReader {
  getTransactionReceipt(request: { readonly hash: Hex }): Promise<TransactionReceipt>;
}

export interface MinedReceiptOptions {
  readonly pollMs?: number;
  readonly timeoutMs?: number;
}

/** @returns the receipt of a transaction; undefined while it is in no block */
export async function knownReceipt(
  client: ReceiptReader,
  hash: Hex,
): Promise<TransactionReceipt | undefined> {
  try {
    return await client.getTransactionReceipt({ hash });
  } catch (error) {
    if (!(error instanceof TransactionReceiptNotFoundError)) throw error;
    return undefined;
  }
}

/**
 * Waits until a transaction is in a block. viem's `waitForTransactionReceipt` looks again when another block comes: on a chain that
 * makes a block only for a transaction, a receipt that was late by a moment would be waited for in vain.
 *
 * @returns the receipt, of a transaction that succeeded or failed
 * @throws {ChainError} where it is in no block after `timeoutMs`
 */
export async function minedReceipt(
  client: ReceiptReader,
  hash: Hex,
  { pollMs = 100, timeoutMs = 180_000 }: MinedReceiptOptions = {},
): Promise<TransactionReceipt> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const receipt = await knownReceipt(client, hash);
    if (receipt !== undefined) return receipt;
    if (performance.now() > deadline)
      throw new ChainError(`transaction ${hash} is in no block after ${timeoutMs / 1000} s`);
    await sleep(pollMs);
  }
}
