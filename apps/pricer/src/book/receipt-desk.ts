import { setTimeout as sleep } from 'node:timers/promises';
import type { OpeningBook, RecordedChange, TradeReceipt } from '#lib/commitment';
import { WorkerPool } from '#lib/runtime';
import { Turns } from '#lib/service';
import type { JournalOf, PlaceInJournal, ReceiptReply, ReceiptRequest } from './receipt.worker.js';

/** Receipts that wait for their turn. */
const MOST_WAITING = 64;
/** While a journal is read, the process does so much else, as a multiple of the time that reading takes. */
const REST = 3;

/**
 * Makes receipts in a thread of their own, one at a time: a journal is read once, in parts, and kept with its tree while it is asked for. The
 * writer of the book, and the thread that commits to it, wait for none.
 */
export class ReceiptDesk {
  private pool: WorkerPool<ReceiptRequest, ReceiptReply> | undefined;
  private readonly turns = new Turns('receipts', 1, MOST_WAITING);

  /**
   * @param parts of the journal's records, in order, read as they are asked for
   * @returns undefined where the journal has no such entry
   * @throws {BusyError}
   */
  receipt(
    { barEnd, forecastId, opening }: JournalOf & { readonly opening: OpeningBook },
    place: PlaceInJournal,
    parts: () => AsyncIterable<readonly RecordedChange[]>,
  ): Promise<TradeReceipt | undefined> {
    const of = { barEnd, forecastId };
    return this.turns.take(async () => {
      const pool = (this.pool ??= new WorkerPool(new URL('./receipt.worker.js', import.meta.url), 1));
      const known = await pool.run({ kind: 'receipt', of, place });
      if (known !== 'no-journal') return receiptOf(known);
      await pool.run({ kind: 'begin', of, opening });
      let began = performance.now();
      for await (const records of parts()) {
        await pool.run({ kind: 'records', records });
        await sleep(REST * (performance.now() - began));
        began = performance.now();
      }
      await pool.run({ kind: 'end' });
      return receiptOf(await pool.run({ kind: 'receipt', of, place }));
    });
  }

  async close(): Promise<void> {
    const { pool } = this;
    this.pool = undefined;
    await pool?.close();
  }
}

function receiptOf(reply: ReceiptReply): TradeReceipt | undefined {
  return typeof reply === 'object' ? reply : undefined;
}
