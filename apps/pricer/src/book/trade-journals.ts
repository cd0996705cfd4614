// Long because a journal is kept, hashed, read again and shown by the same rows.
import { createHash } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import {
  type BookChange,
  bytesOf,
  type ChunkStart,
  type ClosedJournal,
  contentOf,
  hexOf,
  JOURNAL_CHUNK,
  type JournalBookState,
  type OpeningBook,
  type ReadChunk,
  type RecordedChange,
  saltOf,
  type TradeReceipt,
} from '#lib/commitment';
import { ZkriskError } from '#lib/errors';
import { type BookEvent, type ExchangeLedger, netBook } from '#lib/exchange';
import { ServiceStateRepository } from '#lib/storage';
import type { BookCommitments } from './book-commitments.js';
import { ReceiptDesk } from './receipt-desk.js';
import type { ReceiptRequest } from './receipt.worker.js';

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

/** An epoch's journal: its tree down to chunks of entries, and which records are in it. */
interface KeptJournal {
  readonly barEnd: number;
  readonly forecastId: string;
  /** in hex */
  readonly root: string;
  readonly entries: number;
  /** digests over the chunks, in hex */
  readonly chunks: readonly string[];
  /** sequence of each chunk's first record */
  readonly firsts: readonly number[];
  /** sequence of the last book event before the next journal */
  readonly last: number;
}

/** The bar that is not over, as it is stored. */
interface OpenJournal {
  readonly opening: OpeningBook;
  /** sequence of the last book event before it */
  readonly after: number;
}

/** The chunks of a journal that the tree has begun so far. */
interface Told {
  /** sequence of each chunk's first record */
  readonly firsts: number[];
  /** beginnings of chunks that are to be kept */
  readonly starts: ChunkStart[];
  /** resolves when the entries on their way are in the tree */
  appended: Promise<void>;
}

/** A journal that the tree is to close with the book at a bar's end. */
export interface ClosingJournal {
  /** the book that the next one begins with */
  readonly opening: OpeningBook;
  /** Keeps it, in the transaction that has closed it. */
  readonly keep: (manager: EntityManager, closed: ClosedJournal) => Promise<void>;
}

const SERVICE = 'pricer-journal';
const ENTRIES = 'entries/';
const CHUNKS = 'chunks/';
const JOURNALS = 'journal/';
const OPEN = 'open';
const DIGITS = 15;
/** The writer waits for the thread that hashes where it is so many records behind. */
const MOST_WAITING = 20_000;
/** Records that the thread is told together: it hashes while the bar goes on, and is woken a few times a bar. */
const TOLD_TOGETHER = 256;
/** Rows that are read at once where a bar that is not over is taken up. */
const ROWS = 200;

/** Names that sort as their numbers do. */
const ordered = (prefix: string, number: number) => `${prefix}${String(number).padStart(DIGITS, '0')}`;

/**
 * Journals of the epochs: every change of the pool's book, kept in the transaction that books it, and added to a Merkle tree beside the
 * writer. Receipts are made from these rows, however old: one takes the rows of one chunk of entries, or two.
 */
export class TradeJournals {
  private readonly states = new ServiceStateRepository(SERVICE);
  private readonly desk = new ReceiptDesk();
  private readonly key: Uint8Array;
  private open: OpenJournal = { opening: [], after: 0 };
  private told = nothingTold();
  /** records that the tree does not have yet */
  private waiting = 0;
  /** those of them that are not on their way */
  private untold: RecordedChange[] = [];

  /** @param secret source of the events' salts */
  constructor(
    private readonly database: DataSource,
    private readonly commitments: BookCommitments,
    secret: string,
  ) {
    this.key = createHash('sha256').update(`journal ${secret}`).digest();
  }

