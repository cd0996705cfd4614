// Long because it is one list: every read and write of the liquidator’s tables.
import type { DataSource, EntityManager } from 'typeorm';
import {
  type AccountStatePayload,
  type CovariancePayload,
  type ParametersPayload,
  type PlanPayload,
  type PoolStatePayload,
  TOPICS,
} from '#lib/messages';
import { InvalidInputError } from '#lib/errors';
import { partitionOf } from '#lib/events';
import type { LiquidationPlan } from '#lib/liquidation';
import type { MarketBoardState, MarketMarkState } from '#lib/exchange';
import type { Race } from '#lib/liquidating';
import {
  flushStatements,
  insertRows,
  LiquidationEntity,
  ServiceStateRepository,
  type Statement,
  write,
  writeRows,
} from '#lib/storage';
import { type LiveLiquidation, moneyColumn, type OpenedPlan } from './liquidation-record.js';

/** Name of a market's mark, a row of its own because most batches change none; without a market, the prefix of all these names. */
const markOf = (unit: number, market = ''): string => `mark/${unit}/${market}`;

/** The liquidator's state between batches besides accounts and plans. */
export interface LiquidatorState {
  readonly board: MarketBoardState;
  /** plans ever opened, and events ever published */
  readonly plans: number;
  readonly events: number;
  /** market time before which an account is left alone: its last liquidation was refused */
  readonly blocked: readonly (readonly [account: string, until: number])[];
  /** market time before which an account is executed against the pool alone: its last liquidator did not deliver */
  readonly distrusting?: readonly (readonly [account: string, until: number])[];
  /** accounts below their margin, and since when, market time */
  readonly since: readonly (readonly [account: string, from: number])[];
}

/** An event of the stream, with the id a client resumes from. */
export interface LiquidationEvent {
  readonly sequence: number;
  readonly payload: PlanPayload;
}

const MOVED_AT_ONCE = 10_000;
/** Topics that every unit reads to the end; liquidator.controller.ts says which. */
const EVERY_UNITS_TOPICS = [
  TOPICS.prices,
  TOPICS.covariance,
  TOPICS.parameters,
  TOPICS.poolStates,
  TOPICS.executions,
].map(({ name }) => name);

export class LiquidatorRepository {
  private readonly states = new ServiceStateRepository('liquidator');

  constructor(private readonly database: DataSource) {}

  /** The remainder of a unit. */
  async load(unit: number): Promise<{
    state: LiquidatorState | undefined;
    forecast: CovariancePayload | undefined;
    pool: PoolStatePayload | undefined;
    parameters: ParametersPayload | undefined;
    accounts: AccountStatePayload[];
    live: LiveLiquidation[];
  }> {
    const { manager } = this.database;
    const accounts = await manager.query<{ state: AccountStatePayload }[]>(
      'select state from margin_account where unit = $1 order by account',
      [unit],
    );
    const live = await manager.query<LiveLiquidation[]>(
      `select opened, race from liquidation where status = 'open' and unit = $1 order by ordinal`,
      [unit],
    );
    return {
      state: await this.loadState(manager, unit),
      forecast: await this.states.load<CovariancePayload>(manager, `forecast/${unit}`),
      pool: await this.states.load<PoolStatePayload>(manager, `pool/${unit}`),
      parameters: await this.states.load<ParametersPayload>(manager, `parameters/${unit}`),
      accounts: accounts.map(({ state }) => state),
      live,
    };
  }

  /** @param state its `board.markets` are those that have changed since it was saved last */
  saveState(manager: EntityManager, unit: number, { board, ...state }: LiquidatorState): Promise<void> {
    const { markets, ...clock } = board;
    return this.states.saveTexts(manager, [
      ...markets.map((mark) => [markOf(unit, mark.market), () => JSON.stringify(mark)] as const),
      [`watch/${unit}`, () => JSON.stringify({ ...state, board: clock })],
    ]);
  }
  private async loadState(manager: EntityManager, unit: number): Promise<LiquidatorState | undefined> {
    const small = await this.states.load<LiquidatorState>(manager, `watch/${unit}`);
    if (small === undefined) return undefined;
    const marks = await this.states.startingWith<MarketMarkState>(manager, markOf(unit));
    const markets = [...marks.values()].sort((a, b) => a.ordinal - b.ordinal);
    return { ...small, board: { ...small.board, markets } };
  }
  saveForecast(manager: EntityManager, unit: number, forecast: CovariancePayload): Promise<void> {
    return this.states.save(manager, `forecast/${unit}`, forecast);
  }
  saveParameters(manager: EntityManager, unit: number, parameters: ParametersPayload): Promise<void> {
    return this.states.save(manager, `parameters/${unit}`, parameters);
  }
  savePool(manager: EntityManager, unit: number, pool: PoolStatePayload): Promise<void> {
    return this.states.save(manager, `pool/${unit}`, pool);
  }

