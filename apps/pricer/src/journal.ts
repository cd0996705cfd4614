// Long because batches of events and their commands' outcomes are written together and read through each other.
import { hash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { TOPICS } from '#lib/messages';
import {
  flushOwnStatements,
  flushStatements,
  insertRows,
  MonthlyPartitions,
  type Statement,
  writeRows,
} from '#lib/storage';
import {
  type BookEvent,
  type CommandKey,
  commandKeyText,
  commandOf,
  type GainsCut,
  type HaircutSettled,
} from '#lib/exchange';
import type { DecidedKeys } from './decided-keys.js';

/** A command's outcome, and the digest of its content. */
export interface Outcome {
  readonly digest: string;
  readonly event: BookEvent;
}

/** Events that were committed together. */
export interface JournalBatch {
  /** sequence of the first: the ledger's event count after it */
  readonly first: number;
  readonly events: readonly BookEvent[];
}

/**
 * How long outcomes are kept, market time, milliseconds; whole months go. A command that comes again later is decided again. The
 * journal itself is kept.
 */
const OUTCOMES_KEPT_MS = 90 * 24 * 3_600_000;

/**
 * The journal of book events in the tables: a row for every batch that was committed, its events as one JSON text, which the server
 * compresses; and for every command that was decided the sequence of its event. Both are partitioned by months of market time. `book_event` is a view of single events, for people.
 */
export class Journal {
  private readonly partitions = new MonthlyPartitions(['journal']);
  private readonly outcomePartitions = new MonthlyPartitions(['command_outcome']);
  /** stored keys of the commands that were looked up last: most are appended next */
  private lookedUp = new Map<string, string>();
  /** of the process that writes the book */
  decided: DecidedKeys | undefined;
  /** by stored key the commands of the last batches, the oldest first: their transactions may not have committed */
  private recent: ReadonlyMap<string, RecentCommand>[] = [];

  /**
   * Appends events; the first one has sequence `first`.
   *
   * @param texts the events as JSON
   */
  async append(
    manager: EntityManager,
    first: number,
    events: readonly BookEvent[],
    texts: readonly string[] = events.map((event) => JSON.stringify(event)),
  ): Promise<void> {
    if (events.length === 0) return;
    const { at } = events[events.length - 1];
    await this.prepare(manager, at);
    const row = { first, last: first + events.length - 1, at, events: `[${texts.join()}]` };
    await writeRows(manager, 'journal', [row], insertBatches);
    // One row a command: where it was decided last, and where first if that is another place.
    const outcomes = new Map<string, { first: number; last: number; topic: string }>();
    const commands = new Map<string, RecentCommand>();
    for (let i = 0; i < events.length; i++) {
      const key = commandOf(events[i]);
      if (key === undefined) continue;
      const text = commandKeyText(key);
      const stored = this.lookedUp.get(text) ?? storedKey(key);
      const known = outcomes.get(stored);
      if (known !== undefined) known.last = first + i;
      else {
        outcomes.set(stored, { first: first + i, last: first + i, topic: key.topic });
        commands.set(stored, { key: text, digest: events[i].digest ?? '' });
        this.decided?.add(stored);
      }
    }
    if (outcomes.size === 0) return;
    this.recent = [...this.recent, commands].slice(-BATCHES_REMEMBERED);
    // A provider's command may have waited for marks, and has its row then.
    const waited = [...outcomes].filter(([, { topic }]) => topic === TOPICS.liquidity.name);
    if (waited.length > 0) {
      await flushStatements(manager);
      const known = await manager.query<[{ key: string }[], number]>(
        `update command_outcome o set sequence = n.sequence, asked = coalesce(o.asked, o.sequence)
         from unnest($1::uuid[], $2::bigint[]) as n (key, sequence) where o.key = n.key returning o.key`,
        [waited.map(([key]) => key), waited.map(([, { last }]) => last)],
      );
      for (const { key } of known[0]) outcomes.delete(key.replaceAll('-', ''));
    }
    const rows = [...outcomes].map(([key, decided]) => ({ key, at, ...decided }));
    await writeRows(manager, 'command_outcome', rows, insertOutcomes);
  }

  /** A transaction was rolled back: the partitions that it made do not exist, and its commands are not decided. */
  forget(): void {
    this.recent = [];
    this.partitions.forget();
    this.outcomePartitions.forget();
  }

  /** Makes a month's partitions before it is written, and drops the outcomes that are over. */
  private async prepare(manager: EntityManager, at: number): Promise<void> {
    await this.partitions.prepare(manager, 'journal', [at]);
    const fresh = await this.outcomePartitions.prepare(manager, 'command_outcome', [at]);
    if (fresh) await this.outcomePartitions.drop(manager, at - OUTCOMES_KEPT_MS);
  }

  /**
   * The batches that have an event after a sequence, in order; the first may begin before it.
   *
   * @param most batches at most
   */
  async after(manager: EntityManager, sequence: number, most: number): Promise<JournalBatch[]> {
    const rows = await manager.query<{ first: string; events: BookEvent[] }[]>(
      `select first, events from journal
       where first >= coalesce((select max(first) from journal where first <= $1 + 1), 0) and last > $1
       order by first limit $2`,
      [sequence, most],
    );
    return rows.map(({ first, events }) => ({ first: Number(first), events }));
  }

  /** The event of a sequence. */
  async eventAt(manager: EntityManager, sequence: number): Promise<BookEvent | undefined> {
    const [batch] = await this.after(manager, sequence - 1, 1);
    return batch?.events.at(sequence - batch.first);
  }

  /**
   * Digests of the commands that have been decided already, by {@link commandKeyText}, for the writer: those of the transaction before as well,
   * where it has not committed yet. Keys that are known to be new are not looked up in the tables.
   */
  async digests(manager: EntityManager, keys: readonly CommandKey[]): Promise<Map<string, string>> {
    const { recent } = this;
    const known = await this.lookUp(manager, keys, this.decided, flushOwnStatements);
    const digests = new Map([...known].map(([key, { digest }]) => [key, digest]));
    if (recent.length === 0) return digests;
    for (const key of keys) {
      const text = commandKeyText(key);
      // A command keeps the digest of its first decision, and rows in the tables are from before the remembered batches.
      if (digests.has(text)) continue;
      const stored = this.lookedUp.get(text) ?? storedKey(key);
      const command = recent.find((batch) => batch.has(stored))?.get(stored);
      if (command !== undefined) digests.set(text, command.key === text ? command.digest : '');
    }
    return digests;
  }

  /**
   * Outcomes of the commands that have been decided already, by {@link commandKeyText}. Keys that are known to be new are not looked up in the tables.
   *
   * @param decided of the writer, in its transactions
   */
  outcomes(
    manager: EntityManager,
    keys: readonly CommandKey[],
    decided?: DecidedKeys,
  ): Promise<Map<string, Outcome>> {
    return this.lookUp(manager, keys, decided, flushStatements);
  }

  /** @param flush before the tables are read */
  private async lookUp(
    manager: EntityManager,
    keys: readonly CommandKey[],
    decided: DecidedKeys | undefined,
    flush: (manager: EntityManager) => Promise<void>,
  ): Promise<Map<string, Outcome>> {
    const byKey = new Map<string, string>();
    this.lookedUp = new Map();
    for (const key of keys) {
      const text = commandKeyText(key);
      const stored = this.lookedUp.get(text) ?? storedKey(key);
      this.lookedUp.set(text, stored);
      if (decided?.mayHave(stored) !== false) byKey.set(stored, text);
    }
    if (byKey.size === 0) return new Map();
    await flush(manager);
    const rows = await manager.query<OutcomeRow[]>(
      "select key, sequence, asked from command_outcome where key = any(string_to_array($1, ',')::uuid[])",
      [[...byKey.keys()].join()],
    );
    const found = new Map<string, Outcome>();
    for (const [key, outcome] of await this.read(manager, rows)) {
      const asked = byKey.get(key)!;
      const decided = commandOf(outcome.event);
      const own = decided !== undefined && commandKeyText(decided) === asked;
      // Two commands of one stored key: the later one is refused as one whose id was used for another content.
      found.set(asked, own ? outcome : { ...outcome, digest: '' });
    }
    return found;
  }

  /** The event that has decided a command, and those after it that were committed with it; none where nothing has. */
  async decision(manager: EntityManager, key: CommandKey): Promise<BookEvent[]> {
    await flushStatements(manager);
    const [row] = await manager.query<OutcomeRow[]>(
      'select key, sequence, asked from command_outcome where key = $1::uuid',
      [storedKey(key)],
    );
    if (row === undefined) return [];
    const sequence = Number(row.sequence);
    const [batch] = await this.after(manager, sequence - 1, 1);
    const events = batch?.events.slice(sequence - batch.first) ?? [];
    const decided = events.length === 0 ? undefined : commandOf(events[0]);
    return decided !== undefined && commandKeyText(decided) === commandKeyText(key) ? events : [];
  }

  /**
   * The last event of a settlement of losses, and the chunk of it that an account is in, with its number.
   *
   * @param sequence of the settlement's last event, with which its chunks were committed
   */
  async settlement(
    manager: EntityManager,
    sequence: number,
    account: string,
  ): Promise<{ settled: HaircutSettled; chunk: { number: number; part: GainsCut } | undefined }> {
    const [{ settled }] = await manager.query<[{ settled: HaircutSettled }]>(
      `select events->($1::bigint - first)::int as settled from journal where first <= $1 and last >= $1`,
      [sequence],
    );
    // By bytes, as ids are sorted.
    const [chunk] = await manager.query<{ number: string; part: GainsCut }[]>(
      `select number, part from (
         select part, row_number() over (order by n) - 1 as number
         from journal, json_array_elements(events) with ordinality as e (part, n)
         where first <= $1 and last >= $1 and part->>'kind' = 'gains-cut' and part->>'settlementId' = $2) parts
       where (part->'held'->0->>0) collate "C" <= $3 and (part->'held'->-1->>0) collate "C" >= $3`,
      [sequence, settled.settlementId, account],
    );
    return { settled, chunk: chunk && { number: Number(chunk.number), part: chunk.part } };
  }

  /** Sequence of the event that has decided a command; undefined where none has, or it was forgotten. */
  async sequenceOf(manager: EntityManager, key: CommandKey): Promise<number | undefined> {
    const [row] = await manager.query<OutcomeRow[]>(
      'select key, sequence, asked from command_outcome where key = $1::uuid',
      [storedKey(key)],
    );
    return row === undefined ? undefined : Number(row.sequence);
  }

  /** Outcomes of a topic's commands with an id, whoever's they are. */
  async outcomesOfAnyone(manager: EntityManager, topic: string, id: string): Promise<BookEvent[]> {
    const prefix = idHash(topic, id);
    const rows = await manager.query<OutcomeRow[]>(
      'select key, sequence, asked from command_outcome where key between $1::uuid and $2::uuid',
      [prefix + '0'.repeat(HALF), prefix + 'f'.repeat(HALF)],
    );
    const outcomes = await this.read(manager, rows);
    return [...outcomes.values()]
      .map(({ event }) => event)
      .filter((event) => {
        const decided = commandOf(event);
        return decided?.topic === topic && decided.id === id;
      });
  }

  private async read(manager: EntityManager, rows: readonly OutcomeRow[]): Promise<Map<string, Outcome>> {
    if (rows.length === 0) return new Map();
    const sequences = rows.flatMap(({ sequence, asked }) =>
      asked === null ? [sequence] : [sequence, asked],
    );
    const events = await manager.query<{ sequence: string; event: BookEvent }[]>(
      `select s.sequence, j.events->(s.sequence - j.first)::int as event
       from unnest($1::bigint[]) as s (sequence)
       cross join lateral (select first, events from journal where first <= s.sequence order by first desc limit 1) j`,
      [sequences],
    );
    const at = new Map(events.map(({ sequence, event }) => [sequence, event]));
    return new Map(
      rows.map(({ key, sequence, asked }) => [
        key.replaceAll('-', ''),
        { event: at.get(sequence)!, digest: at.get(asked ?? sequence)!.digest ?? '' },
      ]),
    );
  }
}

/** A command that a batch has decided, and the digest of its content. */
interface RecentCommand {
  readonly key: string;
  readonly digest: string;
}

/** The batch that is being committed and the one that is being decided; a batch without commands does not count. */
const BATCHES_REMEMBERED = 2;

interface OutcomeRow {
  readonly key: string;
  readonly sequence: string;
  /** where a command was taken that has waited since */
  readonly asked: string | null;
}

interface BatchRow {
  readonly first: number;
  readonly last: number;
  readonly at: number;
  /** JSON */
  readonly events: string;
}

function insertBatches(rows: readonly BatchRow[]): Statement {
  return insertRows(
    'journal',
    {
      first: ['bigint', ({ first }) => first],
      last: ['bigint', ({ last }) => last],
      at: ['bigint', ({ at }) => at],
      events: ['json', ({ events }) => events],
    },
    rows,
  );
}

/** A command's outcome: where it was decided last, and where first if that is another place. */
interface DecidedRow {
  /** as it is stored */
  readonly key: string;
  readonly at: number;
  readonly first: number;
  readonly last: number;
}

function insertOutcomes(rows: readonly DecidedRow[]): Statement {
  return insertRows(
    'command_outcome',
    {
      key: ['uuid', ({ key }) => key],
      at: ['bigint', ({ at }) => at],
      sequence: ['bigint', ({ last }) => last],
      asked: ['bigint', ({ first, last }) => (first === last ? null : first)],
    },
    rows,
  );
}

/** Hexadecimal digits of either half of a stored key. */
const HALF = 16;

function digestOf(text: string): string {
  return hash('sha256', text, 'hex').slice(0, HALF);
}

/** 64 bits of topic and id. */
function idHash(topic: string, id: string): string {
  return digestOf(`${topic}|${id}`);
}

/**
 * A command's key as it is stored: 64 bits of its topic and id, so that all owners' commands of an id are neighbours, then 64 bits of
 * its owner.
 */
function storedKey({ topic, owner, id }: CommandKey): string {
  return idHash(topic, id) + digestOf(owner);
}
