import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { privateKeyToAccount } from 'viem/accounts';
import { SECOND_EMBEDDED_KEY } from '#lib/chain';
import { readParameters } from '#lib/service';
import { runProgram } from '#lib/terminal';
import { barsToFirstForecast, forecasterConfig } from '../../forecaster/src/index.js';
import { HouseLiquidator } from '../../liquidator/src/index.js';
import { ProverRepository } from '../../prover/src/index.js';
import { vaultConfig } from '../../vault/src/index.js';
import { type Engine, startEngine } from './engine.js';
import { dataDirectory, marketOf, type StartOptions, startProgram } from './options.js';
import { type Display, openDisplay } from './progress.js';
import { DemoVault } from './replay/demo-vault.js';
import { type StagedMarket, stageIncidents } from './replay/incidents.js';
import type { MarketSource } from './replay/market-source.js';
import { Replayer } from './replay/replayer.js';
import { makeReport, writeReport } from './report/make-report.js';

/** Bars a second that a person can follow: an hourly bar in ten seconds. */
const SPEED = 0.1;
/** Bars from one run of proven epochs to the next: at a person's speed four minutes; a replay at full speed makes more than are proven. */
const SETTLE_EVERY = { live: 24, once: 240 };
/** Longer than it takes to read a quote and to type its acceptance; only a bar changes the price after that. */
const QUOTE_TTL_MS = 60_000;

