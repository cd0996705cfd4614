import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BookChange, checkTradeReceipt, hexOf, JOURNAL_CHUNK } from '#lib/commitment';
import { type BookEvent, ExchangeLedger } from '#lib/exchange';
import { BookCommitments } from '../../apps/pricer/src/index.js';
import {
  NoReceiptError,
  ReceiptPendingError,
  TradeJournals,
} from '../../apps/pricer/src/book/trade-journals.js';
import { startTestDatabase, type TestDatabase } from '../support/database.js';

const SECRET = randomBytes(32).toString('base64url');
const BAR = 3_600_000;
const BATCHES = [700, 700, JOURNAL_CHUNK];
/** Every second event changes the pool's book. */
const EVENTS = 2 * BATCHES.reduce((sum, count) => sum + count, 0);

const depositOf = (sequence: number): BookEvent => ({
  ...{ kind: 'account-deposited', at: sequence, commandId: `d${sequence}`, account: 'a', amount: '1' },
});
const changeOf = (sequence: number): BookChange => ({
  ...{ sequence, time: sequence, kind: 1, capital: '5', liquidity: '6', pending: '0', traded: '1' },
  ...{ riskPremium: '2', liquidityPremium: '1', charged: '3' },
  changes: [[`M${sequence % 5}`, String(sequence), String(-sequence)]],
  marks: [[`M${sequence % 5}`, String(sequence)]],
});

/** The part of a pricer that keeps journals; another one on the same tables goes on where it was. */
class Writer {
  readonly commitments = new BookCommitments({ secret: SECRET, kept: 512 << 20 });
  readonly journals: TradeJournals;

  constructor(
    private readonly database: DataSource,
    readonly ledger: ExchangeLedger,
  ) {
    this.journals = new TradeJournals(database, this.commitments, SECRET);
  }

  async begin(): Promise<this> {
    this.commitments.start(this.ledger);
    await this.journals.restore(this.ledger);
    return this;
  }

  /** Events after the ledger's last one, in one transaction. */
  async book(changes: number): Promise<void> {
    const first = this.ledger.eventCount + 1;
    const events = Array.from({ length: 2 * changes }, (_, i) => depositOf(first + i));
    for (const event of events) this.ledger.apply(event);
    this.commitments.booked(events);
    const records = Array.from({ length: changes }, (_, i) => changeOf(first + 2 * i + 1));
    const texts = events.map((event) => JSON.stringify(event));
    await this.database.transaction((manager) => this.journals.keep(manager, records, first, texts));
  }

  async close(barEnd: number, meanwhile = () => Promise.resolve()): Promise<string> {
    const at = { barEnd, forecastId: `f${barEnd}` };
    const { opening, keep } = this.journals.close(this.ledger, at);
    const { answer } = await this.commitments.commit(at, opening);
    // More is booked while the thread hashes: it belongs to the next journal.
    await meanwhile();
    const { journal } = (await answer)!;
    await this.database.transaction((manager) => keep(manager, journal));
    return hexOf(journal.root);
  }
}

describe('journals of more entries than a chunk has', () => {
  let database: TestDatabase;
  let connection: DataSource;
  let writer: Writer;
  let root: string;
  const receipt = (sequence: number) =>
    writer.journals.receipt({ sequence, event: depositOf(sequence), tradeId: `t${sequence}` });

  beforeAll(async () => {
    database = await startTestDatabase();
    connection = await database.connect();
    writer = await new Writer(connection, new ExchangeLedger(8, 1)).begin();
    await writer.book(BATCHES[0]);
    await writer.book(BATCHES[1]);
    await expect(receipt(2)).rejects.toThrow(ReceiptPendingError);
    // The process ends in the middle of the bar, and another one goes on.
    await writer.commitments.close();
    writer = await new Writer(connection, writer.ledger).begin();
    await writer.book(BATCHES[2]);
    root = await writer.close(BAR, () => writer.book(1));
  });
  afterAll(async () => {
    await writer?.commitments.close();
    await connection?.destroy();
    await database?.stop();
  });

  it('have a receipt for each, wherever batches and chunks begin', async () => {
    const entries = EVENTS / 2;
    const places = [0, 1, 699, 700, JOURNAL_CHUNK - 1, JOURNAL_CHUNK, JOURNAL_CHUNK + 1, 1399, 1400];
    for (const index of [...places, 2 * JOURNAL_CHUNK, entries - 1]) {
      const sequence = 2 * (index + 1);
      const found = await receipt(sequence);
      expect([found.index, found.journal.entries]).toEqual([index, entries]);
      expect(found.event).toBe(JSON.stringify(depositOf(sequence)));
      expect(await writer.journals.entry(BAR, index)).toEqual({
        receipt: { ...found, event: null, salt: null },
        sequence,
      });
      // Its event is a deposit, which explains no change: the rest is checked without it.
      checkTradeReceipt({ ...found, event: null, salt: null }, root);
    }
  });

  it('have none for events that changed nothing, and for places beyond the last', async () => {
    await expect(receipt(1)).rejects.toThrow(NoReceiptError);
    await expect(receipt(2 * JOURNAL_CHUNK + 1)).rejects.toThrow(NoReceiptError);
    await expect(writer.journals.entry(BAR, EVENTS / 2)).rejects.toThrow(NoReceiptError);
    await expect(receipt(EVENTS + 2)).rejects.toThrow(ReceiptPendingError);
  });

  it('begin anew where the thread that hashes them has failed: nothing is left out', async () => {
    const { commitments, ledger, journals } = writer;
    commitments.start(ledger);
    // The new thread has no journal.
    const at = { barEnd: 2 * BAR, forecastId: 'f' };
    const { answer } = await commitments.commit(at, journals.close(ledger, at).opening);
    expect(await answer).toBeNull();
    await journals.restore(ledger);
    const next = await writer.close(2 * BAR);
    const { receipt: entry } = await journals.entry(2 * BAR, 0);
    expect(checkTradeReceipt(entry, next)).toMatchObject({ entries: 1, index: 0 });
  });
});