  /**
   * The book is ours to write, or the thread with the tree has begun anew: takes up the bar that is not over.
   *
   * @param manager of the transaction that is under way, if one is
   */
  async restore(ledger: ExchangeLedger, manager: EntityManager = this.database.manager): Promise<void> {
    const open = await this.states.load<OpenJournal>(manager, OPEN);
    this.open = open ?? { opening: netBook(ledger), after: ledger.eventCount };
    this.told = nothingTold();
    [this.waiting, this.untold] = [0, []];
    await this.commitments.beginJournal(this.open.opening);
    if (open === undefined) await this.states.save(manager, OPEN, this.open);
    let name = ordered(ENTRIES, this.open.after);
    for (;;) {
      const rows = await manager.query<{ name: string; value: RecordedChange[] }[]>(
        `select name, value from service_state where service = $1 and name > $2 and name < $3 order by name limit ${ROWS}`,
        [SERVICE, name, ordered(ENTRIES, Number.MAX_SAFE_INTEGER)],
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      for (const { value } of rows) this.append(value);
      this.tell();
      await this.told.appended;
      ({ name } = last);
    }
  }

  /**
   * Keeps the records of events, which get their contents.
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
    // Written into the record, which is ours alone: a spread would take longer than the digest.
    const kept = records.map((record): RecordedChange =>
      Object.assign(record, {
        content: hexOf(contentOf(this.saltOf(record.sequence), texts[record.sequence - first])),
      }),
    );
    const row = [ordered(ENTRIES, kept[0].sequence), JSON.stringify(kept)] as const;
    await this.states.saveTexts(manager, [row, ...takeStarts(this.told)]);
    this.append(kept);
    // Where the thread has failed, the next commitment says so.
    if (this.waiting > MOST_WAITING) await this.told.appended.catch(() => undefined);
  }

  /**
   * The book of a bar is being committed to with this journal: entries from here on are the next one's. Where it is not kept in the end,
   * {@link restore} takes it up again.
   */
  close(
    ledger: ExchangeLedger,
    { barEnd, forecastId }: { readonly barEnd: number; readonly forecastId: string },
  ): ClosingJournal {
    this.tell();
    const { told } = this;
    const last = ledger.eventCount;
    const open = { opening: netBook(ledger), after: last };
    this.open = open;
    this.told = nothingTold();
    return {
      opening: open.opening,
      keep: async (manager, { root, entries, chunks }) => {
        await told.appended;
        const journal: KeptJournal = {
          ...{ barEnd, forecastId, root: hexOf(root), entries, chunks: chunks.map(hexOf) },
          ...{ firsts: told.firsts, last },
        };
        await this.states.saveTexts(manager, [
          ...takeStarts(told),
          [ordered(JOURNALS, last), JSON.stringify(journal)],
          [OPEN, JSON.stringify(open)],
        ]);
      },
    };
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
    const receipt = await this.desk.receipt(async () => {
      const chunk = journal.firsts.findLastIndex((first) => first <= sequence);
      const read = chunk < 0 ? undefined : await this.chunk(journal, chunk);
      const place = read?.records.findIndex((record) => record.sequence === sequence) ?? -1;
      return place < 0 ? undefined : this.source(journal, read!, JOURNAL_CHUNK * chunk + place);
    });
    if (receipt === undefined) throw new NoReceiptError(tradeId);
    return this.withEvent(receipt, sequence, event);
  }

  /** A receipt with the event that it is of, as it was hashed. */
  withEvent(receipt: TradeReceipt, sequence: number, event: BookEvent): TradeReceipt {
    return { ...receipt, event: JSON.stringify(event), salt: hexOf(this.saltOf(sequence)) };
  }

  /**
   * An entry of a journal without its event, as a challenge is answered with, and the event's sequence.
   *
   * @param barEnd milliseconds
   * @throws {NoReceiptError} where there is no such entry
   */
  async entry(
    barEnd: number,
    index: number,
  ): Promise<{ readonly receipt: TradeReceipt; readonly sequence: number }> {
    const journal = await this.journal(
      `starts_with(name, '${JOURNALS}') and (value->>'barEnd')::bigint = $2 order by name desc`,
      [barEnd],
    );
    if (journal === undefined || index >= journal.entries)
      throw new NoReceiptError(`entry ${index} of ${new Date(barEnd).toISOString()}`);
    let sequence = 0;
    const receipt = await this.desk.receipt(async () => {
      const chunk = await this.chunk(journal, Math.floor(index / JOURNAL_CHUNK));
      ({ sequence } = chunk.records[index % JOURNAL_CHUNK]);
      return this.source(journal, chunk, index);
    });
    return { receipt: receipt!, sequence };
  }

  /** Ends the thread that makes receipts. */
  stop(): Promise<void> {
    return this.desk.close();
  }

  /** Adds records to the tree while the writer goes on. */
  private append(records: readonly RecordedChange[]): void {
    this.waiting += records.length;
    this.untold.push(...records);
    if (this.untold.length >= TOLD_TOGETHER) this.tell();
  }

  private tell(): void {
    const { told, untold } = this;
    if (untold.length === 0) return;
    this.untold = [];
    told.appended = this.commitments.append(untold).then((begun) => {
      this.waiting -= untold.length;
      told.firsts.push(...begun.map(({ first }) => first));
      told.starts.push(...begun);
    });
    // Closing the journal reports the failure.
    told.appended.catch(() => undefined);
  }

  private async source(journal: KeptJournal, chunk: ReadChunk, index: number): Promise<ReceiptRequest> {
    const { barEnd, forecastId, entries } = journal;
    const closed = { root: bytesOf(journal.root), entries, chunks: journal.chunks.map(bytesOf) };
    const isFirst = index > 0 && index % JOURNAL_CHUNK === 0;
    const before = isFirst ? await this.chunk(journal, index / JOURNAL_CHUNK - 1) : undefined;
    return { source: { barEnd, forecastId, journal: closed, chunk, before }, index };
  }

  /** Records of a chunk, with the book before them. */
  private async chunk({ firsts, last }: KeptJournal, index: number): Promise<ReadChunk> {
    const { manager } = this.database;
    const [first, next] = [firsts[index], firsts.at(index + 1) ?? last + 1];
    const at = await this.states.load<JournalBookState>(manager, ordered(CHUNKS, first));
    if (at === undefined) throw new Error(`the book before event ${first} was not kept`);
    // A row has the records of a batch, which a chunk may begin in.
    const rows = await manager.query<{ value: RecordedChange[] }[]>(
      `select value from service_state where service = $1 and name < $3 and name >= coalesce(
         (select max(name) from service_state where service = $1 and name > $4 and name <= $2), $2) order by name`,
      [SERVICE, ordered(ENTRIES, first), ordered(ENTRIES, next), ordered(ENTRIES, 0)],
    );
    const records = rows.flatMap(({ value }) => value);
    return { ...at, records: records.filter(({ sequence }) => sequence >= first && sequence < next) };
  }

  private async journal(where: string, parameters: readonly unknown[]): Promise<KeptJournal | undefined> {
    const [row] = await this.database.query<{ value: KeptJournal }[]>(
      `select value from service_state where service = $1 and ${where} limit 1`,
      [SERVICE, ...parameters],
    );
    return row?.value;
  }

  private saltOf(sequence: number): Uint8Array {
    return saltOf(this.key, String(sequence));
  }
}

const nothingTold = (): Told => ({ firsts: [], starts: [], appended: Promise.resolve() });

function takeStarts({ starts }: Told): [name: string, text: string][] {
  return starts.splice(0).map(({ first, ...at }) => [ordered(CHUNKS, first), JSON.stringify(at)]);
}
