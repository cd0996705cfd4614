import { monthOf } from '#lib/storage';
import type { Lane, LaneOwner, ConsumeContext } from '#lib/events';
import type { BookEvent } from '#lib/exchange';
import type {
  AccountStatePayload,
  BookPayload,
  Message,
  PlanPayload,
  RiskPayload,
  SamplePayload,
} from '#lib/messages';
import type { HistorianConfig } from './historian.config.js';
import { BOOK_TABLES, bookRows } from './book-rows.js';
import { type HistorianRepository } from './historian.repository.js';

/** One writer of history. */
export const HISTORIAN_LANE: Lane = { name: 'historian', spread: 'single', shared: true };

const DAY_MS = 86_400_000;

/** Keeps history: the messages of topics, in tables by time. Each batch is in the transaction that consumes it: nothing is counted twice. */
export class HistorianService implements LaneOwner {
  /** month up to which partitions have been dropped */
  private droppedAt = '';
  /** market time of the newest row, milliseconds; for metrics */
  newest = 0;

  constructor(
    private readonly config: HistorianConfig,
    private readonly repository: HistorianRepository,
  ) {}

  restore(): Promise<void> {
    this.repository.partitions.forget();
    return Promise.resolve();
  }

  async onSamples(messages: readonly Message<SamplePayload>[], context: ConsumeContext): Promise<void> {
    const samples = messages.map(({ payload }) => payload);
    await this.repository.writeBuckets(
      context.manager,
      'history_market',
      samples.flatMap(({ at, markets }) =>
        markets.map(({ market, mark, state, size, fundingPerUnitPerYear, allocation }) => ({
          ...{ at, market, mark, state, size, allocation },
          funding_per_unit_year: fundingPerUnitPerYear,
        })),
      ),
    );
    await this.repository.writeBuckets(
      context.manager,
      'history_shares',
      samples.map(({ at, shares, capital, liquidity }) => ({
        ...{ at, capital, liquidity },
        ...{ outstanding: shares.outstanding, worth: shares.worth },
      })),
    );
    await this.retain(context, samples.at(-1)!.at);
  }

  async onRisk(messages: readonly Message<RiskPayload>[], { manager }: ConsumeContext): Promise<void> {
    await this.repository.writeBuckets(
      manager,
      'history_risk',
      messages.map(({ payload: { at, ...record } }) => ({ at, record: JSON.stringify(record) })),
    );
  }

  async onBook(messages: readonly Message<BookPayload>[], { manager }: ConsumeContext): Promise<void> {
    const rows = bookRows(messages.map(({ payload }) => payload as unknown as BookEvent));
    for (const table of BOOK_TABLES) await this.repository.writeBuckets(manager, table, rows[table]);
  }

  async onPlans(messages: readonly Message<PlanPayload>[], { manager }: ConsumeContext): Promise<void> {
    await this.repository.write(
      manager,
      'history_liquidation',
      messages.flatMap(({ payload }) => {
        if (payload.kind === 'claimed') return [];
        return [
          {
            ...{ at: payload.at, plan_id: payload.planId, kind: payload.kind, account: payload.account },
            status: payload.kind === 'opened' ? 'open' : payload.status,
            orders: payload.kind === 'opened' ? JSON.stringify(payload.orders) : null,
            reason: payload.kind === 'opened' ? null : payload.reason,
          },
        ];
      }),
    );
  }

  async onAccounts(
    messages: readonly Message<AccountStatePayload>[],
    { manager }: ConsumeContext,
  ): Promise<void> {
    await this.repository.write(
      manager,
      'history_account',
      messages.map(({ time, payload: { account, sequence, cash, positions } }) => ({
        ...{ at: time, account, sequence },
        state: JSON.stringify({ cash, positions }),
      })),
    );
  }

  /** Once a month of market time, partitions older than the retention are dropped. */
  private async retain({ manager }: ConsumeContext, at: number): Promise<void> {
    this.newest = Math.max(this.newest, at);
    const { HISTORY_RETENTION_DAYS: days } = this.config;
    const { name } = monthOf(at);
    if (days === 0 || name === this.droppedAt) return;
    await this.repository.partitions.drop(manager, at - days * DAY_MS);
    this.droppedAt = name;
  }
}
