import { describe, expect, it } from 'vitest';
import { LaneOwners } from '../lane.js';
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
});
