// Long because a round is one transaction: what is read, handled, published and advanced in it stands in one place.
import { setImmediate as loopTurn } from 'node:timers/promises';
import type { LoggerService } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { messageOf } from '#lib/errors';
import { allDone, deferWrites, flushWrites, sendStatements } from '#lib/storage';
import type { AdvancedUnit, ConsumerOffsets } from '../consumer-offsets.js';
import { batchOf, type Consumed, type Cursor } from '../handle-batch.js';
import { keepConsuming } from '../keep-consuming.js';
import type { LaneUnit } from '../lane-unit.js';
import { topicsOf } from '../lanes-of.js';
import { requireSizes } from '../message-size.js';
import type { Outgoing } from '#lib/messages';
import type { NextTurn } from '../event-log.js';
import { withOrigin } from '../with-origin.js';
import type { EmbeddedLog, Publication } from './embedded-log.js';
import { RoundRecords } from './round-records.js';

/** After so long a round begins no further batch: who waits for its commit waits no longer than it takes to end one. */
const LONGEST_ROUND_MS = 50;
/** After so long a round takes no further turn. */
const LONGEST_TURNS_MS = 1_000;

/** Turns whose rows are sent to the server together: a statement costs it, and this process, as much as several rows. */
const TURNS_SENT_TOGETHER = 8;

/** Emitted where something is to be published in a round; no topic has this name. */
const JOINED = ' joined';

/** Batches that a round has handled. */
interface Handled {
  readonly consumed: (Consumed & { unit: LaneUnit })[];
  /** their messages that are not ready */
  readonly later: Promise<readonly Outgoing[]>[];
}

/** Turns to be taken, and the callback that hears whether all were committed. */
interface Turns {
  readonly next: NextTurn;
  readonly signal: AbortSignal;
  readonly done: (committed: boolean) => void;
  /** the last one was taken */
  ended: boolean;
}

/**
 * Consumes the batches of several lanes' units together: a round is one transaction in which each unit in turn handles its waiting batch,
 * with messages that the others have published in the same round, until nothing is left. Prices come in, and the forecast, its prices, plans and history
 * are committed as one. Each value of a service's state, the units' positions and the published messages are written once, at the end.
 * Turns (`publishInTurns`) are taken within a round: where nothing is left to handle, the next one follows in the same transaction.
 *
 * A round in which anything fails is rolled back whole. Then each unit consumes batch by batch in transactions of its own, which finds the message
 * that cannot be handled, until there is nothing left to read.
 */
export class Rounds {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private readonly cursors: readonly Cursor[];
  private readonly topics: readonly string[];
  private apart = false;
  /** messages that the next round publishes */
  private publications: (Publication & { readonly done: (committed: boolean) => void })[] = [];
  private turns: Turns | undefined;

  /** @param besides units of this process that nobody has to wait for before the next turn */
  constructor(
    private readonly units: readonly LaneUnit[],
    private readonly besides: ReadonlySet<string>,
    private readonly parts: {
      readonly log: EmbeddedLog;
      readonly offsets: ConsumerOffsets;
      readonly database: DataSource;
      readonly logger: LoggerService;
    },
  ) {
    this.cursors = units.flatMap(({ cursors }) => cursors);
    this.topics = topicsOf(this.cursors);
  }

  start(): void {
    for (const unit of this.units) unit.watch();
    this.parts.log.join = (publication) =>
      this.apart
        ? Promise.resolve(false)
        : new Promise((done) => {
            this.publications.push({ ...publication, done });
            this.parts.log.wake(JOINED);
          });
    this.parts.log.takeTurns = (next, signal) => this.takeTurns(next, signal);
    this.running = keepConsuming(
      this.stopping.signal,
      (timeoutMs, signal) => this.parts.log.waitForAppend([...this.topics, JOINED], timeoutMs, signal),
      () => this.step(),
    );
  }

  /** Ends after the round that is under way. */
  async stop(): Promise<void> {
    this.parts.log.join = undefined;
    this.parts.log.takeTurns = undefined;
    this.stopping.abort();
    await this.running;
    this.unjoin();
    this.parts.log.left(this);
    await Promise.all(this.units.map((unit) => unit.stop()));
  }

