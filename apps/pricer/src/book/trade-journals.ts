import { createHash } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import {
  contentOf,
  hexOf,
  type BookChange,
  type OpeningBook,
  type RecordedChange,
  saltOf,
  type TradeReceipt,
} from '#lib/commitment';
import { ZkriskError } from '#lib/errors';
import { type BookEvent, type ExchangeLedger, netBook } from '#lib/exchange';
import { ServiceStateRepository } from '#lib/storage';
import { ReceiptDesk } from './receipt-desk.js';

/** No epoch's journal has a trade yet: the bar it was booked in is not over. */
export class ReceiptPendingError extends ZkriskError {
  readonly code = 'receipt-pending';
  constructor(tradeId: string) {
    super(`trade ${tradeId} will be in the journal of the next epoch: ask again when its bar is over`);
  }
}

/** An event that has changed nothing in the pool's book is in no journal. */
export class NoReceiptError extends ZkriskError {
  readonly code = 'no-receipt';
  constructor(what: string) {
    super(
      `${what} is in no journal: it has neither changed the pool’s book nor paid a premium, or is older than the journals`,
    );
  }
}

/** An epoch's journal: which records are in it. */
interface KeptJournal {
  readonly barEnd: number;
  readonly forecastId: string;
  readonly opening: OpeningBook;
  /** sequences of book events: after the first, up to the last */
  readonly after: number;
  readonly last: number;
}

/** The bar that is not over. */
interface OpenJournal {
  readonly opening: OpeningBook;
  readonly after: number;
}

const SERVICE = 'pricer-journal';
const ENTRIES = 'entries/';
const JOURNALS = 'journal/';
const OPEN = 'open';
const DIGITS = 15;
/** Rows of entries that are read at once: each has a batch's. */
const ROWS_OF_A_PART = 8;

/** Names that sort as their numbers do. */
const ordered = (prefix: string, number: number) => `${prefix}${String(number).padStart(DIGITS, '0')}`;

/**
 * Journals of the epochs: every change of the pool's book, kept in the transaction that books it, and put into a Merkle tree when the
 * book is committed to. Receipts are made from these rows, however old.
 */
export class TradeJournals {
  private readonly states = new ServiceStateRepository(SERVICE);
  private readonly desk = new ReceiptDesk();
  private readonly key: Uint8Array;
  private open: OpenJournal = { opening: [], after: 0 };
  private pending: RecordedChange[] = [];

  /** @param secret salts of events are made from it */
  constructor(
    private readonly database: DataSource,
    secret: string,
  ) {
    this.key = createHash('sha256').update(`journal ${secret}`).digest();
  }

  /** The book is ours to write: takes up the bar that is not over. */
  async restore(ledger: ExchangeLedger): Promise<void> {
    const { manager } = this.database;
    const open = await this.states.load<OpenJournal>(manager, OPEN);
    this.open = open ?? { opening: netBook(ledger), after: ledger.eventCount };
    if (open === undefined) await this.states.save(manager, OPEN, this.open);
    this.pending = await this.entries(this.open.after, Number.MAX_SAFE_INTEGER);
  }

  /**
   * Keeps the records of events.
   *
   * @param texts JSON of the events, the first of which has sequence `first`
   */
  async keep(
    manager: EntityManager,
    records: readonly BookChange[],
    first: number,
    texts: readonly string[],
  ): Promise<void> {
    if (records.length === 0) return;
    const kept = records.map((record) => ({
      ...record,
      content: hexOf(contentOf(this.saltOf(record.sequence), texts[record.sequence - first])),
    }));
    await this.states.saveTexts(manager, [[ordered(ENTRIES, kept[0].sequence), JSON.stringify(kept)]]);
    this.pending.push(...kept);
  }

  /** Changes of the book in the bar that is not over. */
  get current(): { readonly opening: OpeningBook; readonly records: readonly RecordedChange[] } {
    return { opening: this.open.opening, records: this.pending };
  }

