import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import {
  AccountViews,
  bookView,
  BookCommitments,
  fundingView,
  marketsView,
  premiumCurveView,
  previewParameters,
  riskView,
  StressDesk,
} from '../apps/pricer/src/index.js';
import {
  type BookEvent,
  ExchangeLedger,
  type ExchangeParameters,
  firstRules,
  lossShareNow,
  PricingEngine,
} from '#lib/exchange';
import { BookCopy } from '#lib/lab';
import { randomStream } from '#lib/runtime';
import { PARAMETERS as MACHINE, START } from '../test/support/exchange-machine.js';
import { factorsOf, forecastOf } from './decisions.js';
import { threadCpuMs } from './process-times.js';

/** The rules of an exchange that is set up without settings. */
const PARAMETERS: ExchangeParameters = { ...MACHINE, rules: firstRules({}) };

/** How long a piece of work holds the thread that decides trades. */
export interface WriterTurn {
  readonly work: string;
  /** longest turn of the event loop: this thread's own CPU time, ms */
  readonly longestMs: number;
  /** of all its turns, ms */
  readonly allMs: number;
}

async function measured(work: string, run: () => unknown): Promise<WriterTurn> {
  const started = threadCpuMs();
  let last = started;
  let longest = 0;
  let ended = false;
  const look = () => {
    const now = threadCpuMs();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const running = Promise.resolve(run()).finally(() => (ended = true));
  look();
  while (!ended) {
    await sleep(4);
    look();
  }
  await running;
  return { work, longestMs: longest, allMs: last - started };
}

/** A book of accounts that each have positions in one to three markets, booked without being decided. */
function bookOf(markets: number, accounts: number): PricingEngine {
  const ledger = new ExchangeLedger(PARAMETERS.horizonMs, PARAMETERS.horizonMs / 1440);
  const engine = new PricingEngine(PARAMETERS, ledger);
  let sequence = 0;
  for (let i = 0; i < markets; i++)
    engine.take({ market: `M${i}`, price: '100', time: START + i, sequence: ++sequence });
  const at = START + markets;
  engine.setForecast(forecastOf(markets, factorsOf(markets)));
  engine.liquidity({ kind: 'deposit', commandId: 'lp', provider: 'lp', amount: String(2000 * accounts) }, at);
  engine.takeMatured();
  const random = randomStream(23);
  for (let a = 0; a < accounts; a++) {
    const account = `account-${a}`;
    const size = (random.uniform() < 0.5 ? -1 : 1) * (1 + 50 * random.uniform());
    const legs = Array.from({ length: 1 + (a % 3) }, (_, k) => ({
      market: `M${(a + 7 * k) % markets}`,
      ...{ size: (k % 2 === 0 ? size : -size / 2).toFixed(4), price: '100' },
    }));
    // Leverage from a half to twenty.
    const amount = ((100 * Math.abs(size)) / (0.5 + 19.5 * random.uniform() ** 2)).toFixed(2);
    const events: BookEvent[] = [
      { kind: 'account-deposited', at, commandId: `d${a}`, account, amount },
      {
        ...{ kind: 'trade-booked', at, tradeId: `t${a}`, account, legs, forecastId: 'f1', quoteId: null },
        ...{ riskPremium: '50', liquidityPremium: '5' },
      },
    ];
    for (const event of events) ledger.apply(event);
  }
  // Taken up as after a start: what the engine keeps beside the ledger is made from it.
  return new PricingEngine(PARAMETERS, ledger, engine.snapshot(), engine.board.latestForecast);
}

/** The work of the writer's thread that looks at many accounts, or could. */
export async function writerTurns(markets: number, accounts: number): Promise<WriterTurn[]> {
  const turns: WriterTurn[] = [];
  const engine = bookOf(markets, accounts);
  const add = async (work: string, run: () => unknown) => {
    const done = await measured(work, run);
    turns.push(done);
    process.stderr.write(`${done.work}: ${done.longestMs.toFixed(1)} of ${done.allMs.toFixed(1)} ms\n`);
  };
  const { ledger, board } = engine;
  let at = board.now;
  let sequence = 1e9;
  const tick = (price: string) => {
    engine.take({ market: 'M0', price, time: (at += 1000), sequence: ++sequence });
    engine.takeMatured();
  };
  let bars = 0;
  const forecast = (count = markets) =>
    engine.setForecast({ ...forecastOf(count, factorsOf(count)), forecastId: `bar${++bars}`, barEnd: at });
  await add('accounts are counted at a start', async () => {
    for (const _ of engine.credit.prepare(1000)) await turn();
  });
  await add('the first bar after a start', () => forecast());
  // Everybody's charge is set once: as a book is that has been open for a while.
  while (!engine.credit.complete) tick('100');
  const trade = (account: number) =>
    engine.book(
      { tradeId: `x${++sequence}`, account: `account-${account}`, legs: [{ market: 'M1', size: '0.01' }] },
      at,
    );
  await add('a trade', () => trade(5));
  await add('a bar', () => forecast());
  await add('a tick while the bar’s pass goes on', () => {
    tick('100.1');
  });
  await add('C_k of all accounts, which a command near the caps asks for once a bar', () =>
    engine.credit.worst(20),
  );
  const views = new AccountViews(() => engine);
  await add('GET /v1/markets', () => JSON.stringify(marketsView(engine)));
  await add('GET /v1/book', () => JSON.stringify(bookView(engine)));
  await add('GET /v1/risk', () => JSON.stringify(riskView(engine)));
  await add('GET /v1/funding', () => JSON.stringify(fundingView(engine)));
  await add('GET /v1/markets/M3/premia', () => JSON.stringify(premiumCurveView(engine, 'M3', 1e6)));
  await add('GET /v1/accounts/…', () => JSON.stringify(views.account('account-17')));
  await add('state for the tables, a batch', () => JSON.stringify(engine.changes()));
  await add('state for the tables, whole', () => JSON.stringify(engine.snapshot()));
  await add('the book is copied for its stress', async () => {
    const copy = BookCopy.of(engine)!;
    while (copy.slice() !== undefined) await turn();
  });
  await add('POST /v1/admin/parameters/preview', () =>
    previewParameters(engine, firstRules({ margin: { mode: 'portfolio' } }).parameters),
  );
  const commitments = new BookCommitments({ secret: 'bench', kept: 512 << 20 });
  await add('the tree of accounts is built at a start', async () => {
    commitments.start(ledger);
    await commitments.beginJournal([]);
    const { answer } = await commitments.commit({ barEnd: at, forecastId: 'f1' }, []);
    if ((await answer) === null) throw new Error('the book was not committed to');
  });
  await commitments.close();
  await add('a market leaves the forecast', () => forecast(markets - 1));
  await add('a trade after it', () => trade(6));
  await add('how a loss past the pool would be shared', () => lossShareNow(engine));
  const desk = new StressDesk(() => engine);
  await add('GET /v1/stress, the first', () => desk.latest());
  process.stderr.write(`  ${desk.lastSeconds.toFixed(1)} s\n`);
  forecast();
  await add('GET /v1/stress, a bar on', () => desk.latest());
  process.stderr.write(`  ${desk.lastSeconds.toFixed(1)} s\n`);
  await desk.close();
  return turns;
}
