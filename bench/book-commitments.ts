import { setTimeout as sleep } from 'node:timers/promises';
import { BookCommitments } from '../apps/pricer/src/index.js';
import { checkIncludedAccount } from '#lib/commitment';
import type { BookEvent, ExchangeLedger } from '#lib/exchange';
import { randomStream } from '#lib/runtime';
import { threadCpuMs } from './process-times.js';

const MARKETS = Array.from({ length: 32 }, (_, i) => `MARKET-${String(i).padStart(2, '0')}`);
const POSITIONS = 5;
const CHANGED = 10_000;
/** Accounts that one batch changes, and how long until the next. */
const BATCH = 200;
const BATCH_MS = 200;
const CHECKS = 200;

/** Time of a commitment. CPU of the threads beside the writer's: the tree's, and those that collect its garbage. */
interface Committed {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** longest turn of the writer's loop: its own CPU time, milliseconds */
  readonly longestTurnMs: number;
}

export interface CommitmentFigures {
  readonly accounts: number;
  readonly build: Committed;
  /** hashed while accounts change, and at the commitment */
  readonly changed: { readonly accounts: number; readonly booked: Committed; readonly commit: Committed };
  readonly path: { readonly ms: number; readonly bytes: number };
  readonly check: { readonly firstMs: number; readonly medianMs: number; readonly slowestMs: number };
  readonly memoryMb: number;
}

/** The part of a ledger that its commitment reads: accounts of five positions each. */
class SyntheticBook {
  readonly capital = 10n ** 14n;
  readonly shortfall = 0n;
  readonly liquidity = 10n ** 14n;
  readonly pendingToCapital = 0n;
  readonly pendingToLiquidity = 0n;
  readonly creditReserve = 0n;
  readonly notes = { fund: 0n };
  readonly outstandingShares = 0n;
  private readonly random = randomStream(3);
  private readonly cash: number[] = [];
  /** of all accounts */
  collateral = 0n;
  /** sizes of long and of short positions, by market */
  private readonly sides = MARKETS.map(() => [0, 0] as [long: number, short: number]);
  private readonly sizes: Float64Array;
  private readonly places: Uint8Array;

  constructor(readonly accounts: number) {
    this.sizes = new Float64Array(accounts * POSITIONS);
    this.places = new Uint8Array(accounts * POSITIONS);
    this.participants = Array.from({ length: accounts }, (_, i) => `a${i}`);
    for (let i = 0; i < accounts; i++) {
      this.cash.push(Math.round(1e12 * this.random.uniform()));
      const from = Math.floor(MARKETS.length * this.random.uniform());
      for (let k = 0; k < POSITIONS; k++) {
        this.places[i * POSITIONS + k] = (from + k * k) % MARKETS.length;
        this.trade(i, k);
      }
      this.collateral += BigInt(this.cash[i]);
    }
  }

  /** Gives an account another position. */
  trade(account: number, position = 0): void {
    const at = account * POSITIONS + position;
    const sides = this.sides[this.places[at]];
    const before = this.sizes[at];
    const after = Math.round(1e10 * this.random.normal());
    sides[before > 0 ? 0 : 1] -= Math.abs(before);
    sides[after > 0 ? 0 : 1] += Math.abs(after);
    this.sizes[at] = after;
  }

  account(name: string) {
    const i = Number(name.slice(1));
    const positions = Array.from({ length: POSITIONS }, (_, k) => {
      const size = BigInt(this.sizes[i * POSITIONS + k]);
      const market = MARKETS[this.places[i * POSITIONS + k]];
      return { market, size, entryNotional: 5n * size, fundingIndex: 0n };
    });
    return { cash: BigInt(this.cash[i]), positions };
  }

  readonly participants: readonly string[];
  isParticipant = () => true;
  sharesOf = () => 0n;
  marketNames = () => MARKETS;

  market(name: string) {
    const [long, short] = this.sides[MARKETS.indexOf(name)].map(BigInt);
    return { size: long - short, longSize: long, entryNotional: 5n * (long - short), unsettledFunding: 0n };
  }
}

/** Milliseconds of CPU time of all threads. */
const allCpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Waits for work that another thread does, and looks how long each turn of this one's loop takes it meanwhile. */
async function watched(work: () => Promise<unknown>): Promise<Committed> {
  const [started, all, own] = [performance.now(), allCpuMs(), threadCpuMs()];
  let done = false;
  const finished = work().finally(() => (done = true));
  let longest = 0;
  for (let before = threadCpuMs(); !done;) {
    await sleep(1);
    const now = threadCpuMs();
    longest = Math.max(longest, now - before);
    before = now;
  }
  await finished;
  return {
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (allCpuMs() - all - (threadCpuMs() - own)) / 1000,
    longestTurnMs: longest,
  };
}

/** The commitment of a book of many accounts, by the thread that the pricer has for it. */
export async function commitmentFigures(accounts: number): Promise<CommitmentFigures> {
  const book = new SyntheticBook(accounts);
  const ledger = book as unknown as ExchangeLedger;
  const commitments = new BookCommitments({ secret: 'bench', kept: 512 << 20 });
  const commit = async (barEnd: number) => {
    const { answer } = await commitments.commit({ barEnd, forecastId: 'f' }, []);
    if ((await answer) === null) throw new Error('not committed');
  };
  const build = await watched(async () => {
    commitments.start(ledger);
    await commitments.beginJournal([]);
    await commit(1);
  });
  const event = (i: number) => ({ kind: 'account-deposited', account: `a${i}` }) as unknown as BookEvent;
  const random = randomStream(4);
  const chosen = Array.from({ length: CHANGED }, () => Math.floor(accounts * random.uniform()));
  const bookTrades = async () => {
    // As batches of a writer do.
    for (let from = 0; from < CHANGED; from += BATCH) {
      const batch = chosen.slice(from, from + BATCH);
      for (const account of batch) book.trade(account);
      commitments.booked(batch.map(event));
      await sleep(BATCH_MS);
    }
  };
  const booked = await watched(bookTrades);
  const changed = await watched(() => commit(2));
  const asked = performance.now();
  const text = JSON.stringify(await commitments.inclusion('a7'));
  const path = { ms: performance.now() - asked, bytes: text.length };
  const times = Array.from({ length: CHECKS }, () => {
    const from = performance.now();
    checkIncludedAccount(JSON.parse(text));
    return performance.now() - from;
  });
  const [firstMs] = times;
  const sorted = times.toSorted((a, b) => a - b);
  const memoryMb = Math.round(process.memoryUsage.rss() / 2 ** 20);
  await commitments.close();
  return {
    ...{ accounts, build, changed: { accounts: CHANGED, booked, commit: changed }, path, memoryMb },
    check: { firstMs, medianMs: sorted[CHECKS >> 1], slowestMs: sorted[CHECKS - 1] },
  };
}
