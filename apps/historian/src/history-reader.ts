import type { DataSource } from 'typeorm';
import { MONEY_DECIMALS } from '#lib/amounts';
import { InvalidInputError } from '#lib/errors';
import { Turns } from '#lib/service';
import { RESOLUTIONS } from './historian.repository.js';
import { type Series, SERIES, type SeriesName } from './history-series.js';

export interface HistoryRange {
  /** milliseconds since the epoch; the first is in it, the last is not */
  readonly from: number;
  readonly to: number;
  /** milliseconds */
  readonly step: number;
}

/** Most rows of an answer: longer ranges are asked for in parts, or at larger steps. */
export const MOST_ROWS = 100_000;

/** A reading ends after so long: a range of years by the minute would be sorted on disk before its rows are counted. */
const LONGEST_READING_MS = 5_000;
/** Readings share the database's connections with the exchange: if they held all of them, nothing else would be done. */
const READ_AT_ONCE = 2;
const MOST_WAITING = 64;
/** PostgreSQL: the statement took longer than it may. */
const CANCELLED = '57014';

/**
 * Reads history as JSON text: PostgreSQL writes the rows, and nothing takes them apart again. A reading ends after a while, and few are under
 * way at once, whoever asks.
 */
export class HistoryReader {
  private readonly turns = new Turns('history', READ_AT_ONCE, MOST_WAITING);

  constructor(
    private readonly database: DataSource,
    private readonly longestMs = LONGEST_READING_MS,
  ) {}

  /** @throws {InvalidInputError} for a step that is not kept, and for a range of too many rows */
  async read(name: SeriesName, range: HistoryRange, market?: string): Promise<string> {
    const series: Series = SERIES[name];
    const { by, fold, columns, table } = series;
    if (market !== undefined && by !== 'market') throw new InvalidInputError('market', `${name} has none`);
    const values = Object.entries(columns);
    const { from, to, step } = range;
    const parameters: unknown[] = [from, to];
    let source: string;
    if (fold === 'each') {
      source = `select at, ${values.map(([as, from]) => `${from} as "${as}"`).join(', ')}
        from ${table} where at >= $1 and at < $2 order by at limit ${MOST_ROWS + 1}`;
    } else {
      const resolution = resolutionOf(step);
      parameters.push(resolution);
      const filter = market === undefined ? '' : ` and market = $${parameters.push(market)}`;
      const where = `where resolution = $3 and at >= $1 and at < $2${filter}`;
      const bucket = step === resolution ? 'at' : `at - at % ${step}`;
      const keys = by === undefined ? '' : 'market, ';
      // A bucket of a kept length is answered as it is stored.
      const shown = values.map(([as, from]) => `${from} as "${as}"`).join(', ');
      if (step === resolution)
        source = `select at, ${keys}${shown} from ${table} ${where} order by ${keys}at limit ${MOST_ROWS + 1}`;
      else if (fold === 'last')
        source = `select distinct on (${keys}bucket) bucket as at, ${keys}${shown}
          from (select *, ${bucket} as bucket from ${table} ${where}) as rows
          order by ${keys}bucket, rows.at desc limit ${MOST_ROWS + 1}`;
      else
        source = `select ${bucket} as at, ${keys}${values.map(([as, from]) => `sum(${from}) as "${as}"`).join(', ')}
          from ${table} ${where} group by ${keys}1 order by ${keys}1 limit ${MOST_ROWS + 1}`;
    }
    const names = ['at', ...(by === undefined ? [] : [by]), ...Object.keys(columns)];
    // Sums are exact: as text, as money is everywhere.
    const cells = names.map((column) =>
      fold === 'sum' && column in columns && column !== 'trades' ? `"${column}"::text` : `"${column}"`,
    );
    return this.answer(name, range, names, source, cells, parameters);
  }

  /** The states of an account after each change; of each step the last where a step is given. */
  async account(account: string, range: HistoryRange & { readonly every: boolean }): Promise<string> {
    const { from, to, step, every } = range;
    const own = `from history_account where (account = $3 or account like $4) and at >= $1 and at < $2`;
    const columns = `account, state ->> 'cash' as cash, state -> 'positions' as positions`;
    const source = every
      ? `select at, sequence, ${columns} ${own} order by at, sequence limit ${MOST_ROWS + 1}`
      : `select distinct on (account, at) * from
           (select at - at % ${step} as at, at as changed, sequence, ${columns} ${own}) as states
         order by account, at, changed desc, sequence desc limit ${MOST_ROWS + 1}`;
    const names = ['at', 'account', 'cash', 'positions'];
    return this.answer(
      `accounts/${account}`,
      range,
      names,
      source,
      names.map((name) => `"${name}"`),
      [from, to, account, isolatedOf(account)],
    );
  }

