import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { barGrowth, tradeGrowth } from './decisions.js';
import { forecastGrowth, goGarchGrowth, type GrowthRow, growthTable } from './growth.js';
import { type Figure, figureTable } from './harness.js';
import { quotesAtMarkets } from './quotes-by-markets.js';
import { kafkaQuoteFigures } from './quotes-kafka.js';
import { replayRate } from './replay-rate.js';
import { tradeFigures } from './trades-kafka.js';

/** Result of one part of the growth bench, and the machine's load meanwhile. */
interface Measured {
  readonly part: string;
  /** load averages of a minute, before and after: a calm machine of two processors is below 2 while one process is measured */
  readonly load: readonly [before: number, after: number];
  readonly growth: readonly GrowthRow[];
  readonly figures: readonly Figure[];
}

const PARTS: Readonly<Record<string, () => Promise<Partial<Measured>> | Partial<Measured>>> = {
  decide: () => ({ growth: tradeGrowth() }),
  bar: () => ({ growth: [barGrowth()] }),
  forecast: () => ({ growth: forecastGrowth() }),
  gogarch: () => ({ growth: goGarchGrowth('linkage', 5) }),
  'gogarch-single': () => ({ growth: goGarchGrowth('single', 15) }),
  rest: async () => ({ figures: [await quotesAtMarkets(8, 0.7), await quotesAtMarkets(200, 0.5)] }),
  quotes: async () => ({ figures: await kafkaQuoteFigures(15) }),
  trades: async () => ({ figures: await tradeFigures(8, 2_000, 60_000, 12_000) }),
  'trades-200': async () => ({ figures: await tradeFigures(200, 100_000, 60_000, 8_000) }),
  replay: async () => ({ figures: [await replayRate()] }),
};

/**
 * `npm run bench -- --growth`: every part, or those that are named after it; writes `reports/growth.json`, in which parts that were not
 * measured this time stay as they were.
 */
export async function growthRun(named: readonly string[]): Promise<string> {
  const unknown = named.find((name) => PARTS[name] === undefined);
  if (unknown !== undefined)
    throw new Error(`${unknown} is no part of the growth bench: ${Object.keys(PARTS).join(', ')}`);
  const directory = join(import.meta.dirname, '..', '..', 'reports');
  const file = join(directory, 'growth.json');
  mkdirSync(directory, { recursive: true });
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { parts?: Measured[] }) : {};
  const parts = new Map((before.parts ?? []).map((measured) => [measured.part, measured]));
  const machine = `${cpus().length} × ${cpus()[0].model}, Node ${process.versions.node}`;
  const measured: Measured[] = [];
  for (const part of named.length === 0 ? Object.keys(PARTS) : named) {
    process.stderr.write(`${part} …\n`);
    const [load] = loadavg();
    const { growth = [], figures = [] } = await PARTS[part]();
    const made: Measured = { part, load: [load, loadavg()[0]], growth, figures };
    measured.push(made);
    parts.set(part, made);
    // After each part: a run that is ended loses nothing.
    writeFileSync(file, `${JSON.stringify({ machine, parts: [...parts.values()] }, null, 2)}\n`);
  }
  const growth = measured.flatMap((each) => each.growth);
  const figures = measured.flatMap((each) => each.figures);
  const loads = measured.map(
    ({ part, load }) => `${part} ${load.map((value) => value.toFixed(1)).join('–')}`,
  );
  return [
    `${machine}; load of the machine: ${loads.join(', ')}`,
    ...(growth.length === 0 ? [] : [growthTable(growth)]),
    ...(figures.length === 0 ? [] : [figureTable(figures)]),
  ].join('\n\n');
}
