// Long because the tree of accounts is copied, hashed early and committed by steps over one state.
import { setImmediate as turn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { isolatedAccount } from '#lib/amounts';
import {
  accountSums,
  type ChunkStart,
  type ClosedJournal,
  hexOf,
  type Holdings,
  type IncludedAccount,
  type OpeningBook,
  type PoolAmounts,
  type RecordedChange,
  type Sums,
  type Totals,
} from '#lib/commitment';
import { messageOf, ZkriskError } from '#lib/errors';
import { accountsOf, type BookEvent, type ExchangeLedger, UnknownAccountError } from '#lib/exchange';
import type { BookCommitmentPayload } from '#lib/messages';
import { heapAsLarge, WorkerPool } from '#lib/runtime';
import { packed } from './account-batch.js';
import type {
  CommitmentReply,
  CommitmentRequest,
  CommitmentTerms,
  CommittedAt,
  CommittedBook,
} from './commitment.worker.js';

/** The tree of accounts is with the process that writes the book. */
export class NotTheWriterError extends ZkriskError {
  readonly code = 'not-the-writer';
  constructor() {
    super('this process does not write the book: the one that does knows where accounts stand in it');
  }
}

/** No commitment of such a bar is kept any more, or yet. */
export class UnknownEpochError extends ZkriskError {
  readonly code = 'unknown-epoch';
  constructor(barEnd: number | undefined) {
    super(
      barEnd === undefined
        ? 'no book has been committed to yet'
        : `the book of ${new Date(barEnd).toISOString()} is not kept: paths are there for the last books since the start of the process that writes`,
    );
  }
}

/** Accounts that are read at once: the writer's loop goes on in between. */
const SLICE = 500;
/**
 * The thread is told of so many changed accounts while the bar goes on, so that the forecast that ends it waits for few; but not sooner than
 * after some seconds, unless they are very many: accounts that trade all the time would be told of again and again.
 */
const TOLD_EARLY = { accounts: 1_000, afterMs: 5_000, atOnce: 10_000 };
/** 10^18: a funding index's extra decimals beside money */
const INDEX = 10n ** 18n;

interface Keeping {
  readonly pool: WorkerPool<CommitmentRequest, CommitmentReply>;
  readonly ledger: ExchangeLedger;
  /** accounts changed since the thread last got them */
  readonly changed: Set<string>;
  /** participants who have a leaf: the others get theirs in order */
  placed: number;
  /** resolves when the accounts on their way have arrived */
  told: Promise<void>;
  telling: boolean;
  /** when the thread was last told of accounts, by the process’s clock */
  toldAt: number;
  ended: boolean;
}

/**
 * Commits to all accounts at every forecast: a Merkle tree of sums, kept by a thread beside the writer of the book, which is told of
 * the accounts that have changed. The tree's sums are compared with the ledger's own each time.
 */
export class BookCommitments {
  private readonly logger = new Logger(BookCommitments.name);
  private keeping: Keeping | undefined;
  private closed = false;

  constructor(
    private readonly terms: CommitmentTerms,
    private readonly early = TOLD_EARLY,
  ) {}

  /** The book is ours to write: the tree is built anew, beside the writer. */
  start(ledger: ExchangeLedger): void {
    void this.stop();
    if (this.closed) return;
    // The tree is about as large as the ledger.
    const pool = new WorkerPool<CommitmentRequest, CommitmentReply>(
      new URL('./commitment.worker.js', import.meta.url),
      1,
      { workerData: this.terms, resourceLimits: heapAsLarge() },
    );
    const placed = ledger.participants.length;
    const changed = new Set<string>();
    const keeping: Keeping = {
      pool,
      ledger,
      changed,
      placed,
      told: Promise.resolve(),
      telling: false,
      toldAt: performance.now(),
      ended: false,
    };
    this.keeping = keeping;
    this.tell(keeping, ledger.participants.slice(0, placed));
  }

  /** Tells the thread of accounts while the writer goes on. */
  private tell(keeping: Keeping, accounts: Iterable<string>): void {
    keeping.telling = true;
    keeping.toldAt = performance.now();
    keeping.told = tell(keeping, accounts).then(() => void (keeping.telling = false));
    // The next commitment reports the failure.
    keeping.told.catch(() => undefined);
  }

  /** Events have been applied to the ledger. Accounts that change while they are sent are sent again. */
  booked(events: readonly BookEvent[]): void {
    const { keeping } = this;
    if (keeping === undefined) return;
    for (const event of events) {
      for (const account of accountsOf(event)) keeping.changed.add(account);
      if ('provider' in event) keeping.changed.add(event.provider);
    }
    const { size } = keeping.changed;
    const { accounts, afterMs, atOnce } = this.early;
    if (keeping.telling || size < accounts) return;
    if (size >= atOnce || performance.now() - keeping.toldAt > afterMs)
      this.tell(keeping, changedParticipants(keeping));
  }

  /** Begins a journal of the book's changes, after {@link start}; {@link commit} begins the next ones. */
  async beginJournal(opening: OpeningBook): Promise<void> {
    await this.keeping?.pool.run({ kind: 'begin-journal', opening });
  }

  /**
   * Adds entries to the journal, beside the writer.
   *
   * @returns the book where chunks of entries begin
   */
  async append(records: readonly RecordedChange[]): Promise<readonly ChunkStart[]> {
    const starts = await this.keeping?.pool.run({ kind: 'append', records });
    return (starts ?? []) as readonly ChunkStart[];
  }

  /**
   * Commits to the book as it is now, and to its changes since the commitment before. The book must not change until this
   * resolves; it may change before the thread answers.
   *
   * @param opening the book that the next journal begins with
   * @returns the thread’s answer: null where it cannot be committed to, which is logged: the tree is then built anew, and has no journal
   */
  async commit(
    at: Omit<CommittedAt, 'pool'>,
    opening: OpeningBook,
  ): Promise<{ readonly answer: Promise<Committed | null> }> {
    const { keeping } = this;
    if (keeping === undefined) return { answer: Promise.resolve(null) };
    const { ledger } = keeping;
    const pool = {
      capital: ledger.capital - ledger.shortfall,
      liquidity: ledger.liquidity,
      pending: ledger.pendingToCapital,
      other: ledger.pendingToLiquidity + ledger.creditReserve + ledger.notes.fund,
    };
    try {
      await keeping.told;
      const changed = changedParticipants(keeping);
      const last = changed.splice(Math.max(0, changed.length - SLICE));
      await tell(keeping, changed);
      const accounts = packed(last.map((name) => [name, accountSums(holdingsOf(ledger, name))]));
      const answer = keeping.pool.run({ kind: 'commit', accounts, at: { ...at, pool }, opening });
      const wrong = differences(ledger);
      return {
        answer: answer
          .then((book) => committedBook(book as CommittedBook, pool, wrong))
          .catch((error: unknown) => this.afterFailure(keeping, at, error)),
      };
    } catch (error) {
      return { answer: Promise.resolve(this.afterFailure(keeping, at, error)) };
    }
  }

  private afterFailure(keeping: Keeping, { forecastId }: Omit<CommittedAt, 'pool'>, error: unknown): null {
    if (keeping.ended) return null;
    this.logger.error(`the book of ${forecastId} could not be committed to: ${messageOf(error)}`);
    this.start(keeping.ledger);
    return null;
  }

  /**
   * Where an account stands in a book that was committed to: its cross margin, and isolated positions.
   *
   * @param barEnd end of the bar, milliseconds; by default the newest book
   * @throws {NotTheWriterError} in a process that does not write the book
   * @throws {UnknownEpochError} for a bar whose book is not kept
   * @throws {UnknownAccountError} for an account that was not in it
   */
  async inclusion(account: string, barEnd?: number): Promise<IncludedAccount> {
    const { keeping } = this;
    if (keeping === undefined) throw new NotTheWriterError();
    const isolated = keeping.ledger.marketNames().map((market) => isolatedAccount(account, market));
    const accounts = [account, ...isolated];
    await keeping.told;
    const reply = await keeping.pool.run({ kind: 'inclusion', accounts, barEnd });
    if (reply === 'unknown-epoch') throw new UnknownEpochError(barEnd);
    if (reply === 'unknown-account') throw new UnknownAccountError(account);
    return reply as IncludedAccount;
  }

  /**
   * Place of one account, cross or isolated, in the book that was the last one at a time.
   *
   * @param at market time, milliseconds
   * @returns undefined where no such book is kept, the account was not in it, or this process does not write the book
   */
  async leaf(account: string, at: number): Promise<IncludedAccount | undefined> {
    const { keeping } = this;
    if (keeping === undefined) return undefined;
    await keeping.told;
    return (await keeping.pool.run({ kind: 'leaf', account, at })) as IncludedAccount | undefined;
  }

  /** The book is somebody else's to write. */
  async stop(): Promise<void> {
    const { keeping } = this;
    this.keeping = undefined;
    if (keeping === undefined) return;
    keeping.ended = true;
    await keeping.pool.close();
  }

  /** As {@link stop}, for good. */
  close(): Promise<void> {
    this.closed = true;
    return this.stop();
  }
}

/** Participants whose leaves have changed, new ones first and in the ledger's order: places do not depend on when this process began. */
function changedParticipants(keeping: Keeping): string[] {
  const { ledger, changed } = keeping;
  const came = ledger.participants.slice(keeping.placed);
  for (const name of came) changed.delete(name);
  const all = [...came, ...[...changed].filter((name) => ledger.isParticipant(name))];
  keeping.placed = ledger.participants.length;
  changed.clear();
  return all;
}

/** Sends the thread the accounts' sums, some at a time. */
async function tell(keeping: Keeping, accounts: Iterable<string>): Promise<void> {
  let slice: [string, Sums][] = [];
  const send = async () => {
    const sent = slice;
    slice = [];
    await keeping.pool.run({ kind: 'set', accounts: packed(sent) });
  };
  for (const account of accounts) {
    slice.push([account, accountSums(holdingsOf(keeping.ledger, account))]);
    if (slice.length < SLICE) continue;
    await send();
    await turn();
    if (keeping.ended) return;
  }
  if (slice.length > 0) await send();
}

function holdingsOf(ledger: ExchangeLedger, name: string): Holdings {
  const { cash, positions } = ledger.account(name);
  return {
    cash,
    shares: ledger.sharesOf(name),
    positions: positions.map(({ market, size, entryNotional, fundingIndex }) => ({
      ...{ market, size, entry: entryNotional },
      accrual: (size * fundingIndex) / INDEX,
    })),
  };
}

/** A commitment to the book, and the journal of its changes that was closed with it. */
export interface Committed {
  readonly book: BookCommitmentPayload;
  readonly journal: ClosedJournal;
}

/** @throws {Error} where the accounts’ sums differ from the ledger's own */
function committedBook(
  { root, digest, sums, totals, journal }: CommittedBook,
  pool: PoolAmounts,
  difference: (totals: Totals) => string | undefined,
): Committed {
  const wrong = difference(totals);
  if (wrong !== undefined) throw new Error(`the accounts’ ${wrong} differs from the ledger’s`);
  const book = {
    ...{ root, digest, sums, accounts: Number(totals.accounts) },
    journal: { root: hexOf(journal.root), entries: journal.entries },
    pool: {
      capital: String(pool.capital),
      liquidity: String(pool.liquidity),
      pending: String(pool.pending),
      other: String(pool.other),
    },
  };
  return { book, journal };
}

/** Compares accounts' sums with the ledger's own of this moment; the ledger may change before the comparison is called. */
function differences(ledger: ExchangeLedger): (totals: Totals) => string | undefined {
  const markets = ledger.marketNames().map((market) => {
    const { size, longSize, entryNotional, unsettledFunding } = ledger.market(market);
    return { market, size, longSize, entryNotional, unsettledFunding };
  });
  const cash = markets.reduce((sum, { unsettledFunding }) => sum + unsettledFunding, ledger.collateral);
  const { outstandingShares } = ledger;
  return (totals) => {
    const summed = new Map(totals.markets.map((of) => [of.market, of]));
    for (const { market, size, longSize, entryNotional } of markets) {
      const { long, short, entry } = summed.get(market) ?? { long: 0n, short: 0n, entry: 0n };
      if (long - short !== size || long !== longSize) return `size in ${market}`;
      if (entry !== entryNotional) return `entry notional in ${market}`;
    }
    if (totals.cash - totals.debt !== cash) return 'cash';
    if (totals.shares !== outstandingShares) return 'shares of liquidity';
    return undefined;
  };
}
