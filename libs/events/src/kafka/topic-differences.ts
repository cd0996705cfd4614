import type { TopicDifference, TopicSettings } from './broker.js';

/** A topic as the brokers have it. */
export interface FoundTopic {
  readonly partitions: number;
  readonly replicas: number;
  readonly config: Readonly<Record<string, string>>;
}

/** Settings that may be larger than asked for; −1 is without a limit. */
const AT_LEAST = new Set(['retention.ms', 'retention.bytes', 'max.message.bytes', 'min.insync.replicas']);

/** Differences that keep the engine from working on a topic; empty where all is well. */
export function topicDifferences(wanted: TopicSettings, found: FoundTopic | undefined): TopicDifference[] {
  const { topic, partitions, config } = wanted;
  if (found === undefined)
    return [{ topic, problem: 'is not there', remedy: 'start a service: it creates what is missing' }];
  const differences: TopicDifference[] = [];
  if (found.partitions !== partitions)
    differences.push({
      topic,
      problem: `has ${found.partitions} partitions, ${partitions} are configured (TOPIC_PARTITIONS): keys would change places`,
      remedy:
        found.partitions < partitions
          ? `where nothing was ever sent to it: kafka-topics.sh --alter --topic ${topic} --partitions ${partitions}; else see "Partitions" in docs/operate/runbook.md`
          : `where nothing was ever sent to it: kafka-topics.sh --delete --topic ${topic}; else see "Partitions" in docs/operate/runbook.md`,
    });
  const replicas = Number(config['replication.factor'] ?? 1);
  if (found.replicas < replicas)
    differences.push({
      topic,
      problem: `has ${found.replicas} replicas, ${replicas} are configured (KAFKA_REPLICATION)`,
      remedy: `kafka-reassign-partitions.sh with ${replicas} replicas for each partition of ${topic}`,
    });
  const wrong = Object.entries(config).filter(
    ([name, value]) => name !== 'replication.factor' && !isGoodEnough(name, value, found.config[name]),
  );
  if (wrong.length > 0)
    differences.push({
      topic,
      problem: wrong
        .map(([name, value]) => {
          const least = AT_LEAST.has(name) ? 'at least ' : '';
          return `has ${name}=${found.config[name] ?? '?'}, which must be ${least}${value}`;
        })
        .join('; '),
      remedy: `kafka-configs.sh --alter --entity-type topics --entity-name ${topic} --add-config ${wrong
        .map(([name, value]) => `${name}=${value}`)
        .join(',')}`,
    });
  return differences;
}

function isGoodEnough(name: string, wanted: string, found: string | undefined): boolean {
  if (found === undefined) return false;
  if (!AT_LEAST.has(name)) return found === wanted;
  const limit = (value: string) => (value === '-1' ? Infinity : Number(value));
  return limit(found) >= limit(wanted);
}

/** The differences as the text of an error. */
export function tellDifferences(differences: readonly TopicDifference[]): string {
  return differences.map(({ topic, problem, remedy }) => `topic ${topic} ${problem}. ${remedy}`).join('\n');
}