  /** A round, or after one that was rolled back a batch of each unit. @returns whether there may be more to consume */
  private async step(): Promise<boolean> {
    try {
      return await (this.apart ? this.stepApart() : this.round());
    } catch (error) {
      this.parts.logger.warn(
        `${messageOf(error)}: the round is rolled back, and its lanes consume batch by batch`,
      );
      for (const unit of this.units) unit.distrust();
      this.apart = true;
      this.unjoin();
      return true;
    }
  }

  /** Tells those who wait to publish in a round to publish without one. */
  private unjoin(): void {
    for (const { done } of this.publications.splice(0)) done(false);
    this.endTurns(false);
  }

  private endTurns(committed: boolean): void {
    this.turns?.done(committed);
    this.turns = undefined;
  }

  /** @returns whether all turns were committed; false as well where some consumer is elsewhere: a turn waits for every consumer */
  private async takeTurns(next: NextTurn, signal: AbortSignal): Promise<boolean> {
    const own = new Set([...this.units.map(({ name }) => name), ...this.besides]);
    const elsewhere = (await this.parts.log.lag()).some(({ group }) => !own.has(group));
    if (elsewhere || this.apart || this.turns !== undefined || this.stopping.signal.aborted) return false;
    return new Promise((done) => {
      this.turns = { next, signal, done, ended: false };
      this.parts.log.wake(JOINED);
    });
  }

  /** Publishes the next turn in a round that has handled everything. @returns whether there was one */
  private async nextTurn(manager: EntityManager, records: RoundRecords, began: number): Promise<boolean> {
    const { turns } = this;
    // Messages of others come first, and their requests have to be committed.
    if (turns === undefined || turns.ended || !records.whole || this.publications.length > 0) return false;
    if (performance.now() - began > LONGEST_TURNS_MS) return false;
    const turn = turns.signal.aborted ? undefined : await turns.next(manager);
    turns.ended = turn === undefined;
    if (turn === undefined) return false;
    requireSizes(turn.messages);
    records.add(withOrigin(turn.messages), Date.now());
    await turn.also?.write(manager);
    return true;
  }

  /** A batch of each unit, in a transaction each. @returns whether there may be more */
  private async stepApart(): Promise<boolean> {
    let consumed = false;
    for (const unit of this.units) consumed = (await unit.step()) || consumed;
    this.apart = consumed;
    // They read in rounds again, and no unit notes any more that it is idle: the log must not wait for such a note.
    if (!consumed) for (const { cursors } of this.units) this.parts.log.left(cursors);
    return true;
  }

  /** @returns whether there may be more to consume */
  private async round(): Promise<boolean> {
    const { log, database } = this.parts;
    for (const unit of this.units) await unit.ready();
    const { moment } = log;
    const joined = this.publications.splice(0);
    try {
      // No transaction is begun where there is nothing to do.
      const read = joined.length === 0 ? await log.readTogether(this.cursors) : undefined;
      if (read?.length === 0 && this.turns === undefined) {
        log.noteIdle(this, this.topics, moment);
        return false;
      }
      const { consumed, done, topics } = await database.transaction((manager) =>
        this.handle(manager, joined, read),
      );
      for (const batch of consumed) batch.unit.settle(batch);
      log.announce(topics);
      for (const publication of joined) publication.done(true);
      if (this.turns?.ended === true) this.endTurns(true);
      // Nobody else here has appended anything meanwhile, and all that there was is consumed.
      const whole = done && log.moment === moment + 1;
      if (whole) log.noteIdle(this, this.topics, log.moment);
      return !whole || this.publications.length > 0 || this.turns !== undefined;
    } catch (error) {
      this.publications.push(...joined);
      throw error;
    }
  }

