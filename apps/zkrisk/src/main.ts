import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { privateKeyToAccount } from 'viem/accounts';
import { SECOND_EMBEDDED_KEY } from '#lib/chain';
import { messageOf, ZkriskError } from '#lib/errors';
import { forecasterConfig } from '../../forecaster/src/index.js';
import { HouseLiquidator } from '../../liquidator/src/index.js';
import { ProverRepository } from '../../prover/src/index.js';
import { vaultConfig } from '../../vault/src/index.js';
import { type Engine, startEngine } from './engine.js';
import { csvMarket } from './replay/csv-market.js';
import { DemoVault } from './replay/demo-vault.js';
import { type MarketSource, shortened } from './replay/market-source.js';
import { Replayer, type ReplayProgress } from './replay/replayer.js';
import { simulatedMarket } from './replay/simulated-market.js';
import { makeReport, writeReport } from './report/report.js';
import { UsageError } from './usage-error.js';

const HELP = `npm start -- [options]

  --prices FILE     replay a CSV: a column "time", then one column a market (default: a simulated market)
  --once            stop at the end of the data and write a report
  --bars N          stop after N bars of the data
  --speed N         bars a second (default: 2; with --once as fast as the engine follows)
  --seed N          seed of the trades and of the simulated market (default 1)
  --trades N        expected new positions a bar (default 3)
  --accounts N      traders (default 2000)
  --liquidity N     the liquidity providers' first deposit, quote currency (default 5000000)
  --vault N         capital a provider puts into a pool on the embedded chain, whose value counts as liquidity; 0: none
                    (default 1000000, where anything is settled)
  --settle-every N  bars from one run of proven and settled epochs to the next; 0: none (default 240)
  --settle-run N    consecutive bars of a run (default 2)
  --report DIR      where the report is written (default reports/latest)
  --port N          port of the REST API (default 8080)
`;

interface Options {
  readonly source: MarketSource;
  readonly once: boolean;
  readonly speed: number | undefined;
  readonly seed: number;
  readonly trades: number;
  readonly accounts: number;
  readonly liquidity: number;
  readonly vault: number;
  readonly settleEvery: number;
  readonly settleRun: number;
  readonly report: string;
  readonly port: number | undefined;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      prices: { type: 'string' },
      once: { type: 'boolean', default: false },
      bars: { type: 'string' },
      speed: { type: 'string' },
      seed: { type: 'string', default: '1' },
      trades: { type: 'string', default: '3' },
      accounts: { type: 'string', default: '2000' },
      liquidity: { type: 'string', default: '5000000' },
      vault: { type: 'string', default: '1000000' },
      'settle-every': { type: 'string', default: '240' },
      'settle-run': { type: 'string', default: '2' },
      report: { type: 'string', default: 'reports/latest' },
      port: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  const number = (name: string, text: string, least: number, whole = false): number => {
    const value = Number(text);
    if (!Number.isFinite(value) || value < least || (whole && !Number.isInteger(value))) {
      throw new UsageError(
        `--${name}: must be a ${whole ? 'whole ' : ''}number of at least ${least}, got "${text}"`,
      );
    }
    return value;
  };
  const seed = number('seed', values.seed, 0, true);
  const bars = values.bars === undefined ? undefined : number('bars', values.bars, 3, true);
  if (values.prices === undefined && values.once && bars === undefined) {
    throw new UsageError(
      '--once: a simulated market has no end; say how far with --bars N, or give --prices FILE',
    );
  }
  const whole = values.prices === undefined ? simulatedMarket(seed, bars) : csvMarket(values.prices);
  return {
    source: bars === undefined ? whole : shortened(whole, bars),
    once: values.once,
    speed: values.speed === undefined ? (values.once ? undefined : 2) : number('speed', values.speed, 1e-6),
    seed,
    trades: number('trades', values.trades, 0),
    accounts: number('accounts', values.accounts, 1, true),
    liquidity: number('liquidity', values.liquidity, 1),
    vault: number('vault', values.vault, 0),
    settleEvery: number('settle-every', values['settle-every'], 0, true),
    settleRun: number('settle-run', values['settle-run'], 1, true),
    report: values.report,
    port: values.port === undefined ? undefined : number('port', values.port, 0, true),
  };
}