  /**
   * Charges of an account by step, its isolated positions included: premia, penalties, fees and the default option as booked, and the funding of
   * its positions: each minute's at the size with which the minute began.
   */
  async charges(account: string, range: HistoryRange): Promise<string> {
    const { from, to, step } = range;
    const sums = ['risk', 'liquidity', 'penalties', 'fees', 'credit'] as const;
    const bucket = (time: string) => `${time} - ${time} % ${step}`;
    const source = `
      with paid as (
        select ${bucket('at')} as at, ${sums.map((name) => `sum(${name}) as ${name}`).join(', ')} from history_charges
        where resolution = $5 and (account = $3 or account like $4) and at >= $1 and at < $2 group by 1),
      states as (
        select at, coalesce(lead(at) over (partition by account order by at, sequence), $2) as until, state
        from history_account where (account = $3 or account like $4) and at < $2),
      held as (
        select greatest(at, $1) as since, until, each ->> 'market' as market, (each ->> 'size')::numeric as size
        from states, jsonb_array_elements(state -> 'positions') as each where until > greatest(at, $1)),
      funded as (
        select ${bucket('f.at')} as at, sum(f.index * held.size) * 1e-18 as funding
        from held join history_funding f
          on f.resolution = ${RESOLUTIONS[0]} and f.market = held.market and f.at >= held.since and f.at < held.until
        group by 1)
      select at, ${sums.map((name) => `coalesce(${name}, 0) as ${name}`).join(', ')}, round(coalesce(funding, 0), ${MONEY_DECIMALS}) as funding
      from paid full join funded using (at) order by at limit ${MOST_ROWS + 1}`;
    const names = ['at', ...sums, 'funding'];
    const cells = names.map((name) => (name === 'at' ? 'at' : `trim_scale(${name})::text`));
    const parameters = [from, to, account, isolatedOf(account), resolutionOf(step)];
    return this.answer(`accounts/${account}/charges`, range, names, source, cells, parameters);
  }

  private async answer(
    series: string,
    { from, to, step }: HistoryRange,
    names: readonly string[],
    source: string,
    cells: readonly string[],
    parameters: readonly unknown[],
  ): Promise<string> {
    const [{ count, rows }] = await this.turns.take(() =>
      this.bounded(
        `select count(*)::int as count, json_agg(json_build_array(${cells.join(', ')}))::text as rows
         from (${source}) as found`,
        parameters,
      ),
    );
    if (count > MOST_ROWS)
      throw new InvalidInputError(
        'from',
        `the range has more than ${MOST_ROWS} rows: ask for parts of it, a market, or a larger step`,
      );
    const head = JSON.stringify({ series, from, to, step, columns: names }).slice(0, -1);
    return `${head},"rows":${rows ?? '[]'}}`;
  }

  /** @throws {InvalidInputError} where it takes too long */
  private async bounded(
    statement: string,
    parameters: readonly unknown[],
  ): Promise<[{ count: number; rows: string | null }]> {
    try {
      return await this.database.transaction(async (manager) => {
        await manager.query(`set local statement_timeout = ${this.longestMs}`);
        return manager.query(statement, [...parameters]);
      });
    } catch (error) {
      const { code } = (error as { driverError?: { code?: string } }).driverError ?? {};
      if (code !== CANCELLED) throw error;
      throw new InvalidInputError(
        'from',
        `the range takes longer than ${this.longestMs / 1000} s to read: ask for parts of it, a market, or a larger step`,
      );
    }
  }
}

/** A pattern of the names of an account's isolated positions. */
function isolatedOf(account: string): string {
  return `${account.replaceAll(/[\\%_]/g, '\\$&')}~%`;
}

/** The longest buckets a step is made of. @throws {InvalidInputError} */
function resolutionOf(step: number): number {
  const found = RESOLUTIONS.findLast((resolution) => step % resolution === 0);
  if (found === undefined)
    throw new InvalidInputError('step', `must be a multiple of ${RESOLUTIONS[0]} milliseconds`);
  return found;
}
