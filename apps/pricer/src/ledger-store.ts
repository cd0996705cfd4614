import type { DataSource, EntityManager } from 'typeorm';
import { ExchangeLedger, type LedgerSnapshot, type Vesting } from '#lib/exchange';
import { LedgerSnapshotEntity } from '#lib/storage';
import { Journal } from './journal.js';

/** Asked by a long reading or writing between its steps; an AbortSignal will do. */
export interface Patience {
  /** @throws where it is to end */
  throwIfAborted(): void;
}

/** A snapshot that was held against the journal. */
export interface VerifiedSnapshot {
  readonly sequence: number;
  readonly difference?: readonly [string, string];
}

/** Accounts' books in a part: a megabyte or two of JSON, thawed in some ten milliseconds. */
const BOOKS_IN_PART = 10_000;
/** Batches of the journal that are read at once: some ten thousand events. */
const BATCHES_AT_ONCE = 100;
const KEPT = 3;
const ENDLESS: Patience = new AbortController().signal;

/** The ledger in the tables: its journal, and the snapshots that shorten its reading. */
export class LedgerStore {
  private readonly journal = new Journal();

  constructor(
    private readonly database: DataSource,
    private readonly vesting: Vesting,
  ) {}

  /**
   * The ledger of the newest snapshot, read part by part; an empty one where there is no snapshot.
   *
   * @throws {Error} where parts are missing
   */
  newestSnapshot(patience: Patience = ENDLESS): Promise<ExchangeLedger> {
    // As of one moment: another process may be about to remove it.
    return this.database.transaction('REPEATABLE READ', async (manager) => {
      const [newest] = await manager
        .getRepository(LedgerSnapshotEntity)
        .find({ order: { sequence: 'DESC' }, take: 1 });
      return newest === undefined ? this.empty() : this.read(manager, newest, patience);
    });
  }

  /** The ledger before the first event. */
  empty(): ExchangeLedger {
    return new ExchangeLedger(this.vesting.horizonMs, this.vesting.bucketMs);
  }

  private async read(
    manager: EntityManager,
    { sequence, parts }: LedgerSnapshotEntity,
    patience: Patience,
  ): Promise<ExchangeLedger> {
    const { horizonMs, bucketMs } = this.vesting;
    let ledger: ExchangeLedger | undefined;
    for (let part = 0; part < parts; part++) {
      patience.throwIfAborted();
      const [row] = await manager.query<{ state: LedgerSnapshot }[]>(
        'select state from ledger_snapshot_part where sequence = $1 and part = $2',
        [sequence, part],
      );
      if (row === undefined)
        throw new Error(`the snapshot of event ${sequence} lacks part ${part} of ${parts}`);
      if (ledger === undefined) ledger = ExchangeLedger.restore(row.state, horizonMs, bucketMs);
      else ledger.restorePart(row.state);
    }
    if (ledger?.eventCount !== Number(sequence))
      throw new Error(`the snapshot of event ${sequence} is one of event ${ledger?.eventCount ?? 'none'}`);
    return ledger;
  }

  /**
   * Applies all that is committed and that the ledger has not.
   *
   * @param last sequence number of the last event to apply; as far as the journal goes where it is left out
   * @throws {Error} where the journal has a gap
   */
  async catchUp(ledger: ExchangeLedger, patience: Patience = ENDLESS, last = Infinity): Promise<void> {
    while (ledger.eventCount < last) {
      patience.throwIfAborted();
      const batches = await this.journal.after(this.database.manager, ledger.eventCount, BATCHES_AT_ONCE);
      if (batches.length === 0) return;
      for (const { first, events } of batches) {
        if (ledger.eventCount >= last) break;
        if (first > ledger.eventCount + 1)
          throw new Error(`the journal has a gap: event ${first} follows event ${ledger.eventCount}`);
        for (let i = ledger.eventCount + 1 - first; i < events.length && ledger.eventCount < last; i++)
          ledger.apply(events[i]);
      }
    }
  }

  /**
   * Stores a snapshot, all of its parts or none, and removes all but the newest ones. Nothing may be applied to the ledger
   * meanwhile.
   *
   * @returns whether it was stored; not where there is one of this event already
   */
  save(ledger: ExchangeLedger, patience: Patience = ENDLESS): Promise<boolean> {
    const { eventCount } = ledger;
    return this.database.transaction(async (manager) => {
      // Of two processes at the same event the second waits here for the first, and finds it done.
      const inserted = await manager.query<object[]>(
        'insert into ledger_snapshot (sequence, parts) values ($1, 0) on conflict do nothing returning sequence',
        [eventCount],
      );
      if (inserted.length === 0) return false;
      let parts = 0;
      for (const part of ledger.snapshotParts(BOOKS_IN_PART)) {
        patience.throwIfAborted();
        await manager.query(
          'insert into ledger_snapshot_part (sequence, part, state) values ($1, $2, $3::jsonb)',
          [eventCount, parts++, JSON.stringify(part)],
        );
      }
      await manager.query('update ledger_snapshot set parts = $2 where sequence = $1', [eventCount, parts]);
      await manager.query(
        `delete from ledger_snapshot where sequence not in
           (select sequence from ledger_snapshot order by sequence desc limit ${KEPT})`,
      );
      return true;
    });
  }

  /**
   * Folds the journal from its beginning and holds every snapshot against it, to the last bit.
   *
   * @returns the snapshots, oldest first; with the part that differs, as it is stored and as it should be
   */
  verifySnapshots(): Promise<VerifiedSnapshot[]> {
    return this.database.transaction('REPEATABLE READ', async (manager) => {
      const snapshots = await manager
        .getRepository(LedgerSnapshotEntity)
        .find({ order: { sequence: 'ASC' } });
      const verified: VerifiedSnapshot[] = [];
      const folded = this.empty();
      for (const snapshot of snapshots) {
        const sequence = Number(snapshot.sequence);
        await this.catchUp(folded, ENDLESS, sequence);
        const difference = differentPart(await this.read(manager, snapshot, ENDLESS), folded);
        verified.push({ sequence, ...(difference && { difference }) });
      }
      return verified;
    });
  }
}

function differentPart(stored: ExchangeLedger, folded: ExchangeLedger): [string, string] | undefined {
  const [is, should] = [stored, folded].map((ledger) => ledger.snapshotParts(BOOKS_IN_PART));
  const text = ({ value, done }: IteratorResult<LedgerSnapshot, unknown>) =>
    done === true ? undefined : JSON.stringify(value);
  for (;;) {
    const [ours, theirs] = [text(is.next()), text(should.next())];
    if (ours !== theirs) return [ours ?? 'no part', theirs ?? 'no part'];
    if (ours === undefined) return undefined;
  }
}