async function main(): Promise<void> {
  const { source, once, speed, seed, trades, accounts, liquidity, vault, report, port, ...settle } =
    readOptions();
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!stopping.signal.aborted) process.stderr.write(`\n${signal}: stopping\n`);
      stopping.abort();
    });
  }
  process.stderr.write(`${source.description}\n`);
  const environment: NodeJS.ProcessEnv = {
    BAR_SECONDS: String(source.barSeconds),
    PROVER: settle.settleEvery > 0 ? 'on' : 'off',
    SETTLEMENT: settle.settleEvery > 0 ? 'on' : 'off',
    EPOCH_EVERY_BARS: String(settle.settleEvery),
    EPOCH_RUN: String(settle.settleRun),
    // On a chain of one's own a block is final when it is made.
    VAULT: settle.settleEvery > 0 && vault > 0 ? 'on' : 'off',
    VAULT_CONFIRMATIONS: '0',
    // A replay liquidates faster than proofs are made: one plan an epoch is proven.
    PROVE_LIQUIDATIONS: 'epoch',
    ...process.env,
    // The replay executes plans itself, in step with everything else, so that it can be repeated to the last unit.
    HOUSE_LIQUIDATOR: 'off',
  };
  if (port !== undefined) environment.PORT = String(port);
  else if (once) environment.PORT ??= '0';
  const engine = await startEngine(environment);
  try {
    process.stderr.write(`listening on ${engine.url}, API at ${engine.url}/docs\n`);
    if (engine.settlement !== undefined) {
      const { rpcUrl, deployment, embedded } = engine.settlement.chain;
      process.stderr.write(
        `settling on ${embedded ? `a chain of its own at ${rpcUrl}` : `chain ${deployment.chainId}`}, oracle ${deployment.oracle}` +
          `${deployment.srs === 'development' ? '; development SRS: these proofs convince nobody' : ''}\n`,
      );
    }
    const demo = await demoVault(engine, environment, source, vault);
    // The first model takes over this many bars after it has enough to be fitted on.
    const { MINIMUM_BARS, ACTIVATE_AFTER_BARS } = forecasterConfig(environment);
    const firstBar = MINIMUM_BARS + ACTIVATE_AFTER_BARS + 2;
    const house = engine.app.get(HouseLiquidator);
    const replayer = new Replayer(source, engine.log, engine.database, {
      speed,
      liquidity,
      warmUpBars: 200,
      liquidator: () => house.reports(),
      ...(demo === undefined ? {} : { before: (bar: number) => demo.follow(bar) }),
      flow: { seed, accounts, tradesPerBar: trades, medianNotional: 20_000, firstBar },
    });
    const started = performance.now();
    let resumedAt: number | undefined;
    const show = progressLine(engine, started);
    await replayer.run(stopping.signal, (progress) => {
      resumedAt ??= progress.bar;
      show(progress);
    });
    if (stopping.signal.aborted) return;
    await settled(engine, stopping.signal);
    if (stopping.signal.aborted) return;
    const wallSeconds = resumedAt === 1 ? (performance.now() - started) / 1000 : null;
    const table = await writeReport(engine, source, await makeReport(engine, source, wallSeconds), report);
    process.stderr.write('\n');
    process.stdout.write(`${table}\n\nreport and pictures: ${report}\n`);
    if (!once) {
      process.stderr.write('the data have ended; the API stays up until Ctrl-C\n');
      await new Promise<void>((resolve) => {
        stopping.signal.addEventListener('abort', () => {
          resolve();
        });
      });
    }
  } finally {
    await engine.stop();
  }
}

/** A vault on the embedded chain; on somebody else's there is none, unless VAULT_ADDRESS names it. */
async function demoVault(
  { settlement }: Engine,
  environment: NodeJS.ProcessEnv,
  source: MarketSource,
  capital: number,
): Promise<DemoVault | undefined> {
  const { VAULT, VAULT_ADDRESS, ZKRISK_DATA_DIR } = vaultConfig(environment);
  if (VAULT === 'off' || VAULT_ADDRESS !== undefined || settlement?.chain.embedded !== true) return undefined;
  const { rpcUrl, deployment } = settlement.chain;
  // Another account than the settlement's, whose nonces are counted.
  const account = privateKeyToAccount(SECOND_EMBEDDED_KEY);
  const chain = { rpcUrl, account, prices: deployment.prices };
  const vault = await DemoVault.open(chain, ZKRISK_DATA_DIR, source, capital);
  process.stderr.write(
    `a vault of pool shares at ${vault.deployment.vault}, pool ${vault.deployment.pool}\n`,
  );
  return vault;
}

/** Waits until every epoch that was begun is proven and on the chain, or is known not to get there. */
async function settled({ app, settlement, log }: Engine, signal: AbortSignal): Promise<void> {
  if (settlement === undefined) return;
  const proofs = app.get(ProverRepository);
  let shown = -1;
  for (;;) {
    await log.drained(signal);
    const { queued, running } = await proofs.depth();
    const outstanding = queued + running + (await settlement.outstanding());
    if (outstanding === 0 || signal.aborted) return;
    if (outstanding !== shown)
      process.stderr.write(`\nproving and settling: ${outstanding} proofs, epochs and transactions to go`);
    shown = outstanding;
    await sleep(1000, undefined, { signal }).catch(() => undefined);
  }
}

/** One line on the screen, rewritten a few times a second; on a pipe, a line every few seconds. */
function progressLine(
  engine: Awaited<ReturnType<typeof startEngine>>,
  started: number,
): (progress: ReplayProgress) => void {
  const terminal = process.stderr.isTTY;
  let shown = 0;
  return ({ bar, length, time }) => {
    const now = performance.now();
    if (now - shown < (terminal ? 250 : 5000) && bar !== length) return;
    shown = now;
    const { engine: pricing } = engine.pricer;
    const risk = pricing.ready() ? pricing.assessment().assessment.riskMeasure.toFixed(0) : '–';
    const { ledger } = pricing;
    const whole = (amount: bigint) => (amount / 100_000_000n).toLocaleString('en');
    const line =
      `${new Date(time).toISOString().slice(0, 16)}  bar ${bar}${length === undefined ? '' : `/${length}`}  ρ ${risk}  ` +
      `P ${whole(ledger.capital)}  L ${whole(ledger.liquidity)}  pending ${whole(ledger.pendingToCapital)}  ` +
      `trades ${ledger.totals.trades}  liquidations ${engine.liquidator.counts.plans}  model ${engine.forecaster.model()?.version ?? '–'}  ` +
      `${engine.settlement === undefined ? '' : `settled ${engine.settlement.counts.epochs}  `}${((now - started) / 1000).toFixed(0)} s`;
    process.stderr.write(terminal ? `\r\x1b[2K${line}` : `${line}\n`);
  };
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const expected = error instanceof ZkriskError;
    process.stderr.write(
      `${expected ? error.message : error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}\n`,
    );
    process.exit(expected ? 2 : 1);
  },
);
