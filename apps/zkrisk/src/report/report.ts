import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import type { RiskPayload } from '#lib/events';
import { formatMoney } from '#lib/ledger';
import type { Engine } from '../engine.js';
import type { MarketSource } from '../replay/market-source.js';
import { lineChart } from './svg-chart.js';

/** What a replay came to. Money as decimal strings. */
export interface Report {
  readonly market: string;
  readonly simulated: boolean;
  readonly bars: number;
  readonly from: string;
  readonly to: string;
  readonly wallSeconds: number | null;
  readonly trades: { readonly booked: number; readonly rejected: number };
  readonly collected: Readonly<
    Record<'riskPremia' | 'liquidityPremia' | 'riskFunding' | 'liquidityFunding' | 'withdrawalFees', string>
  >;
  readonly finally: Readonly<
    Record<'capital' | 'liquidity' | 'pendingToCapital' | 'shortfall' | 'imbalance', string>
  >;
  readonly risk: {
    readonly records: number;
    readonly meanRiskMeasure: number;
    readonly largestRiskMeasure: number;
    readonly largestAt: string;
    readonly lastRiskMeasure: number;
    /** largest EVaR of the shortfall as a share of P + L */
    readonly largestShareOfCapital: number;
  };
  readonly solvent: boolean;
  readonly forecast: {
    readonly models: number;
    readonly quality: object;
    readonly meanFitSeconds: number;
  };
}

/** Reads the tables of a finished (or stopped) replay and sums it up. */
export async function makeReport(
  engine: Engine,
  source: MarketSource,
  wallSeconds: number | null,
): Promise<Report> {
  const { database, pricer, forecaster } = engine;
  const risk = await riskRecords(database);
  const { ledger } = pricer.engine;
  const { totals } = ledger;
  const [{ rejected }] = await database.query<{ rejected: string }[]>(
    `select count(*) as rejected from book_event where kind = 'trade-rejected'`,
  );
  const [{ models, seconds }] = await database.query<{ models: string; seconds: number | null }[]>(
    `select count(*) as models, avg((diagnostics->>'seconds')::float8) as seconds from market_model`,
  );
  const largest = risk.reduce((a, b) => (b.riskMeasure > a.riskMeasure ? b : a), risk[0]);
  const share = (record: RiskPayload) =>
    record.entropicValueAtRisk / Math.max(1, Number(record.capital) + Number(record.liquidity));
  return {
    market: source.description,
    simulated: source.simulated,
    bars: risk.length,
    from: new Date(risk[0]?.at ?? 0).toISOString(),
    to: new Date(pricer.engine.board.now).toISOString(),
    wallSeconds,
    trades: { booked: totals.trades, rejected: Number(rejected) },
    collected: {
      riskPremia: formatMoney(totals.riskPremia),
      liquidityPremia: formatMoney(totals.liquidityPremia),
      riskFunding: formatMoney(totals.riskFunding),
      liquidityFunding: formatMoney(totals.liquidityFunding),
      withdrawalFees: formatMoney(totals.fees),
    },
    finally: {
      capital: formatMoney(ledger.capital),
      liquidity: formatMoney(ledger.liquidity),
      pendingToCapital: formatMoney(ledger.pendingToCapital),
      shortfall: formatMoney(ledger.shortfall),
      imbalance: formatMoney(ledger.imbalance()),
    },
    risk: {
      records: risk.length,
      meanRiskMeasure: risk.reduce((sum, { riskMeasure }) => sum + riskMeasure, 0) / Math.max(1, risk.length),
      largestRiskMeasure: largest?.riskMeasure ?? 0,
      largestAt: new Date(largest?.at ?? 0).toISOString(),
      lastRiskMeasure: risk.at(-1)?.riskMeasure ?? 0,
      largestShareOfCapital: risk.reduce((most, record) => Math.max(most, share(record)), 0),
    },
    solvent: risk.every(({ shortfall }) => shortfall === '0') && ledger.shortfall === 0n,
    forecast: { models: Number(models), quality: forecaster.quality(), meanFitSeconds: seconds ?? 0 },
  };
}

