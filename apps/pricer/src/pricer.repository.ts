import { type DataSource, type EntityManager, In } from 'typeorm';
import type { CovariancePayload } from '#lib/messages';
import type { BookEvent, ExchangeLedger, PricingEngineState } from '#lib/exchange';
import { CommandOutcomeEntity, ServiceStateRepository } from '#lib/storage';
import { LedgerStore, type Vesting } from './ledger-store.js';

/** Id of the command an event decided, where it decided one. */
export function commandOf(event: BookEvent): string | undefined {
  switch (event.kind) {
    case 'trade-booked':
    case 'trade-rejected':
      return event.tradeId;
    case 'liquidity-deposited':
    case 'liquidity-rejected':
    case 'withdrawal-locked':
    case 'account-deposited':
    case 'account-withdrawn':
    case 'account-rejected':
      return event.commandId;
    case 'collateral-moved':
      return event.commandId ?? undefined;
    case 'liquidity-withdrawn':
      // A locked withdrawal was decided when it was locked; its payment is not another answer.
      return event.mode === 'forced' ? event.commandId : undefined;
    case 'liquidity-valued':
    case 'funding-accrued':
    case 'vested':
    case 'bankruptcy-settled':
      return undefined;
  }
}

/** The margin accounts an event has touched. */
export function accountsOf(event: BookEvent): readonly string[] {
  switch (event.kind) {
    case 'trade-booked':
    case 'trade-rejected':
    case 'account-deposited':
    case 'account-withdrawn':
    case 'account-rejected':
    case 'bankruptcy-settled':
      return [event.account];
    case 'collateral-moved':
      return [event.from, event.to];
    default:
      return [];
  }
}

/** What has been written of the book since. */
export interface BookChanges {
  readonly events: readonly BookEvent[];
  readonly state: PricingEngineState;
  /** where it is another one */
  readonly forecast: CovariancePayload | undefined;
}

/** Journal and state of the pricer. */
export class PricerRepository {
  private readonly states = new ServiceStateRepository('pricer');

  constructor(private readonly database: DataSource) {}

  /**
   * The ledger as of the last committed event: the newest snapshot and every event after it.
   *
   * @returns with the events the snapshot had
   * @throws {Error} where the journal has a gap, or the snapshot lacks a part
   */
  async loadLedger(vesting: Vesting): Promise<{ ledger: ExchangeLedger; snapshotAt: number }> {
    const store = new LedgerStore(this.database, vesting);
    const ledger = await store.newestSnapshot();
    const snapshotAt = ledger.eventCount;
    await store.catchUp(ledger);
    return { ledger, snapshotAt };
  }

  /**
   * What has been written of the book after an event, as of one moment; undefined before anything was.
   *
   * @param forecastId of the forecast that is known: it is large, and read only where it is another one
   */
  async changesSince(after: number, forecastId: string | undefined): Promise<BookChanges | undefined> {
    return this.database.transaction('REPEATABLE READ', async (manager) => {
      const state = await this.states.load<PricingEngineState>(manager, 'engine');
      if (state === undefined) return undefined;
      const events = await manager.query<{ sequence: string; payload: BookEvent }[]>(
        'select sequence, payload from book_event where sequence > $1 order by sequence',
        [after],
      );
      const changed = state.forecastId !== null && state.forecastId !== forecastId;
      return {
        events: events.map(({ payload }) => payload),
        state,
        forecast: changed ? await this.states.load<CovariancePayload>(manager, 'forecast') : undefined,
      };
    });
  }

  async loadState(): Promise<{
    state: PricingEngineState | undefined;
    forecast: CovariancePayload | undefined;
  }> {
    const { manager } = this.database;
    return {
      state: await this.states.load<PricingEngineState>(manager, 'engine'),
      forecast: await this.states.load<CovariancePayload>(manager, 'forecast'),
    };
  }

  /** Kept apart from the rest: it is large and changes once a bar, the rest at every batch. */
  async saveForecast(manager: EntityManager, forecast: CovariancePayload): Promise<void> {
    await this.states.save(manager, 'forecast', forecast);
  }

  async saveState(manager: EntityManager, state: PricingEngineState): Promise<void> {
    await this.states.save(manager, 'engine', state);
  }

  /** Appends events to the journal; the first one has sequence `first`. */
  async append(manager: EntityManager, first: number, events: readonly BookEvent[]): Promise<void> {
    if (events.length === 0) return;
    await manager.query(
      `insert into book_event (sequence, kind, at, payload)
       select * from unnest($1::bigint[], $2::text[], $3::bigint[], $4::jsonb[])`,
      [
        events.map((_, i) => first + i),
        events.map(({ kind }) => kind),
        events.map(({ at }) => at),
        events.map((event) => JSON.stringify(event)),
      ],
    );
    const decided = events.flatMap((event, i) => {
      const id = commandOf(event);
      return id === undefined ? [] : [{ id, sequence: first + i, event }];
    });
    if (decided.length === 0) return;
    await manager.query(
      `insert into command_outcome (id, sequence, event) select * from unnest($1::text[], $2::bigint[], $3::jsonb[])`,
      [
        decided.map(({ id }) => id),
        decided.map(({ sequence }) => sequence),
        decided.map(({ event }) => JSON.stringify(event)),
      ],
    );
  }

  async saveRisk(manager: EntityManager, at: number, payload: object): Promise<void> {
    await manager.query(
      'insert into risk_record (at, payload) values ($1, $2::jsonb) on conflict (at) do update set payload = excluded.payload',
      [at, JSON.stringify(payload)],
    );
  }

  /** What came of commands that have been decided already. */
  async outcomes(
    ids: readonly string[],
    manager: EntityManager = this.database.manager,
  ): Promise<Map<string, BookEvent>> {
    const rows = await manager.getRepository(CommandOutcomeEntity).findBy({ id: In([...ids]) });
    return new Map(rows.map(({ id, event }) => [id, event as BookEvent]));
  }
}