  async saveAccounts(
    manager: EntityManager,
    unit: number,
    states: readonly AccountStatePayload[],
  ): Promise<void> {
    if (states.length === 0) return;
    await writeRows(
      manager,
      'margin_account',
      states.map((state) => ({ unit, state })),
      writeAccounts,
    );
  }

  /**
   * Moves accounts to the units of their keys where there are `to` units instead of `from`. New units begin where the
   * first one is.
   *
   * @throws {InvalidInputError} while a plan is open: its number is of its unit
   */
  async moveUnits(manager: EntityManager, from: number, to: number): Promise<void> {
    const [{ open }] = await manager.query<[{ open: string }]>(
      `select count(*) as open from liquidation where status = 'open'`,
    );
    if (Number(open) > 0)
      throw new InvalidInputError('to', `${open} liquidation plans are open: wait until they are closed`);
    const unitOf = (account: string) => partitionOf(account, to);
    const rows = await manager.query<{ account: string }[]>('select account from margin_account');
    for (let at = 0; at < rows.length; at += MOVED_AT_ONCE) {
      const accounts = rows.slice(at, at + MOVED_AT_ONCE).map(({ account }) => account);
      await manager.query(
        `update margin_account set unit = moved.unit from unnest($1::text[], $2::int[]) as moved (account, unit)
         where margin_account.account = moved.account`,
        [accounts, accounts.map(unitOf)],
      );
    }
    const states: (LiquidatorState | undefined)[] = [];
    for (let unit = 0; unit < from; unit++) states.push(await this.loadState(manager, unit));
    const [first] = states;
    if (first === undefined) return;
    const of = (name: 'blocked' | 'distrusting' | 'since', unit: number) =>
      states.flatMap((state) => state?.[name] ?? []).filter(([account]) => unitOf(account) === unit);
    for (let unit = 0; unit < to; unit++) {
      const { board, plans, events } = states.at(unit) ?? { ...first, plans: 0, events: 0 };
      const kept = {
        ...{ blocked: of('blocked', unit), since: of('since', unit) },
        distrusting: of('distrusting', unit),
      };
      await this.saveState(manager, unit, { board, plans, events, ...kept });
      if (unit < from) continue;
      for (const name of ['forecast', 'pool', 'parameters']) {
        const value = await this.states.load(manager, `${name}/0`);
        if (value !== undefined) await this.states.save(manager, `${name}/${unit}`, value);
      }
      await manager.query(
        `insert into consumer_offset (consumer_group, topic, partition, next_offset, sources)
         select $1, topic, partition, next_offset, sources from consumer_offset
         where consumer_group = $2 and topic = any($3)
         on conflict (consumer_group, topic, partition) do update
           set next_offset = excluded.next_offset, sources = excluded.sources`,
        [`liquidator/${unit}`, 'liquidator/0', EVERY_UNITS_TOPICS],
      );
    }
  }

  async open(
    manager: EntityManager,
    unit: number,
    ordinal: number,
    opened: OpenedPlan,
    race: Race,
  ): Promise<void> {
    const plan = opened.plan as unknown as LiquidationPlan;
    const notional = plan.case.positions.reduce((sum, { size, price }) => sum + Math.abs(size) * price, 0);
    await write(
      manager,
      `insert into liquidation (plan_id, unit, ordinal, account, status, opened_at, outcome, method, gap, objective,
         closed_notional, notional, shortfall, opened, race)
       values ($1, $2, $3, $4, 'open', $5, $6, $7, $8, $9, $10, $11, $12, $13::jsonb, $14::jsonb)`,
      [
        opened.planId,
        unit,
        ordinal,
        opened.account,
        opened.at,
        plan.outcome,
        plan.method,
        plan.gap,
        ...[plan.objective, plan.closedNotional, notional, plan.shortfall].map(moneyColumn),
        ...[opened, race].map((value) => JSON.stringify(value)),
      ],
    );
  }

  async saveRace(manager: EntityManager, planId: string, race: Race): Promise<void> {
    await write(manager, 'update liquidation set race = $2::jsonb where plan_id = $1', [
      planId,
      JSON.stringify(race),
    ]);
  }

  async close(manager: EntityManager, planId: string, status: string, at: number): Promise<void> {
    await write(manager, 'update liquidation set status = $2, closed_at = $3 where plan_id = $1', [
      planId,
      status,
      at,
    ]);
  }