/** Writes the report as JSON, a table and pictures; returns the table. */
export async function writeReport(
  engine: Engine,
  source: MarketSource,
  report: Report,
  directory: string,
): Promise<string> {
  mkdirSync(directory, { recursive: true });
  const table = reportTable(report);
  writeFileSync(join(directory, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(directory, 'report.txt'), `${table}\n`);
  for (const [name, svg] of Object.entries(await pictures(engine.database, source))) {
    writeFileSync(join(directory, `${name}.svg`), svg);
  }
  return table;
}

async function riskRecords(database: DataSource): Promise<RiskPayload[]> {
  const rows = await database.query<{ payload: RiskPayload }[]>(
    'select payload from risk_record order by at',
  );
  return rows.map(({ payload }) => payload);
}

async function pictures(database: DataSource, source: MarketSource): Promise<Record<string, string>> {
  const risk = await riskRecords(database);
  if (risk.length < 2) return {};
  const times = risk.map(({ at }) => at);
  const at = new Set(times);
  const index: number[] = [];
  let first: number | undefined;
  for (const { time, prices } of source.rows(0)) {
    if (time > times[times.length - 1]) break;
    if (!at.has(time)) continue;
    first ??= Number(prices[0]);
    index.push((100 * Number(prices[0])) / first);
  }
  const funding = await database.query<{ at: string; amount: string }[]>(
    `select e.at, sum((leg->>1)::numeric + (leg->>2)::numeric) as amount
     from book_event e, jsonb_array_elements(e.payload->'markets') leg
     where e.kind = 'funding-accrued' group by e.at order by e.at`,
  );
  let next = 0;
  let collected = 0;
  const cumulative = times.map((time) => {
    while (next < funding.length && Number(funding[next].at) <= time)
      collected += Number(funding[next++].amount);
    return collected;
  });
  const tag = source.simulated ? ' (simulated)' : '';
  return {
    price: lineChart({
      title: `${source.markets[0]}${tag}`,
      unit: 'first bar = 100',
      times: times.slice(0, index.length),
      series: [{ name: source.markets[0], colour: '#3b6fb6', values: index }],
    }),
    risk: lineChart({
      title: `Risk measure${tag}`,
      unit: 'quote currency',
      times,
      series: [
        { name: 'ρ(θ)', colour: '#b8432f', values: risk.map(({ riskMeasure }) => riskMeasure) },
        {
          name: 'EVaR of X⁺',
          colour: '#e0a030',
          values: risk.map(({ entropicValueAtRisk }) => entropicValueAtRisk),
        },
      ],
    }),
    capital: lineChart({
      title: `Capital${tag}`,
      unit: 'quote currency',
      times,
      series: [
        { name: 'P, exchange', colour: '#3b6fb6', values: risk.map(({ capital }) => Number(capital)) },
        { name: 'L, providers', colour: '#3f8f5b', values: risk.map(({ liquidity }) => Number(liquidity)) },
      ],
    }),
    funding: lineChart({
      title: `Funding collected${tag}`,
      unit: 'cumulative, quote currency',
      times,
      series: [{ name: 'funding', colour: '#7a4fa3', values: cumulative }],
    }),
  };
}

/** The report as a readable table. */
export function reportTable(report: Report): string {
  const money = (text: string) =>
    Number(text).toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const rows: [string, string][] = [
    ['market', report.market],
    ['bars with a forecast', `${report.bars}, ${report.from} to ${report.to}`],
    ['trades', `${report.trades.booked} booked, ${report.trades.rejected} refused`],
    ['risk premia', money(report.collected.riskPremia)],
    ['liquidity premia', money(report.collected.liquidityPremia)],
    ['funding to the exchange', money(report.collected.riskFunding)],
    ['funding to providers', money(report.collected.liquidityFunding)],
    ['withdrawal fees', money(report.collected.withdrawalFees)],
    ['capital P at the end', money(report.finally.capital)],
    ['liquidity L at the end', money(report.finally.liquidity)],
    ['risk measure, mean', report.risk.meanRiskMeasure.toFixed(2)],
    ['risk measure, largest', `${report.risk.largestRiskMeasure.toFixed(2)} at ${report.risk.largestAt}`],
    ['EVaR, largest share of P+L', `${(100 * report.risk.largestShareOfCapital).toFixed(2)} %`],
    ['models fitted', `${report.forecast.models}, ${report.forecast.meanFitSeconds.toFixed(2)} s each`],
    ['books out of balance by', report.finally.imbalance],
    ['solvent throughout', report.solvent ? 'yes' : `NO, short by ${money(report.finally.shortfall)}`],
    ['took', report.wallSeconds === null ? 'resumed' : `${report.wallSeconds.toFixed(1)} s`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}
