import { setTimeout as sleep } from 'node:timers/promises';
import { privateKeyToAccount } from 'viem/accounts';
import { SECOND_EMBEDDED_KEY } from '#lib/chain';
import { runProgram } from '#lib/terminal';
import { forecasterConfig } from '../../forecaster/src/index.js';
import { HouseLiquidator } from '../../liquidator/src/index.js';
import { ProverRepository } from '../../prover/src/index.js';
import { vaultConfig } from '../../vault/src/index.js';
import { type Engine, startEngine } from './engine.js';
import { dataDirectory, marketOf, type StartOptions, startProgram } from './options.js';
import { DemoVault } from './replay/demo-vault.js';
import type { MarketSource } from './replay/market-source.js';
import { Replayer, type ReplayProgress } from './replay/replayer.js';
import { makeReport, writeReport } from './report/report.js';

async function start(options: StartOptions): Promise<void> {
  const { once, seed, trades, accounts, liquidity, vault, report, port } = options;
  const source = marketOf(options);
  const speed = options.speed ?? (once ? undefined : 2);
  const data = dataDirectory(options, process.env);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!stopping.signal.aborted) process.stderr.write(`\n${signal}: stopping\n`);
      stopping.abort();
    });
  }
  process.stderr.write(`${source.description}\n`);
  for (const note of source.notes) process.stderr.write(`${note}\n`);
  process.stderr.write(`data in ${data}\n`);
  const environment: NodeJS.ProcessEnv = {
    BAR_SECONDS: String(source.barSeconds),
    PROVER: options.settleEvery > 0 ? 'on' : 'off',
    SETTLEMENT: options.settleEvery > 0 ? 'on' : 'off',
    EPOCH_EVERY_BARS: String(options.settleEvery),
    EPOCH_RUN: String(options.settleRun),
    // On a chain of one's own a block is final when it is made.
    VAULT: options.settleEvery > 0 && vault > 0 ? 'on' : 'off',
    VAULT_CONFIRMATIONS: '0',
    // A replay liquidates faster than proofs are made: one plan an epoch is proven.
    PROVE_LIQUIDATIONS: 'epoch',
    ...process.env,
    ZKRISK_DATA_DIR: data,
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

await runProgram(startProgram(start), { traces: true });
process.exit();
