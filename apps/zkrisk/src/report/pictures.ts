import type { DataSource } from 'typeorm';
import { lineChart, stackedCharts } from '#lib/charts';
import type { RiskPayload } from '#lib/messages';
import { LiquidatorRepository } from '../../../liquidator/src/index.js';
import type { Engine } from '../engine.js';
import type { MarketSource } from '../replay/market-source.js';
import { valuationsOf, vaultPicture } from './vault.js';

export const DAY_MS = 86_400_000;

/** Of the markets whose prices are drawn: the first ones. */
const COLOURS = ['#3b6fb6', '#d9822b', '#3f8f5b', '#7a4fa3'];

/** Every risk record of a replay, in order. */
export async function riskRecords(database: DataSource): Promise<RiskPayload[]> {
  const rows = await database.query<{ payload: RiskPayload }[]>(
    'select payload from risk_record order by at',
  );
  return rows.map(({ payload }) => payload);
}

/** The charts of a replay, by name. */
export async function pictures(engine: Engine, source: MarketSource): Promise<Record<string, string>> {
  const { database } = engine;
  const risk = await riskRecords(database);
  if (risk.length < 2) return {};
  const times = risk.map(({ at }) => at);
  const chosen = source.markets.slice(0, COLOURS.length);
  const indices = pricesFrom(source, chosen.length, times);
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
    prices: lineChart({
      title: `Prices${tag}`,
      unit: 'first bar = 100',
      times,
      series: chosen.map((name, i) => ({ name, colour: COLOURS[i], values: indices[i] })),
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
    // On one axis either would press the other flat.
    capital: stackedCharts([
      {
        title: `Capital P of the exchange${tag}`,
        unit: 'quote currency',
        times,
        series: [{ name: 'P', colour: '#3b6fb6', values: risk.map(({ capital }) => Number(capital)) }],
      },
      {
        title: `Liquidity L of the providers${tag}`,
        unit: 'quote currency',
        times,
        series: [{ name: 'L', colour: '#3f8f5b', values: risk.map(({ liquidity }) => Number(liquidity)) }],
      },
    ]),
    liquidations: lineChart({
      title: `Notional liquidated by day${tag}`,
      unit: 'quote currency',
      times: dayStarts,
      columns: true,
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

/** Prices of the first markets at some times, each from 100 at the first that has one; null where there is none. */
function pricesFrom(source: MarketSource, markets: number, times: readonly number[]): (number | null)[][] {
  const wanted = new Set(times);
  const rows = new Map<number, readonly (string | undefined)[]>();
  for (const { time, prices } of source.rows(0)) {
    if (time > times[times.length - 1]) break;
    if (wanted.has(time)) rows.set(time, prices);
  }
  return Array.from({ length: markets }, (_, i) => {
    let first: number | undefined;
    return times.map((time) => {
      const text = rows.get(time)?.[i];
      if (text === undefined) return null;
      first ??= Number(text);
      return (100 * Number(text)) / first;
    });
  });
}
