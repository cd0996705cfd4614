import { formatMoney } from '#lib/amounts';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import type { RiskPayload } from '#lib/messages';
import { type LiquidationTotals, LiquidatorRepository } from '../../../liquidator/src/index.js';
import type { Engine } from '../engine.js';
import type { MarketSource } from '../replay/market-source.js';
import { deadLetterRows, type DeadLetters, deadLettersOf } from './dead-letters.js';
import { type SettlementReport, settlementReport, settlementRows } from './settlements.js';
import { lineChart } from '#lib/charts';
import { valuationsOf, vaultPicture, type VaultReport, vaultReport, vaultRows } from './vault.js';

/** What a replay came to. Money as decimal strings. */
export interface Report {
  readonly market: string;
  readonly simulated: boolean;
  /** what of the files was passed over, turned round or is missing */
  readonly input: { readonly notes: readonly string[] };
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
  readonly accounts: {
    readonly margin: number;
    readonly refusedTrades: Readonly<Record<string, number>>;
    readonly refusedCommands: number;
  };
  readonly liquidations: {
    readonly byOutcome: readonly LiquidationTotals[];
    readonly largestGap: number;
    /** of all accounts that were liquidated: what was closed, and what closing everything would have closed */
    readonly closedNotional: number;
    readonly wholeNotional: number;
    /** what the pool has borne */
    readonly bankruptcies: string;
    readonly busiestDay: {
      readonly day: string;
      readonly plans: number;
      readonly closedNotional: number;
    } | null;
    /** capital P + L before the busiest day and after it */
    readonly capitalAround: { readonly before: number; readonly after: number } | null;
  };
  readonly solvent: boolean;
  /** messages that no service could take */
  readonly deadLetters: readonly DeadLetters[];
  /** null where no vault's pool shares count */
  readonly vault: VaultReport | null;
  /** null where nothing is settled on a chain */
  readonly settlement: SettlementReport | null;
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
  const liquidations = engine.app.get(LiquidatorRepository);
  const risk = await riskRecords(database);
  const { ledger } = pricer.engine;
  const { totals } = ledger;
  const [{ rejected }] = await database.query<{ rejected: string }[]>(
    `select count(*) as rejected from book_event where kind = 'trade-rejected'`,
  );
  const [{ models, seconds }] = await database.query<{ models: string; seconds: number | null }[]>(
    `select count(*) as models, avg((diagnostics->>'seconds')::float8) as seconds from market_model`,
  );
  const refused = await database.query<{ kind: string; code: string; count: string }[]>(
    `select kind, payload->>'code' as code, count(*) as count from book_event
     where kind in ('trade-rejected', 'account-rejected') group by 1, 2 order by 1, 2`,
  );
  const byOutcome = await liquidations.totals();
  const sum = (of: (row: LiquidationTotals) => number) => byOutcome.reduce((all, row) => all + of(row), 0);
  const days = await liquidations.byDay();
  const busiest = days.reduce<(typeof days)[number] | null>(
    (most, day) => (most === null || day.closedNotional > most.closedNotional ? day : most),
    null,
  );
  const largest = risk.reduce((a, b) => (b.riskMeasure > a.riskMeasure ? b : a), risk[0]);
  const share = (record: RiskPayload) =>
    record.entropicValueAtRisk / Math.max(1, Number(record.capital) + Number(record.liquidity));
  return {
    market: source.description,
    simulated: source.simulated,
    input: { notes: source.notes },
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
    accounts: {
      margin: engine.liquidator.accounts,
      refusedTrades: Object.fromEntries(
        refused
          .filter(({ kind }) => kind === 'trade-rejected')
          .map(({ code, count }) => [code, Number(count)]),
      ),
      refusedCommands: refused
        .filter(({ kind }) => kind === 'account-rejected')
        .reduce((all, { count }) => all + Number(count), 0),
    },
    liquidations: {
      byOutcome,
      largestGap: byOutcome.reduce((most, { worstGap }) => Math.max(most, worstGap ?? 0), 0),
      closedNotional: sum(({ closedNotional }) => closedNotional),
      wholeNotional: sum(({ notional }) => notional),
      bankruptcies: formatMoney(totals.bankruptcies),
      busiestDay: busiest && { ...busiest, day: new Date(busiest.day).toISOString().slice(0, 10) },
      capitalAround: busiest && capitalAround(risk, busiest.day),
    },
    solvent: risk.every(({ shortfall }) => shortfall === '0') && ledger.shortfall === 0n,
    deadLetters: await deadLettersOf(database),
    vault: vaultReport(await valuationsOf(database)),
    settlement: (await settlementReport(engine)) ?? null,
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
  for (const [name, svg] of Object.entries(await pictures(engine, source))) {
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

async function pictures(engine: Engine, source: MarketSource): Promise<Record<string, string>> {
  const { database } = engine;
  const risk = await riskRecords(database);
  if (risk.length < 2) return {};
  const times = risk.map(({ at }) => at);
  const at = new Set(times);
  const index: (number | null)[] = [];
  let first: number | undefined;
  for (const { time, prices } of source.rows(0)) {
    if (time > times[times.length - 1]) break;
    if (!at.has(time)) continue;
    const price = prices[0] === undefined ? null : Number(prices[0]);
    first ??= price ?? undefined;
    index.push(price === null || first === undefined ? null : (100 * price) / first);
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
  const days = new Map(
    (await engine.app.get(LiquidatorRepository).byDay()).map(({ day, closedNotional }) => [
      day,
      closedNotional,
    ]),
  );
  const dayStarts = [...new Set(times.map((time) => time - (time % DAY_MS)))];
  const tag = source.simulated ? ' (simulated)' : '';
  const valuations = await valuationsOf(database);
  return {
    ...(valuations.length > 0 ? { vault: vaultPicture(valuations, risk, tag) } : {}),
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
    liquidations: lineChart({
      title: `Notional liquidated by day${tag}`,
      unit: 'quote currency',
      times: dayStarts,
      series: [{ name: 'closed', colour: '#b8432f', values: dayStarts.map((day) => days.get(day) ?? 0) }],
    }),
    funding: lineChart({
      title: `Funding collected${tag}`,
      unit: 'cumulative, quote currency',
      times,
      series: [{ name: 'funding', colour: '#7a4fa3', values: cumulative }],
    }),
  };
}

const DAY_MS = 86_400_000;

/** P + L at the last record before a day and at the first after it. */
function capitalAround(risk: readonly RiskPayload[], day: number): { before: number; after: number } | null {
  const total = (record: RiskPayload) => Number(record.capital) + Number(record.liquidity);
  const before = risk.findLast(({ at }) => at < day) ?? risk[0];
  const after = risk.find(({ at }) => at >= day + DAY_MS) ?? risk.at(-1);
  return before === undefined || after === undefined ? null : { before: total(before), after: total(after) };
}

/** The report as a readable table. */
export function reportTable(report: Report): string {
  const money = (text: string) =>
    Number(text).toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const refusals = Object.entries(report.accounts.refusedTrades).map(([code, count]) => `${code} ${count}`);
  const reasons = refusals.length > 0 ? ` (${refusals.join(', ')})` : '';
  const rows: [string, string][] = [
    ['market', report.market],
    ...report.input.notes.map((note): [string, string] => ['input', note]),
    ['bars with a forecast', `${report.bars}, ${report.from} to ${report.to}`],
    ['trades', `${report.trades.booked} booked, ${report.trades.rejected} refused${reasons}`],
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
    ['margin accounts', `${report.accounts.margin}, ${report.accounts.refusedCommands} withdrawals refused`],
    ...liquidationRows(report.liquidations, money),
    ...(report.vault === null ? [] : vaultRows(report.vault)),
    ...(report.settlement === null ? [] : settlementRows(report.settlement)),
    ['models fitted', `${report.forecast.models}, ${report.forecast.meanFitSeconds.toFixed(2)} s each`],
    ...deadLetterRows(report.deadLetters),
    ['books out of balance by', report.finally.imbalance],
    ['solvent throughout', report.solvent ? 'yes' : `NO, short by ${money(report.finally.shortfall)}`],
    ['took', report.wallSeconds === null ? 'resumed' : `${report.wallSeconds.toFixed(1)} s`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

function liquidationRows(
  liquidations: Report['liquidations'],
  money: (text: string) => string,
): [string, string][] {
  const { byOutcome, busiestDay, capitalAround: around } = liquidations;
  const whole = (value: number) => Math.round(value).toLocaleString('en');
  const share = (100 * liquidations.closedNotional) / Math.max(1, liquidations.wholeNotional);
  return [
    ['liquidations', byOutcome.map(({ outcome, plans }) => `${outcome} ${plans}`).join(', ') || 'none'],
    ['largest certified gap', liquidations.largestGap.toExponential(2)],
    [
      'notional liquidated',
      `${whole(liquidations.closedNotional)}, ${share.toFixed(1)} % of closing everything (${whole(liquidations.wholeNotional)})`,
    ],
    ['bankruptcies borne by the pool', money(liquidations.bankruptcies)],
    ...(busiestDay && around
      ? ([
          [
            'busiest day',
            `${busiestDay.day}: ${busiestDay.plans} plans, ${whole(busiestDay.closedNotional)} closed; P + L ${whole(around.before)} before, ${whole(around.after)} after`,
          ],
        ] as [string, string][])
      : []),
  ];
}
