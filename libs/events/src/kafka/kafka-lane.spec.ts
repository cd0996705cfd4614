import { describe, expect, it } from 'vitest';
import type { Cursor } from '../handle-batch.js';
import { LaneOwners } from '../lane.js';
import type { LogRecord } from '../record.js';
import { KafkaLane } from './kafka-lane.js';

describe(KafkaLane.name, () => {
  it('tells a lost membership of its consumer group for as long as nobody answers, and no longer', async () => {
    let silentMs = 0;
    const subscription = {
      silentMs: () => silentMs,
      commit: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const broker = { subscribe: () => Promise.resolve(subscription) };
    const owners = new LaneOwners();
    const lane = new KafkaLane({ lane: { name: 'pricer', spread: 'single' }, subscriptions: [] }, {
      ...{ log: { broker, nameOf: (name: string) => name, partitions: 1 }, owners },
      ...{ database: undefined, offsets: undefined, logger: undefined },
    } as never);
    await lane.open();
    try {
      silentMs = 30_000;
      expect(owners.problems()).toEqual([]);
      silentMs = 30_001;
      const problem = 'has had no answer from its consumer group for 30 s';
      expect(owners.problems()).toEqual([{ name: 'pricer group', problem }]);
      silentMs = 5;
      expect(owners.problems()).toEqual([]);
    } finally {
      await lane.close();
    }
    silentMs = 60_000;
    expect(owners.problems()).toEqual([]);
  });

  it('keeps records, and begins to read, where a unit has committed, however far it has handled', async () => {
    const offsets = () => Promise.resolve([{ partition: 0, low: 0n, high: 9n }]);
    const topic = { name: 'trades', partitioned: true };
    const subscription = { topic, everyUnit: false, batch: 10 };
    const lane = new KafkaLane(
      { lane: { name: 'pricer', spread: 'single' }, subscriptions: [{ subscription }] } as never,
      {
        log: { broker: { offsets }, nameOf: (name: string) => name, partitions: 1 },
      } as never,
    );
    const inner = lane as unknown as {
      readonly units: Map<number, unknown>;
      received(topic: string, partition: number, records: readonly LogRecord[], to: bigint): void;
      beginnings(): Promise<unknown>;
    };
    const cursor = { subscription, partition: 0, position: { offset: 4n, sources: {} }, committed: 1n };
    const cursors = [cursor] as unknown as readonly Cursor[];
    inner.units.set(0, { cursors });
    const records = Array.from({ length: 6 }, (_, i) => ({
      offset: BigInt(i),
      key: '',
      value: '',
      headers: {},
    }));
    inner.received('trades', 0, records, 6n);
    const offsetsRead = async () => (await lane.next(cursors))?.records.map(({ offset }) => Number(offset));
    expect(await offsetsRead()).toEqual([4, 5]);
    // The batch under way has not committed: its records are handled again.
    cursor.position = { offset: 1n, sources: {} };
    expect(await offsetsRead()).toEqual([1, 2, 3, 4, 5]);
    cursor.position = { offset: 5n, sources: {} };
    expect(await inner.beginnings()).toEqual([{ topic: 'trades', partition: 0, offset: 1n }]);
  });
});
