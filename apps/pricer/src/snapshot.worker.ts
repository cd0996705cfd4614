import { workerData } from 'node:worker_threads';
import type { DataSource } from 'typeorm';
import type { ExchangeLedger } from '#lib/exchange';
import { connectTo } from '#lib/storage';
import { answerRequests, STEP_BACK, stepBack } from '#lib/runtime';
import type { SnapshotReply, SnapshotRequest, SnapshotTerms } from './ledger-snapshots.js';
import { LedgerStore } from './ledger-store.js';

const { address, vesting, stop } = workerData as SnapshotTerms;
const stopping = {
  throwIfAborted() {
    if (Atomics.load(stop, 0) !== 0) throw new Error('the writer has ended');
  },
};

let connection: DataSource | undefined;
/** as of the last snapshot: the next one begins there */
let ledger: ExchangeLedger | undefined;

// The writer goes first where both want the processor.
stepBack(STEP_BACK.far);

answerRequests(async (request: SnapshotRequest): Promise<SnapshotReply | undefined> => {
  if (request === 'take') return take();
  await forget();
  return undefined;
});

async function take(): Promise<SnapshotReply> {
  const started = performance.now();
  try {
    stopping.throwIfAborted();
    connection ??= await connectTo(address);
    const store = new LedgerStore(connection, vesting);
    ledger ??= await store.newestSnapshot(stopping);
    await store.catchUp(ledger, stopping);
    // Counted in full here, beside the writer, which keeps the sums as it goes.
    const wrong = ledger.recount();
    if (wrong !== undefined) throw new Error(`the books do not add up: ${wrong}`);
    const stored = await store.save(ledger, stopping);
    return { sequence: ledger.eventCount, stored, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    // A fold that was cut off is not continued.
    await forget();
    throw error;
  }
}

async function forget(): Promise<void> {
  const old = connection;
  connection = undefined;
  ledger = undefined;
  if (old?.isInitialized) await old.destroy().catch(() => undefined);
}