  /**
   * @param sequence the unit's own count. The stream's count is over all units, in the order of their commits: nobody who
   * follows it can miss one
   */
  async appendEvent(
    manager: EntityManager,
    unit: number,
    sequence: number,
    payload: PlanPayload,
  ): Promise<void> {
    await write(
      manager,
      `with stream as (update liquidation_stream set last = last + 1 returning last)
       insert into liquidation_event (sequence, unit, unit_sequence, plan_id, payload)
       select last, $1, $2, $3, $4::jsonb from stream`,
      [unit, sequence, payload.planId, JSON.stringify(payload)],
    );
  }

  async events(after: number, limit: number): Promise<LiquidationEvent[]> {
    const rows = await this.database.query<{ sequence: string; payload: PlanPayload }[]>(
      'select sequence, payload from liquidation_event where sequence > $1 order by sequence limit $2',
      [after, limit],
    );
    return rows.map(({ sequence, payload }) => ({ sequence: Number(sequence), payload }));
  }

  /** Sequence of the newest event; 0 before there is one. */
  async lastEvent(): Promise<number> {
    const [{ last }] = await this.database.query<{ last: string | null }[]>(
      'select max(sequence) as last from liquidation_event',
    );
    return Number(last ?? 0);
  }

  async find(planId: string): Promise<LiquidationEntity | null> {
    return this.database.getRepository(LiquidationEntity).findOneBy({ planId });
  }

  /** The oldest open plans that nobody has won, those of the transaction included. */
  async waiting(manager: EntityManager, limit: number): Promise<OpenedPlan[]> {
    await flushStatements(manager);
    const rows = await manager.query<{ opened: OpenedPlan }[]>(
      `select opened from liquidation where status = 'open' and race->'won' = 'null' order by ordinal, unit limit $1`,
      [limit],
    );
    return rows.map(({ opened }) => opened);
  }

  /** Newest first, before a number. */
  async list(filter: {
    status?: string;
    account?: string;
    before?: number;
    limit: number;
  }): Promise<LiquidationEntity[]> {
    const query = this.database
      .getRepository(LiquidationEntity)
      .createQueryBuilder('l')
      .orderBy('l.number', 'DESC')
      .take(filter.limit);
    if (filter.status !== undefined) query.andWhere('l.status = :status', { status: filter.status });
    if (filter.account !== undefined) query.andWhere('l.account = :account', { account: filter.account });
    if (filter.before !== undefined) query.andWhere('l.number < :before', { before: filter.before });
    return query.getMany();
  }

  /** Sums over all plans, by outcome. */
  async totals(): Promise<LiquidationTotals[]> {
    const rows = await this.database.query<Record<string, string | null>[]>(
      `select outcome, count(*) as plans, count(distinct account) as accounts, max(gap) as worst_gap,
         sum(closed_notional) as closed, sum(notional) as notional, sum(shortfall) as shortfall,
         count(*) filter (where status = 'executed') as executed
       from liquidation group by outcome order by outcome`,
    );
    return rows.map((row) => ({
      outcome: row.outcome!,
      plans: Number(row.plans),
      accounts: Number(row.accounts),
      executed: Number(row.executed),
      worstGap: row.worst_gap === null ? null : Number(row.worst_gap),
      closedNotional: Number(row.closed),
      notional: Number(row.notional),
      shortfall: Number(row.shortfall),
    }));
  }

  /** Plans and closed notional by day of market time. */
  async byDay(): Promise<{ day: number; plans: number; closedNotional: number }[]> {
    const rows = await this.database.query<{ day: string; plans: string; closed: string }[]>(
      `select opened_at / 86400000 as day, count(*) as plans, sum(closed_notional) as closed
       from liquidation group by 1 order by 1`,
    );
    return rows.map(({ day, plans, closed }) => ({
      day: Number(day) * 86_400_000,
      plans: Number(plans),
      closedNotional: Number(closed),
    }));
  }
}

function writeAccounts(
  rows: readonly { readonly unit: number; readonly state: AccountStatePayload }[],
): Statement {
  // One row an account: a statement cannot meet the same row twice.
  const newest = [...new Map(rows.map((row) => [row.state.account, row])).values()];
  return insertRows(
    'margin_account',
    {
      unit: ['int', ({ unit }) => unit],
      account: ['text', ({ state }) => state.account],
      sequence: ['bigint', ({ state }) => state.sequence],
      state: ['jsonb', ({ state }) => JSON.stringify(state)],
    },
    newest,
    'on conflict (account) do update set sequence = excluded.sequence, state = excluded.state',
  );
}

export interface LiquidationTotals {
  readonly outcome: string;
  readonly plans: number;
  readonly accounts: number;
  readonly executed: number;
  readonly worstGap: number | null;
  readonly closedNotional: number;
  /** of the accounts when their plan was made: the notional of a full closing */
  readonly notional: number;
  readonly shortfall: number;
}
