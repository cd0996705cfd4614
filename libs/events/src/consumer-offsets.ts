import type { DataSource, EntityManager } from 'typeorm';
import type { Statement } from '#lib/storage';

/** How far a unit has consumed a partition. */
export interface Position {
  readonly offset: bigint;
  /** of every source the number of its last message that was consumed: it tells repeated messages */
  readonly sources: Readonly<Record<string, number>>;
}

export interface PartitionOf {
  /** the unit's name */
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
}

/** The batches of a unit that are consumed in one transaction. */
export interface AdvancedUnit {
  readonly name: string;
  /** how many batches it had consumed before, and has after */
  readonly before: bigint;
  readonly after: bigint;
  /** each partition once */
  readonly moves: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly from: bigint;
    readonly to: Position;
  }[];
}

/** The table of offsets: they move in the transactions that consume. */
export class ConsumerOffsets {
  constructor(private readonly database: DataSource) {}

  /** Where a unit goes on reading; a new one starts at `first`. */
  async position({ group, topic, partition }: PartitionOf, first: () => Promise<bigint>): Promise<Position> {
    const read = async () => {
      const [row] = await this.database.query<{ next_offset: string; sources: Record<string, number> }[]>(
        `select next_offset, sources from consumer_offset
         where consumer_group = $1 and topic = $2 and partition = $3`,
        [group, topic, partition],
      );
      return row as typeof row | undefined;
    };
    let row = await read();
    if (row === undefined) {
      await this.database.query(
        `insert into consumer_offset (consumer_group, topic, partition, next_offset)
         values ($1, $2, $3, $4) on conflict do nothing`,
        [group, topic, partition, (await first()).toString()],
      );
      row = await read();
    }
    return { offset: BigInt(row!.next_offset), sources: row!.sources };
  }

  /** How many batches a unit has consumed, of all its topics. */
  async batches(group: string): Promise<bigint> {
    await this.database.query(
      'insert into consumer_unit (consumer_group, batches) values ($1, 0) on conflict do nothing',
      [group],
    );
    const [{ batches }] = await this.database.query<[{ batches: string }]>(
      'select batches from consumer_unit where consumer_group = $1',
      [group],
    );
    return BigInt(batches);
  }

  /**
   * Moves a unit's position within the consuming transaction. A decision needs the state after every earlier batch of the unit, of all its topics:
   * a process that has taken over while the one before it committed a last batch would otherwise build on a state without it.
   *
   * @param batches that the unit had consumed when its state was read, and since
   * @returns false where another process has consumed any batch of the unit in between
   */
  async advance(
    manager: EntityManager,
    at: PartitionOf,
    from: bigint,
    to: Position,
    batches: bigint,
  ): Promise<boolean> {
    const { text, parameters } = moving(at, from, to, batches);
    const moved = await manager.query<unknown[]>(`${text} select 1 from moved`, [...parameters]);
    return moved.length === 1;
  }

  /**
   * As {@link advance}, as a statement that fails (SQLSTATE 22012) where another process has consumed a batch: statements sent behind it, the
   * commit included, then change nothing.
   */
  advanceOrFail(at: PartitionOf, from: bigint, to: Position, batches: bigint): Statement {
    const { text, parameters } = moving(at, from, to, batches);
    return { text: `${text} select 1 / count(*) from moved`, parameters };
  }

  /**
   * As {@link advance} for several units, each of several batches, at the end of the transaction that has consumed them: what another process
   * has committed in between is found here.
   *
   * @returns the unit that another process has consumed a batch of; undefined where there is none
   */
  async advanceTogether(manager: EntityManager, units: readonly AdvancedUnit[]): Promise<string | undefined> {
    const moves = units.flatMap(({ name, moves }) => moves.map((move) => ({ name, ...move })));
    const rows = await manager.query<{ name: string; moved: string }[]>(
      `with unit as (
         update consumer_unit u set batches = n.after from unnest($1::text[], $2::bigint[], $3::bigint[]) as n (name, before, after)
         where u.consumer_group = n.name and u.batches = n.before returning u.consumer_group
       ), moved as (
         update consumer_offset o set next_offset = n.after, sources = n.sources::jsonb
         from unnest($4::text[], $5::text[], $6::int[], $7::bigint[], $8::bigint[], $9::text[])
           as n (name, topic, partition, before, after, sources)
         where o.consumer_group = n.name and o.topic = n.topic and o.partition = n.partition and o.next_offset = n.before
         returning o.consumer_group
       )
       select consumer_group as name, (select count(*) from moved m where m.consumer_group = u.consumer_group) as moved from unit u`,
      [
        ...[units.map(({ name }) => name), units.map(({ before }) => before.toString())],
        ...[units.map(({ after }) => after.toString()), moves.map(({ name }) => name)],
        ...[moves.map(({ topic }) => topic), moves.map(({ partition }) => partition)],
        ...[moves.map(({ from }) => from.toString()), moves.map(({ to }) => to.offset.toString())],
        moves.map(({ to }) => JSON.stringify(to.sources)),
      ],
    );
    const moved = new Map(rows.map((row) => [row.name, Number(row.moved)]));
    return units.find(({ name, moves: own }) => moved.get(name) !== own.length)?.name;
  }

  async all(): Promise<(PartitionOf & { offset: bigint })[]> {
    const rows = await this.database.query<
      { consumer_group: string; topic: string; partition: number; next_offset: string }[]
    >('select consumer_group, topic, partition, next_offset from consumer_offset');
    return rows.map((row) => ({
      group: row.consumer_group,
      topic: row.topic,
      partition: row.partition,
      offset: BigInt(row.next_offset),
    }));
  }
}

/** Moves a unit's position: `moved` has one row, or none where another process has consumed a batch of the unit. */
function moving(
  { group, topic, partition }: PartitionOf,
  from: bigint,
  to: Position,
  batches: bigint,
): Statement {
  return {
    text: `with unit as (
         update consumer_unit set batches = batches + 1 where consumer_group = $1 and batches = $7 returning 1
       ), moved as (
         update consumer_offset set next_offset = $5, sources = $6::jsonb
         where consumer_group = $1 and topic = $2 and partition = $3 and next_offset = $4 and exists (select from unit)
         returning 1
       )`,
    parameters: [
      ...[group, topic, partition, from.toString(), to.offset.toString(), JSON.stringify(to.sources)],
      batches.toString(),
    ],
  };
}

/** The error of a batch whose transaction finds that another process has consumed a batch of its unit. */
export const overtaken = ({ group, topic, partition }: PartitionOf): Error =>
  new Error(`another process of ${group} has consumed a batch; the next one was of ${topic}/${partition}`);
