import { Logger } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { messageOf } from '#lib/errors';
import type { CovariancePayload, ParametersPayload } from '#lib/messages';
import { partsOf } from '#lib/amounts';
import {
  type BookEvent,
  bustsOf,
  type BustedTradeKey,
  type CommandKey,
  type ExchangeLedger,
  followersOf,
  type JournalledTrade,
  type MarketMarkState,
  type PricingEngineState,
  type Vesting,
} from '#lib/exchange';
import type { MarksOfPass, PassProgress } from '#lib/margin';
import { insertRows, ServiceStateRepository, type Statement, writeRows } from '#lib/storage';
import { DecidedKeys } from './decided-keys.js';
import { Journal, type Outcome } from './journal.js';
import type { JournalledSettlement } from './loss-shares.js';
import { LedgerStore } from './ledger-store.js';

/** Changes of the book since an event. */
export interface BookChanges {
  readonly events: readonly BookEvent[];
  readonly state: PricingEngineState;
  /** where it is another one */
  readonly forecast: CovariancePayload | undefined;
}

/** The engine's state without its rows by market, and without the marks of its pass over the accounts. */
type SmallState = Omit<PricingEngineState, 'board' | 'credit'> & {
  readonly board: Omit<PricingEngineState['board'], 'markets'>;
  readonly credit?: PassProgress;
};

/** Marks of the pass over the accounts: as many as markets, or twice, which change a few times a bar. */
const PASS = 'pass';

/** Each market's mark is a row of its own, whose name begins so: most batches change few. */
const MARK = 'mark/';
/** Versions of the risk parameters, likewise. */
const PARAMETERS = 'parameters/';

/** Journal and state of the pricer. */
export class PricerRepository {
  private readonly logger = new Logger(PricerRepository.name);
  private readonly states = new ServiceStateRepository('pricer');
  private readonly journal = new Journal();
  /** marks of the pass that were written last */
  private pass: MarksOfPass | undefined;

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
   * Changes of the book after an event, as of one moment; undefined before the first.
   *
   * @param forecastId of the forecast that is known: it is large, and read only where it is another one
   */
  async changesSince(after: number, forecastId: string | undefined): Promise<BookChanges | undefined> {
    return this.database.transaction('REPEATABLE READ', async (manager) => {
      const state = await this.engineState(manager);
      if (state === undefined) return undefined;
      const batches = await this.journal.after(manager, after, Number.MAX_SAFE_INTEGER);
      const events = batches.flatMap((batch) => batch.events.slice(Math.max(0, after + 1 - batch.first)));
      const changed = state.forecastId !== null && state.forecastId !== forecastId;
      return {
        events,
        state,
        forecast: changed ? await this.states.load<CovariancePayload>(manager, 'forecast') : undefined,
      };
    });
  }

  async loadState(): Promise<{
    state: PricingEngineState | undefined;
    forecast: CovariancePayload | undefined;
    parameters: ParametersPayload | undefined;
  }> {
    const { manager } = this.database;
    this.journal.forget();
    this.pass = undefined;
    return {
      state: await this.engineState(manager),
      forecast: await this.states.load<CovariancePayload>(manager, 'forecast'),
      parameters: await this.states.load<ParametersPayload>(manager, 'parameters'),
    };
  }

  /** Kept apart from the rest: it is large and changes once a bar, the rest at every batch. */
  async saveForecast(manager: EntityManager, forecast: CovariancePayload): Promise<void> {
    await this.states.save(manager, 'forecast', forecast);
  }

  /** Kept apart for the same reason; every version stays. */
  async saveParameters(manager: EntityManager, parameters: ParametersPayload): Promise<void> {
    await this.states.save(manager, 'parameters', parameters);
    await this.states.save(manager, `${PARAMETERS}${parameters.version}`, parameters);
  }

  /** Versions of the risk parameters that were set, the newest first. */
  async parameterChanges(limit: number): Promise<ParametersPayload[]> {
    const versions = await this.states.startingWith<ParametersPayload>(this.database.manager, PARAMETERS);
    return [...versions.values()].sort((a, b) => b.version - a.version).slice(0, limit);
  }

  /**
   * Saves the part of the engine's state that no other table has.
   *
   * @param state its `board.markets` are those that have changed since it was saved last
   */
  async saveState(manager: EntityManager, { board, credit, ...state }: PricingEngineState): Promise<void> {
    const { markets, ...clock } = board;
    await this.states.saveTexts(manager, [
      ...markets.map((mark) => [`${MARK}${mark.market}`, () => JSON.stringify(mark)] as const),
      ...this.changedPass(credit),
      ['engine', () => JSON.stringify({ ...state, credit: credit && progressOf(credit), board: clock })],
    ]);
  }