async function start(options: StartOptions): Promise<void> {
  const { once, seed, trades, accounts, liquidity, vault, report, json } = options;
  const market = marketOf(options);
  const speed = options.speed ?? (once ? undefined : SPEED);
  const data = dataDirectory(options, process.env);
  const environment = replayEnvironment(options, market, data);
  const firstBar = barsToFirstForecast(forecasterConfig(environment).FIRST_PARAMETERS);
  const staged: StagedMarket | undefined =
    market.simulated && !once && options.incidents ? stageIncidents(market, firstBar) : undefined;
  const source = staged ?? market;
  const running: { engine?: Engine } = {};
  const display = openDisplay(() => running.engine, {
    ...{ json, footer: () => addressLines(running.engine, environment) },
  });
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!stopping.signal.aborted) display.say(`${signal}: stopping`);
      stopping.abort();
    });
  }
  display.say(source.description);
  source.notes.forEach((note) => {
    display.say(note);
  });
  display.say(`data in ${data}`);
  const engine = await startEngine(environment);
  running.engine = engine;
  try {
    for (const line of addressLines(engine, environment)) display.say(line);
    const demo = await demoVault(engine, environment, source, vault, (line) => {
      display.say(line);
    });
    if (speed !== undefined)
      display.say(`bars up to the first forecast at full speed, then ${speed} a second (--speed)`);
    const house = engine.app.get(HouseLiquidator);
    const replayer = new Replayer(source, engine.log, engine.database, {
      speed,
      liquidity,
      warmUpBars: firstBar,
      ...(options.liquidator
        ? {
            // The tables are asked when there is a plan: a read waits until they have everything of the turns before.
            liquidator: (manager) =>
              engine.liquidator.openPlans === 0 ? Promise.resolve([]) : house.reports(manager),
          }
        : {}),
      ...(staged === undefined && demo === undefined
        ? {}
        : {
            before: async (bar) => {
              const incident = staged?.incidentAt(bar);
              if (incident !== undefined) display.say(`staged at bar ${bar}: ${incident.text}`);
              await demo?.follow(bar);
            },
          }),
      flow: { seed, accounts, tradesPerBar: trades, medianNotional: 20_000, firstBar },
    });
    const started = performance.now();
    let resumedAt: number | undefined;
    await replayer.run(stopping.signal, (progress) => {
      resumedAt ??= progress.bar;
      display.progress(progress);
    });
    display.finish();
    if (stopping.signal.aborted) return;
    await settled(engine, stopping.signal, display);
    if (stopping.signal.aborted) return;
    const wallSeconds = resumedAt === 1 ? (performance.now() - started) / 1000 : null;
    const made = await makeReport(engine, source, wallSeconds);
    const table = await writeReport(engine, source, made, report);
    if (json) process.stdout.write(`${JSON.stringify({ kind: 'report', ...made })}\n`);
    else process.stdout.write(`\n${table}\n\nreport with pictures: ${join(report, 'report.html')}\n`);
    if (!once) {
      display.say('the data have ended; the API stays up until Ctrl-C');
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

/** Settings of a replay, below those of the environment. */
function replayEnvironment(
  { once, vault, settleEvery: given, settleRun, port, json }: StartOptions,
  source: MarketSource,
  data: string,
): NodeJS.ProcessEnv {
  const settleEvery = given ?? (once ? SETTLE_EVERY.once : SETTLE_EVERY.live);
  // On a terminal the log would tear the live block apart, with --json it would be no JSON of ours.
  const apart = json || process.stderr.isTTY;
  const environment: NodeJS.ProcessEnv = {
    PROVER: settleEvery > 0 ? 'on' : 'off',
    SETTLEMENT: settleEvery > 0 ? 'on' : 'off',
    EPOCH_EVERY_BARS: String(settleEvery),
    EPOCH_RUN: String(settleRun),
    // What is sent to a chain must not be forgotten; all else a replay makes again.
    COMMITS_WAIT: settleEvery > 0 ? 'on' : 'off',
    // On a chain of one's own a block is final when it is made.
    VAULT: settleEvery > 0 && vault > 0 ? 'on' : 'off',
    VAULT_CONFIRMATIONS: '0',
    // A replay liquidates faster than proofs are made: one plan an epoch is proven.
    PROVE_LIQUIDATIONS: 'epoch',
    ...(once ? {} : { QUOTE_TTL_MS: String(QUOTE_TTL_MS) }),
    ...(apart ? { LOG_FILE: join(data, 'engine.log') } : {}),
    ...process.env,
    FIRST_PARAMETERS: firstParametersFor(source.barSeconds, process.env.FIRST_PARAMETERS),
    ZKRISK_DATA_DIR: data,
    // The replay executes plans itself, in step with everything else, so that it can be repeated to the last unit.
    HOUSE_LIQUIDATOR: 'off',
  };
  if (port !== undefined) environment.PORT = String(port);
  else if (once) environment.PORT ??= '0';
  return environment;
}

/** FIRST_PARAMETERS with the bars of the replayed prices, unless they state their own. */
function firstParametersFor(barSeconds: number, given = '{}'): string {
  try {
    const parameters = readParameters(given) as { model?: object };
    return JSON.stringify({ ...parameters, model: { barSeconds, ...parameters.model } });
  } catch {
    // The services name the problem when they read it.
    return given;
  }
}

/** Where the engine can be reached. */
function addressLines(engine: Engine | undefined, { LOG_FILE }: NodeJS.ProcessEnv): string[] {
  if (engine === undefined) return [];
  const lines = [`the page: ${engine.url}/   the API: ${engine.url}/docs`];
  if (engine.settlement !== undefined) {
    const { rpcUrl, deployment, embedded } = engine.settlement.chain;
    const development =
      deployment.srs === 'development' ? '; development SRS: these proofs convince nobody' : '';
    lines.push(
      `${embedded ? 'a chain of its own' : `chain ${deployment.chainId}`} at ${rpcUrl}, oracle ${deployment.oracle}${development}`,
    );
  }
  if (LOG_FILE !== undefined) lines.push(`log in ${LOG_FILE}`);
  return lines;
}

/** A vault on the embedded chain; on somebody else's there is none, unless VAULT_ADDRESS names it. */
async function demoVault(
  { settlement }: Engine,
  environment: NodeJS.ProcessEnv,
  source: MarketSource,
  capital: number,
  say: (line: string) => void,
): Promise<DemoVault | undefined> {
  const { VAULT, VAULT_ADDRESS, ZKRISK_DATA_DIR } = vaultConfig(environment);
  if (VAULT === 'off' || VAULT_ADDRESS !== undefined || settlement?.chain.embedded !== true) return undefined;
  const { rpcUrl, deployment } = settlement.chain;
  // Another account than the settlement's, whose nonces are counted.
  const account = privateKeyToAccount(SECOND_EMBEDDED_KEY);
  const chain = { rpcUrl, account, prices: deployment.prices };
  const vault = await DemoVault.open(chain, ZKRISK_DATA_DIR, source, capital);
  say(`a vault of pool shares at ${vault.deployment.vault}, pool ${vault.deployment.pool}`);
  return vault;
}

/** Waits until every epoch that was begun is proven and on the chain, or is known not to get there. */
async function settled(
  { app, settlement, log }: Engine,
  signal: AbortSignal,
  display: Display,
): Promise<void> {
  if (settlement === undefined) return;
  const proofs = app.get(ProverRepository);
  let shown = -1;
  for (;;) {
    await log.drained(signal);
    const { queued, running } = await proofs.depth();
    const outstanding = queued + running + (await settlement.outstanding());
    if (outstanding === 0 || signal.aborted) return;
    if (outstanding !== shown)
      display.say(`proving and settling: ${outstanding} proofs, epochs and transactions to go`);
    shown = outstanding;
    await sleep(1000, undefined, { signal }).catch(() => undefined);
  }
}

await runProgram(startProgram(start), { traces: true });
process.exit();