  /** The book of a bar was committed to with the journal: the next one begins. */
  async close(
    manager: EntityManager,
    ledger: ExchangeLedger,
    { barEnd, forecastId }: { readonly barEnd: number; readonly forecastId: string },
  ): Promise<void> {
    const { opening, after } = this.open;
    const last = ledger.eventCount;
    const journal: KeptJournal = { barEnd, forecastId, opening, after, last };
    this.open = { opening: netBook(ledger), after: last };
    this.pending = [];
    await this.states.saveTexts(manager, [
      [ordered(JOURNALS, last), JSON.stringify(journal)],
      [OPEN, JSON.stringify(this.open)],
    ]);
  }

  /**
   * The receipt of a trade.
   *
   * @throws {ReceiptPendingError} before its bar is over
   * @throws {NoReceiptError} where no journal has it
   */
  async receipt({
    sequence,
    event,
    tradeId,
  }: {
    readonly sequence: number;
    readonly event: BookEvent;
    readonly tradeId: string;
  }): Promise<TradeReceipt> {
    const journal = await this.journal('name >= $2 and name < $3 order by name', [
      ordered(JOURNALS, sequence),
      ordered(JOURNALS, Number.MAX_SAFE_INTEGER),
    ]);
    if (journal === undefined) throw new ReceiptPendingError(tradeId);
    const receipt = await this.desk.receipt(journal, { sequence }, () => this.parts(journal));
    if (receipt === undefined) throw new NoReceiptError(tradeId);
    return { ...receipt, event: JSON.stringify(event), salt: hexOf(this.saltOf(sequence)) };
  }

  /**
   * An entry of a journal without its event, as a challenge is answered with.
   *
   * @param barEnd milliseconds
   * @throws {NoReceiptError} where there is no such entry
   */
  async entry(barEnd: number, index: number): Promise<TradeReceipt> {
    const journal = await this.journal(
      `starts_with(name, '${JOURNALS}') and (value->>'barEnd')::bigint = $2 order by name desc`,
      [barEnd],
    );
    const missing = new NoReceiptError(`entry ${index} of ${new Date(barEnd).toISOString()}`);
    if (journal === undefined) throw missing;
    const receipt = await this.desk.receipt(journal, { index }, () => this.parts(journal));
    if (receipt === undefined) throw missing;
    return receipt;
  }

  /** Ends the thread that makes receipts. */
  stop(): Promise<void> {
    return this.desk.close();
  }

  /** A journal's records, some rows at a time. */
  private async *parts({ after, last }: KeptJournal): AsyncGenerator<RecordedChange[]> {
    let from = ordered(ENTRIES, after);
    for (;;) {
      const rows = await this.database.query<{ name: string; value: RecordedChange[] }[]>(
        `select name, value from service_state where service = $1 and name > $2 and name <= $3 order by name limit ${ROWS_OF_A_PART}`,
        [SERVICE, from, ordered(ENTRIES, last)],
      );
      yield rows.flatMap(({ value }) => value);
      if (rows.length < ROWS_OF_A_PART) return;
      from = rows.at(-1)!.name;
    }
  }

  private async journal(where: string, parameters: readonly unknown[]): Promise<KeptJournal | undefined> {
    const [row] = await this.database.query<{ value: KeptJournal }[]>(
      `select value from service_state where service = $1 and ${where} limit 1`,
      [SERVICE, ...parameters],
    );
    return row?.value;
  }

  /** Records of events after one sequence and up to another, in order. */
  private async entries(after: number, last: number): Promise<RecordedChange[]> {
    const rows = await this.database.query<{ value: RecordedChange[] }[]>(
      `select value from service_state where service = $1 and name > $2 and name <= $3 order by name`,
      [SERVICE, ordered(ENTRIES, after), ordered(ENTRIES, last)],
    );
    return rows.flatMap(({ value }) => value);
  }

  private saltOf(sequence: number): Uint8Array {
    return saltOf(this.key, String(sequence));
  }
}
