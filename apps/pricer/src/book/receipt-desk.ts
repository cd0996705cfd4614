import type { TradeReceipt } from '#lib/commitment';
import { WorkerPool } from '#lib/runtime';
import { Turns } from '#lib/service';
import type { ReceiptRequest } from './receipt.worker.js';

/** Receipts that wait for their turn. */
const MOST_WAITING = 64;

/**
 * Makes receipts in a thread of their own, one at a time, whose records are read when it is its turn. The writer of the book, and the thread
 * that commits to it, wait for none.
 */
export class ReceiptDesk {
  private pool: WorkerPool<ReceiptRequest, TradeReceipt> | undefined;
  private readonly turns = new Turns('receipts', 1, MOST_WAITING);

  /**
   * @param read reads the entry's records; undefined where there is no entry
   * @returns undefined where there is no such entry
   * @throws {BusyError} where too many wait
   */
  receipt(read: () => Promise<ReceiptRequest | undefined>): Promise<TradeReceipt | undefined> {
    return this.turns.take(async () => {
      const found = await read();
      if (found === undefined) return undefined;
      this.pool ??= new WorkerPool(new URL('./receipt.worker.js', import.meta.url), 1);
      return this.pool.run(found);
    });
  }

  async close(): Promise<void> {
    const { pool } = this;
    this.pool = undefined;
    await pool?.close();
  }
}
