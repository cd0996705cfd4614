import { Logger } from '@nestjs/common';
import { messageOf } from '#lib/errors';
import type { DatabaseAddress } from '#lib/storage';
import { heapAsLarge, WorkerPool } from '#lib/runtime';
import type { Vesting } from '#lib/exchange';

/** Input of the thread that takes snapshots. */
export interface SnapshotTerms {
  readonly address: DatabaseAddress;
  readonly vesting: Vesting;
  /** shared; other than 0 when the thread is to stop its work */
  readonly stop: Int32Array<SharedArrayBuffer>;
}

/** `take`: fold the journal to its end and store a snapshot; `close`: give up the connection. */
export type SnapshotRequest = 'take' | 'close';

export interface SnapshotReply {
  /** events the snapshot has */
  readonly sequence: number;
  /** whether it was this thread that stored it */
  readonly stored: boolean;
  readonly seconds: number;
}

interface Taking {
  readonly pool: WorkerPool<SnapshotRequest, SnapshotReply>;
  readonly stop: SnapshotTerms['stop'];
}

/** A thread that waits for a server that does not answer is ended after so long. */
const STOP_WITHIN_MS = 5_000;

/**
 * Has snapshots of the ledger taken beside the writer of the book: by a thread with a connection and a ledger of its own, which
 * reads committed events. The writer never waits for a snapshot, and goes on without snapshots where none can be taken: they only
 * shorten the next start.
 */
export class LedgerSnapshots {
  private readonly logger = new Logger(LedgerSnapshots.name);
  private taking: Taking | undefined;
  private running: Promise<void> | undefined;
  private used = false;
  private closed = false;
  /** events there were when one was last tried */
  private triedAt = 0;
  /** snapshots stored since the start */
  taken = 0;
  /** snapshots that failed since the start */
  failed = 0;
  /** how long the last one took, seconds */
  lastSeconds: number | undefined;

  /** @param everyEvents events between two snapshots, at least */
  constructor(
    private readonly terms: Omit<SnapshotTerms, 'stop'>,
    private readonly everyEvents: number,
  ) {}

  /**
   * The book is ours to write. Where it was already, nothing changes.
   *
   * @param snapshotAt events the newest snapshot has
   */
  start(snapshotAt: number): void {
    if (this.taking !== undefined || this.closed) return;
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const pool = new WorkerPool<SnapshotRequest, SnapshotReply>(
      new URL('./snapshot.worker.js', import.meta.url),
      1,
      { workerData: { ...this.terms, stop }, resourceLimits: heapAsLarge() },
    );
    this.taking = { pool, stop };
    this.used = false;
    this.triedAt = snapshotAt;
  }

  /** Events were committed: a snapshot is due, or not. Returns at once. */
  committed(ledger: { readonly eventCount: number; readonly accountCount: number }): void {
    if (this.taking === undefined || this.running !== undefined) return;
    // As many events as it has accounts: the cost of a snapshot is then the same for every event, however many accounts there are.
    const every = Math.max(this.everyEvents, ledger.accountCount);
    if (ledger.eventCount < this.triedAt + every) return;
    this.triedAt = ledger.eventCount;
    this.used = true;
    this.running = this.take(this.taking).finally(() => (this.running = undefined));
  }

  /** No further ones; one that is being taken is left. Resolves when the thread has ended. */
  async stop(): Promise<void> {
    const { taking, running, used } = this;
    this.taking = undefined;
    if (taking === undefined) return running;
    Atomics.store(taking.stop, 0, 1);
    if (used)
      await within(
        STOP_WITHIN_MS,
        (running ?? Promise.resolve()).then(() => taking.pool.run('close')),
      );
    await taking.pool.close();
  }

  /** As {@link stop}, for good. */
  close(): Promise<void> {
    this.closed = true;
    return this.stop();
  }

  private async take({ pool, stop }: Taking): Promise<void> {
    try {
      const { sequence, stored, seconds } = await pool.run('take');
      this.triedAt = Math.max(this.triedAt, sequence);
      this.lastSeconds = seconds;
      if (stored) this.taken++;
      this.logger.debug(`snapshot of event ${sequence} in ${seconds.toFixed(1)} s`);
    } catch (error) {
      if (Atomics.load(stop, 0) !== 0) return;
      this.failed++;
      this.logger.warn(`a snapshot of the ledger could not be taken: ${messageOf(error)}`);
    }
  }
}

/** Waits for something that may fail, but not for ever. */
async function within(ms: number, something: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([something.catch(() => undefined), over]);
  clearTimeout(timer);
}
