import { EventLog } from '#lib/events';
import { type Outgoing, TOPICS } from '#lib/messages';
import { generator } from '#lib/runtime';

/** A log whose publisher stutters: everything is sent twice, some much later, and ticks of a bar come in any order. */
export function stuttering(log: EventLog, seed: number): EventLog {
  const draw = generator(seed);
  const sent: Outgoing[] = [];
  const mischief = (messages: readonly Outgoing[]): Outgoing[] => {
    const ticks = messages.filter(({ topic, key }) => topic === TOPICS.prices.name && key !== 'watermark');
    const rest = messages.filter((message) => !ticks.includes(message));
    const shuffled = ticks
      .map((tick) => ({ tick, at: draw() }))
      .sort((a, b) => a.at - b.at)
      .map(({ tick }) => tick);
    const old = sent.filter(() => draw() < 20 / sent.length);
    sent.push(...messages);
    return [...old, ...shuffled, ...shuffled, ...rest.flatMap((message) => [message, message])];
  };
  return Object.create(log, {
    publish: {
      value: (messages: readonly Outgoing[], also?: Parameters<EventLog['publish']>[1]) =>
        log.publish(mischief(messages), also),
    },
  }) as EventLog;
}

/** Broken records of a broken producer. None is a command, so none has an outcome. */
export function poison(topic: string, seed: number): { key: string; value: string }[] {
  const draw = generator(seed);
  const time = Date.UTC(2026, 0, 1);
  const envelope = (payload: unknown) => ({
    schemaVersion: 1,
    id: `poison-${seed}-${draw()}`,
    sequence: 0,
    time,
    payload,
  });
  return [
    '',
    'null',
    '{"schemaVersion":1',
    '\\u0000\\uFFFD',
    JSON.stringify(envelope({ kind: 'no such kind' })),
    JSON.stringify(envelope({ kind: 'tick', market: 'SIM-A', price: '1e400' })),
    JSON.stringify({ ...envelope({}), schemaVersion: 99 }),
    JSON.stringify({ ...envelope({ tradeId: 't', account: 'a', legs: [] }), extra: true }),
    JSON.stringify(envelope({ commandId: 'x', account: '<script>', amount: 'many', kind: 'deposit' })),
    'x'.repeat(100_000),
  ].map((value) => ({ key: `poison-${topic}`, value }));
}