  private async handle(
    manager: EntityManager,
    joined: readonly Publication[],
    found: Awaited<ReturnType<EmbeddedLog['readTogether']>> | undefined,
  ): Promise<{ consumed: (Consumed & { unit: LaneUnit })[]; done: boolean; topics: Set<string> }> {
    const { log } = this.parts;
    deferWrites(manager);
    // Their offsets are fixed before anything is read: whoever else appends to their partitions waits for the round. The server reads behind the
    // appending, without another round trip.
    const [, read] = await allDone([
      log.appendAll(manager, joined),
      found ?? log.readTogether(this.cursors, manager),
    ]);
    const records = new RoundRecords(this.cursors, read, log.partitions);
    const before = this.units.map((unit) => ({
      ...{ unit, batches: unit.batchCount },
      positions: unit.cursors.map((cursor) => ({ cursor, from: cursor.position.offset })),
    }));
    const began = performance.now();
    const handled: Handled = { consumed: [], later: [] };
    const appended: ReturnType<EmbeddedLog['appendAt']>[] = [];
    const send = () => {
      const rows = log.appendAt(manager, records.takePublished());
      rows.catch(() => undefined);
      appended.push(rows);
      sendStatements(manager);
    };
    let done = await this.handleWaiting(manager, records, handled);
    for (let turn = 1; done && (await this.nextTurn(manager, records, began)); turn++) {
      // The server writes the results of the turns before while this one is handled.
      if (turn % TURNS_SENT_TOGETHER === 0) send();
      // Answers of threads, the server and sockets are handled in between.
      await loopTurn();
      done = await this.handleWaiting(manager, records, handled);
    }
    while (handled.later.length > 0) {
      const late = await allDone(handled.later.splice(0));
      records.add(late.flat(), Date.now());
      done = (await this.handleWaiting(manager, records, handled)) && done;
    }
    send();
    const written = flushWrites(manager);
    const advanced = before.flatMap(({ unit, batches, positions }): AdvancedUnit[] =>
      unit.batchCount === batches
        ? []
        : [{ name: unit.name, before: batches, after: unit.batchCount, moves: movesOf(positions) }],
    );
    const [rows] = await allDone([allDone(appended), written, this.advance(manager, advanced)]);
    requireOffsets(records, rows.flat());
    const publishedBefore = joined.flatMap(({ messages }) => messages.map(({ topic }) => topic));
    done &&= records.whole;
    return { consumed: handled.consumed, done, topics: new Set([...publishedBefore, ...records.topics]) };
  }

  /** Each unit in turn handles its waiting batch. @returns whether nothing is left, rather than time over */
  private async handleWaiting(
    manager: EntityManager,
    records: RoundRecords,
    handled: Handled,
  ): Promise<boolean> {
    const began = performance.now();
    // Turns share commits: nobody waits for that of a single one.
    const longest = this.turns === undefined ? LONGEST_ROUND_MS : LONGEST_TURNS_MS;
    while (performance.now() - began < longest) {
      let done = true;
      for (const unit of this.units) {
        const fetched = records.next(unit.cursors);
        if (fetched === undefined) continue;
        done = false;
        const { cursor } = fetched;
        const batch = await unit.handleIn(manager, cursor, batchOf(cursor, fetched.records));
        unit.pass(batch);
        handled.consumed.push({ ...batch, unit });
        handled.later.push(...batch.later);
        records.add(batch.published, Date.now());
      }
      if (done) return true;
    }
    return false;
  }

  /** @throws {Error} where another process has consumed a batch of one of the units */
  private async advance(manager: EntityManager, advanced: readonly AdvancedUnit[]): Promise<void> {
    if (advanced.length === 0) return;
    const other = await this.parts.offsets.advanceTogether(manager, advanced);
    if (other !== undefined) throw new Error(`another process of ${other} has consumed a batch`);
  }
}

/**
 * @param appended first offsets of the round's appends, in their order; from the first one to a partition on nobody else appends to it
 * @throws {Error} where records were consumed under other offsets than they have got
 */
function requireOffsets(records: RoundRecords, appended: Awaited<ReturnType<EmbeddedLog['appendAt']>>): void {
  const seen = new Set<string>();
  for (const { topic, partition, offset } of appended) {
    const name = `${topic}/${partition}`;
    if (!seen.has(name) && records.contradicted(topic, partition, offset))
      throw new Error(`others have appended to ${name} meanwhile`);
    seen.add(name);
  }
}

function movesOf(
  positions: readonly { readonly cursor: Cursor; readonly from: bigint }[],
): AdvancedUnit['moves'] {
  return positions.flatMap(({ cursor: { subscription, partition, position: to }, from }) =>
    to.offset === from ? [] : [{ topic: subscription.topic.name, partition, from, to }],
  );
}
