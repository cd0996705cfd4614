import type { DataSource, EntityManager } from 'typeorm';
import type { CovariancePayload } from '#lib/messages';
import {
  type BookEvent,
  type CommandKey,
  commandKeyText,
  commandOf,
  type ExchangeLedger,
  type PricingEngineState,
} from '#lib/exchange';
import { ServiceStateRepository } from '#lib/storage';
import { LedgerStore, type Vesting } from './ledger-store.js';

/** What came of a command, and the digest of what it said. */
export interface Outcome {
  readonly digest: string;
  readonly event: BookEvent;
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
    // One row a command: what is said of it last, and the digest that was said first.
    const outcomes = new Map<
      string,
      { key: CommandKey; digest: string; sequence: number; event: BookEvent }
    >();
    for (const [i, event] of events.entries()) {
      const key = commandOf(event);
      if (key === undefined) continue;
      const text = commandKeyText(key);
      const digest = outcomes.get(text)?.digest ?? event.digest ?? '';
      outcomes.set(text, { key, digest, sequence: first + i, event });
    }
    if (outcomes.size === 0) return;
    const decided = [...outcomes.values()];
    await manager.query(
      `insert into command_outcome (topic, owner, id, digest, sequence, event)
       select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::jsonb[])
       on conflict (topic, owner, id) do update set sequence = excluded.sequence, event = excluded.event`,
      [
        decided.map(({ key }) => key.topic),
        decided.map(({ key }) => key.owner),
        decided.map(({ key }) => key.id),
        decided.map(({ digest }) => digest),
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

  /** Outcomes of the commands that have been decided already, by {@link commandKeyText}. */
  async outcomes(
    keys: readonly CommandKey[],
    manager: EntityManager = this.database.manager,
  ): Promise<Map<string, Outcome>> {
    const rows = await manager.query<(CommandKey & Outcome)[]>(
      `select topic, owner, id, digest, event from command_outcome
       where (topic, owner, id) in (select * from unnest($1::text[], $2::text[], $3::text[]))`,
      [keys.map(({ topic }) => topic), keys.map(({ owner }) => owner), keys.map(({ id }) => id)],
    );
    return new Map(rows.map((row) => [commandKeyText(row), { digest: row.digest, event: row.event }]));
  }

  /** Outcomes of a topic's commands with an id, whoever's they are. */
  async outcomesOfAnyone(topic: string, id: string): Promise<BookEvent[]> {
    const rows = await this.database.query<{ event: BookEvent }[]>(
      'select event from command_outcome where topic = $1 and id = $2',
      [topic, id],
    );
    return rows.map(({ event }) => event);
  }
}