  private changedPass(pass: MarksOfPass | undefined): [name: string, text: () => string][] {
    if (pass === undefined || (this.pass?.now === pass.now && this.pass.before === pass.before)) return [];
    const { now, before } = pass;
    this.pass = { now, before };
    return [[PASS, () => JSON.stringify({ now, before })]];
  }

  private async engineState(manager: EntityManager): Promise<PricingEngineState | undefined> {
    const small = await this.states.load<SmallState>(manager, 'engine');
    if (small === undefined) return undefined;
    const marks = await this.states.startingWith<MarketMarkState>(manager, MARK);
    const markets = [...marks.values()].sort((a, b) => a.ordinal - b.ordinal);
    const { credit, ...state } = small;
    // Written with it, or in a transaction before.
    const pass = credit && { ...credit, ...(await this.states.load<MarksOfPass>(manager, PASS))! };
    return { ...state, ...(pass && { credit: pass }), board: { ...small.board, markets } };
  }

  /** See {@link Journal.append}. */
  append(
    manager: EntityManager,
    first: number,
    events: readonly BookEvent[],
    texts: readonly string[],
  ): Promise<void> {
    return this.journal.append(manager, first, events, texts);
  }

  saveRisk(manager: EntityManager, at: number, payload: object): Promise<void> {
    return writeRows(manager, 'risk_record', [{ at, payload }], insertRisk);
  }

  /** See {@link Journal.digests}. */
  digests(keys: readonly CommandKey[], manager: EntityManager): Promise<Map<string, string>> {
    return this.journal.digests(manager, keys);
  }

  /** See {@link Journal.outcomes}. @param manager of the writer's transaction */
  outcomes(keys: readonly CommandKey[], manager?: EntityManager): Promise<Map<string, Outcome>> {
    return manager === undefined
      ? this.journal.outcomes(this.database.manager, keys)
      : this.journal.outcomes(manager, keys, this.journal.decided);
  }

  /** The book is ours to write: reads the keys of decided commands meanwhile. Until they are read, every key is looked up in the tables. */
  knowDecided(): void {
    const decided = new DecidedKeys();
    this.journal.decided = decided;
    decided.load(this.database.manager).catch((error: unknown) => {
      this.logger.warn(
        `every command is looked up, for the decided ones could not be read: ${messageOf(error)}`,
      );
    });
  }

  /** The book is somebody else's to write. */
  forgetDecided(): void {
    this.journal.decided = undefined;
  }

  /** A booked trade with the events of its decision; undefined where the journal has none. */
  async journalledTrade(
    { account, id, of }: BustedTradeKey,
    manager: EntityManager,
  ): Promise<JournalledTrade | undefined> {
    const owner = partsOf(account).account;
    const [booked, ...next] = await this.journal.decision(manager, { topic: of, owner, id });
    if (booked?.kind !== 'trade-booked') return undefined;
    const busts = { topic: bustsOf(booked.planId), owner, id };
    const known = await this.outcomes([busts], manager);
    return { booked, followed: followersOf(booked, next), busted: known.size > 0 };
  }

  /** See {@link Journal.settlement}. */
  settlement(sequence: number, account: string): Promise<JournalledSettlement> {
    return this.journal.settlement(this.database.manager, sequence, account);
  }

  /** See {@link Journal.sequenceOf}. */
  sequenceOf(key: CommandKey): Promise<number | undefined> {
    return this.journal.sequenceOf(this.database.manager, key);
  }

  /** See {@link Journal.eventAt}. */
  eventAt(sequence: number): Promise<BookEvent | undefined> {
    return this.journal.eventAt(this.database.manager, sequence);
  }

  /** See {@link Journal.outcomesOfAnyone}. */
  outcomesOfAnyone(topic: string, id: string): Promise<BookEvent[]> {
    return this.journal.outcomesOfAnyone(this.database.manager, topic, id);
  }
}

const progressOf = ({ swept, at }: PassProgress): PassProgress => ({ swept, at });

function insertRisk(rows: readonly { readonly at: number; readonly payload: object }[]): Statement {
  // A statement cannot meet the same row twice.
  const newest = new Map(rows.map((row) => [row.at, row]));
  return insertRows(
    'risk_record',
    { at: ['bigint', ({ at }) => at], payload: ['jsonb', ({ payload }) => JSON.stringify(payload)] },
    [...newest.values()],
    'on conflict (at) do update set payload = excluded.payload',
  );
}
