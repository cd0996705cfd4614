import type { DataSource, EntityManager } from 'typeorm';

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
    { group, topic, partition }: PartitionOf,
    from: bigint,
    to: Position,
    batches: bigint,
  ): Promise<boolean> {
    const [, count] = await manager.query<[unknown[], number]>(
      `with unit as (
         update consumer_unit set batches = batches + 1 where consumer_group = $1 and batches = $7 returning 1
       )
       update consumer_offset set next_offset = $5, sources = $6::jsonb
       where consumer_group = $1 and topic = $2 and partition = $3 and next_offset = $4 and exists (select from unit)`,
      [
        ...[group, topic, partition, from.toString(), to.offset.toString(), JSON.stringify(to.sources)],
        batches.toString(),
      ],
    );
    return count === 1;
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
