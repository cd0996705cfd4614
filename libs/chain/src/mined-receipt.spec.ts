import { type Hex, type TransactionReceipt, TransactionReceiptNotFoundError } from 'viem';
import { describe, expect, it } from 'vitest';
import { minedReceipt, type ReceiptReader } from './mined-receipt.js';

const HASH: Hex = `0x${'12'.repeat(32)}`;
const RECEIPT = { transactionHash: HASH, status: 'success' } as TransactionReceipt;

/** A chain that has the receipt from a look on, and makes no further block. */
function chainWithReceiptFrom(look: number): ReceiptReader & { looks: number } {
  return {
    looks: 0,
    getTransactionReceipt({ hash }) {
      if (++this.looks < look) return Promise.reject(new TransactionReceiptNotFoundError({ hash }));
      return Promise.resolve(RECEIPT);
    },
  };
}

describe('waiting for a receipt', () => {
  it('looks until it is there, though no other block comes', async () => {
    const chain = chainWithReceiptFrom(4);
    expect(await minedReceipt(chain, HASH, { pollMs: 1 })).toBe(RECEIPT);
    expect(chain.looks).toBe(4);
  });

  it('names the transaction that is in no block in time', async () => {
    await expect(
      minedReceipt(chainWithReceiptFrom(Infinity), HASH, { pollMs: 1, timeoutMs: 10 }),
    ).rejects.toThrow(`transaction ${HASH} is in no block after 0.01 s`);
  });

  it('passes other errors on at once', async () => {
    const refusing: ReceiptReader = {
      getTransactionReceipt: () => Promise.reject(new Error('no node answers')),
    };
    await expect(minedReceipt(refusing, HASH)).rejects.toThrow('no node answers');
  });
});
