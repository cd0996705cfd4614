import type { DataSource } from 'typeorm';
import type { RiskPayload } from '#lib/messages';
import type { LiquidityValued } from '#lib/exchange';
import { wholeText } from '#lib/amounts';
import { stackedCharts } from '#lib/charts';

/** Value of a vault's pool shares to the exchange. Money as decimal strings, quote currency. */
export interface VaultReport {
  readonly provider: string;
  readonly valuations: number;
  readonly value: string;
  readonly backing: string;
  readonly haircut: number;
  readonly largestHaircut: number;
  /** furthest a pool share has fallen from a height before, share of that height */
  readonly largestFall: number;
}

/** Of a replay, in order. */
export async function valuationsOf(database: DataSource): Promise<LiquidityValued[]> {
  const rows = await database.query<{ payload: LiquidityValued }[]>(
    `select payload from book_event where kind = 'liquidity-valued' order by sequence`,
  );
  return rows.map(({ payload }) => payload);
}

/** Sums the valuations up; null where there are none. */
export function vaultReport(valuations: readonly LiquidityValued[]): VaultReport | null {
  const last = valuations.at(-1);
  if (last === undefined) return null;
  return {
    provider: last.provider,
    valuations: valuations.length,
    value: last.value,
    backing: last.backing,
    haircut: last.haircut,
    largestHaircut: valuations.reduce((most, { haircut }) => Math.max(most, haircut), 0),
    largestFall: largestFall(valuations),
  };
}

function largestFall(valuations: readonly LiquidityValued[]): number {
  let height = 0;
  let fall = 0;
  for (const { value, units } of valuations) {
    if (Number(units) === 0) continue;
    const unitValue = Number(value) / Number(units);
    height = Math.max(height, unitValue);
    fall = Math.max(fall, 1 - unitValue / height);
  }
  return fall;
}

/** Lines of the report's table. */
export function vaultRows(report: VaultReport): [string, string][] {
  const money = (text: string) => wholeText(Number(text));
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [
    [
      'vault',
      `${money(report.value)} in pool shares, haircut ${percent(report.haircut)} (at most ${percent(report.largestHaircut)}): ` +
        `${money(report.backing)} of L; a share fell by ${percent(report.largestFall)} at most`,
    ],
  ];
}

/** The basket, the part of it that counts, and the book's risk meanwhile. */
export function vaultPicture(
  valuations: readonly LiquidityValued[],
  risk: readonly RiskPayload[],
  tag: string,
): string {
  const times = risk.map(({ at }) => at);
  let next = 0;
  let last: LiquidityValued | undefined;
  const inForce = times.map((time) => {
    while (next < valuations.length && valuations[next].valuedAt <= time) last = valuations[next++];
    return last;
  });
  return stackedCharts([
    {
      title: `A vault’s pool shares${tag}`,
      unit: 'quote currency',
      times,
      series: [
        {
          name: 'fair value',
          colour: '#3b6fb6',
          values: inForce.map((at) => (at ? Number(at.value) : null)),
        },
        {
          name: 'counts in L',
          colour: '#3f8f5b',
          values: inForce.map((at) => (at ? Number(at.backing) : null)),
        },
      ],
    },
    {
      title: 'Liquidity L',
      unit: 'quote currency',
      times,
      series: [{ name: 'L', colour: '#3f8f5b', values: risk.map(({ liquidity }) => Number(liquidity)) }],
    },
    {
      title: 'Risk measure',
      unit: 'quote currency',
      times,
      series: [{ name: 'ρ(θ)', colour: '#b8432f', values: risk.map(({ riskMeasure }) => riskMeasure) }],
    },
  ]);
}
