import { formatMoney } from '#lib/amounts';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RiskPayload } from '#lib/messages';
import { type LiquidationTotals, LiquidatorRepository } from '../../../liquidator/src/index.js';
import type { Engine } from '../engine.js';
import type { MarketSource } from '../replay/market-source.js';
import { deadLettersOf } from './dead-letters.js';
import { DAY_MS, pictures, riskRecords } from './pictures.js';
import type { Report } from './report.js';
import { reportPage } from './report-page.js';
import { reportTable } from './report-table.js';
import { settlementReport } from './settlements.js';
import { valuationsOf, vaultReport } from './vault.js';

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

/** Writes the report as JSON, as a table and as one HTML file with pictures; returns the table. */
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
  writeFileSync(join(directory, 'report.html'), reportPage(report, await pictures(engine, source)));
  return table;
}

/** P + L at the last record before a day and at the first after it. */
function capitalAround(risk: readonly RiskPayload[], day: number): { before: number; after: number } | null {
  const total = (record: RiskPayload) => Number(record.capital) + Number(record.liquidity);
  const before = risk.findLast(({ at }) => at < day) ?? risk[0];
  const after = risk.find(({ at }) => at >= day + DAY_MS) ?? risk.at(-1);
  return before === undefined || after === undefined ? null : { before: total(before), after: total(after) };
}
