import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MarketSource, Replayer, simulatedMarket, startEngine } from '../apps/zkrisk/src/index.js';
import { ModelFitter } from '../apps/forecaster/src/index.js';
import { benchData } from './data.js';
import { type Figure, QUICK, percentile } from './harness.js';
import type { LoadReport, LoadRequest } from './load.process.js';

/** Runs a load in a process of its own, so that the generator does not share the event loop with the server. */
export function load(request: LoadRequest): Promise<LoadReport> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./load.process.js', import.meta.url), [JSON.stringify(request)]);
    child.once('message', (report) => {
      child.disconnect();
      resolve(report as LoadReport);
    });
    child.once('error', reject);
  });
}

export const median = (reports: readonly LoadReport[], of: (report: LoadReport) => number): number =>
  percentile(
    reports.map(of).sort((x, y) => x - y),
    0.5,
  );

/** Fits models one after the other for a while, in a thread as the forecaster's; returns how many. */
async function refits(forMs: number): Promise<number> {
  const fitter = new ModelFitter();
  const options = { clusters: 'single', factors: 'all', minimumObservations: 100 } as const;
  const { names, returns } = benchData(2000);
  const until = performance.now() + forMs;
  let fits = 0;
  for (; performance.now() < until; fits++)
    await fitter.fit({ markets: [...names], returns: [...returns] }, options);
  await fitter.close();
  return fits;
}

/** Measures a quoting engine that has an empty route, `POST /bench/empty`, beside its own: of one app, so that both pay the same. */
export async function besideEmptyRoute<T>(
  source: MarketSource,
  firstBar: number,
  measure: (url: string) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'zkrisk-bench-'));
  const engine = await startEngine(
    {
      PORT: '0',
      ZKRISK_DATA_DIR: directory,
      FIRST_PARAMETERS: '{"forecast":{"minimumBars":60}}',
      LOG_LEVEL: 'silent',
    },
    (fastify) => {
      fastify.post('/bench/empty', () => ({}));
    },
  );
  try {
    const replayer = new Replayer(source, engine.log, engine.database, {
      ...{ speed: undefined, liquidity: 5e6, warmUpBars: 0 },
      flow: { seed: 1, accounts: 50, tradesPerBar: 3, medianNotional: 20_000, firstBar },
    });
    await replayer.run(new AbortController().signal);
    return await measure(engine.url);
  } finally {
    await engine.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Throughput of POST /v1/quotes beside an empty Fastify route of the same app, and its p99 while a refit runs. */
export async function quoteFigures(seconds: number): Promise<Figure[]> {
  return besideEmptyRoute(simulatedMarket(3, 120), 65, async (url) => {
    const body = JSON.stringify({ legs: [{ market: 'SIM-A', size: '0.25' }] });
    const request = (path: string, rest: Partial<LoadRequest> = {}): LoadRequest => ({
      url: `${url}${path}`,
      body,
      seconds,
      connections: 32,
      rate: null,
      ...rest,
    });
    for (const path of ['/bench/empty', '/v1/quotes']) await load(request(path, { seconds: 1 }));
    // Rounds alternate, so that other load of the machine falls on both; medians are compared.
    const rounds = QUICK ? 1 : 5;
    const empty: LoadReport[] = [];
    const quotes: LoadReport[] = [];
    const calm: LoadReport[] = [];
    const busy: LoadReport[] = [];
    let fits = 0;
    // Latency is measured in an open loop well below capacity: at saturation it would only tell the queue.
    const rate = 1000;
    const open = { rate, connections: 16 };
    for (let round = 0; round < rounds; round++) {
      empty.push(await load(request('/bench/empty')));
      quotes.push(await load(request('/v1/quotes')));
      calm.push(await load(request('/v1/quotes', open)));
      const refit = refits(seconds * 1000);
      busy.push(await load(request('/v1/quotes', open)));
      fits += await refit;
    }
    const [emptyRate, quoteRate] = [empty, quotes].map((reports) =>
      median(reports, ({ perSecond }) => perSecond),
    );
    const share = quoteRate / emptyRate;
    const [calmP99, busyP99] = [calm, busy].map((reports) => median(reports, ({ p99 }) => p99));
    const errors = [...quotes, ...calm, ...busy].reduce((sum, report) => sum + report.errors, 0);
    if (errors > 0) throw new Error('quotes were refused under load');
    return [
      {
        name: 'POST /v1/quotes',
        ours: quoteRate,
        unit: '/s',
        peer: { name: 'empty Fastify route', value: emptyRate },
        ratio: share,
        target: '≥ 0.6 ×',
        met: share >= 0.6,
      },
      {
        name: `p99 of quotes at ${rate}/s while ${fits} refits run`,
        ours: busyP99 / 1000,
        unit: 's',
        peer: { name: 'no refit', value: calmP99 / 1000 },
        ratio: calmP99 / busyP99,
        target: '≥ 0.5 ×',
        met: busyP99 <= 2 * calmP99,
      },
    ];
  });
}
