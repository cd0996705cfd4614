import { describe, expect, it } from 'vitest';
import { tellDifferences, topicDifferences } from './topic-differences.js';

const config = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
  'max.message.bytes': '1000',
  'message.timestamp.type': 'LogAppendTime',
  'min.insync.replicas': '2',
  'replication.factor': '3',
};
const wanted = { topic: 't', partitions: 4, config };
const { 'replication.factor': _, ...own } = config;
const found = { partitions: 4, replicas: 3, config: own };
const tell = (change: object, settings: Record<string, string> = {}) =>
  tellDifferences(topicDifferences(wanted, { ...found, ...change, config: { ...own, ...settings } }));

describe('a topic on the brokers', () => {
  it('may be as asked for, or keep more', () => {
    expect(tell({})).toBe('');
    expect(tell({ replicas: 5 }, { 'max.message.bytes': '2000', 'min.insync.replicas': '3' })).toBe('');
    const days = { ...wanted, config: { ...config, 'retention.ms': '1000' } };
    expect(topicDifferences(days, found)).toEqual([]);
  });

  it.each([
    ['cleanup.policy', 'compact'],
    ['cleanup.policy', 'compact,delete'],
    ['retention.ms', '604800000'],
    ['retention.bytes', '1000000'],
    ['max.message.bytes', '999'],
    ['message.timestamp.type', 'CreateTime'],
    ['min.insync.replicas', '1'],
  ])('is refused with %s=%s, and the command that mends it is named', (name, value) => {
    const text = tell({}, { [name]: value });
    expect(text).toContain(`topic t has ${name}=${value}, which must be `);
    expect(text).toContain(`--entity-name t --add-config ${name}=${own[name as keyof typeof own]}`);
  });

  it('is refused with other partitions, too few replicas, and where it is missing', () => {
    expect(tell({ partitions: 3 })).toMatch(/has 3 partitions, 4 are configured.*--partitions 4/);
    expect(tell({ partitions: 5 })).toMatch(/has 5 partitions, 4 are configured.*--delete/);
    expect(tell({ replicas: 2 })).toMatch(/has 2 replicas, 3 are configured.*kafka-reassign-partitions/);
    expect(topicDifferences(wanted, undefined)).toMatchObject([{ problem: 'is not there' }]);
  });

  it('has all its differences named at once', () => {
    const text = tell({ partitions: 3 }, { 'cleanup.policy': 'compact', 'retention.ms': '5' });
    expect(text.split('\n')).toHaveLength(2);
    expect(text).toContain('--add-config cleanup.policy=delete,retention.ms=-1');
  });
});
