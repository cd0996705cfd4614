import type { HistoryTable } from './partitions.js';

/** A series of REST: the table it is read from, and its columns with the expressions that make them. */
export interface Series {
  readonly table: HistoryTable;
  /** column that has one row a step for each of its values; undefined: one row a step */
  readonly by?: 'market';
  /** rows of a step are added up; otherwise the last row stands for the step. `each`: every row is shown, steps play no part */
  readonly fold: 'last' | 'sum' | 'each';
  readonly columns: Readonly<Record<string, string>>;
}

const numberOf = (field: string) => `(record ->> '${field}')::float8`;
const textOf = (field: string) => `record ->> '${field}'`;

export const SERIES = {
  marks: {
    table: 'history_market',
    by: 'market',
    fold: 'last',
    columns: { mark: 'mark', state: 'state', signedSize: 'size' },
  },
  funding: {
    table: 'history_funding',
    by: 'market',
    fold: 'sum',
    // The funding index counts 10^−18 of money for a unit of size.
    columns: { risk: 'risk', liquidity: 'liquidity', perUnit: 'index * 1e-18' },
  },
  risk: {
    table: 'history_risk',
    fold: 'last',
    columns: {
      riskMeasure: numberOf('riskMeasure'),
      entropicValueAtRisk: numberOf('entropicValueAtRisk'),
      mean: numberOf('mean'),
      volatility: numberOf('volatility'),
      tailFactor: numberOf('tailFactor'),
      capital: textOf('capital'),
      liquidity: textOf('liquidity'),
      pending: textOf('pending'),
      shortfall: textOf('shortfall'),
      forecastId: textOf('forecastId'),
    },
  },
  premia: {
    table: 'history_premia',
    fold: 'sum',
    columns: { risk: 'risk', liquidity: 'liquidity', penalties: 'penalties', trades: 'trades' },
  },
  flows: {
    table: 'history_flows',
    fold: 'sum',
    columns: {
      ...{ provided: 'provided', withdrawn: 'withdrawn', exitFees: 'exit_fees' },
      ...{ deposited: 'deposited', paidOut: 'paid_out', creditCharges: 'credit', badDebt: 'bad_debt' },
    },
  },
  shares: {
    table: 'history_shares',
    fold: 'last',
    columns: { outstanding: 'outstanding', worth: 'worth', capital: 'capital', liquidity: 'liquidity' },
  },
  liquidations: {
    table: 'history_liquidation',
    fold: 'each',
    columns: {
      planId: 'plan_id',
      kind: 'kind',
      account: 'account',
      status: 'status',
      orders: 'orders',
      reason: 'reason',
    },
  },
} as const satisfies Record<string, Series>;

export type SeriesName = keyof typeof SERIES;
