import type { Kafka } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { QuoteChannel } from './quote-channel.js';

const LEGS = [{ market: 'A', size: '1' }];

/** A broker that takes messages, or does not, and answers none. */
function channelOn(send: () => Promise<void>) {
  const sent: number[] = [];
  const producer = {
    send: ({ messages }: { messages: unknown[] }) => {
      sent.push(messages.length);
      return send();
    },
  };
  const kafka = { producer: () => producer, consumer: () => ({}) } as unknown as Kafka;
  return { channel: new QuoteChannel(kafka, { timeoutMs: 20 }), sent };
}

describe(QuoteChannel, () => {
  it('sends the questions of one turn together, and those of a later one by themselves', async () => {
    const { channel, sent } = channelOn(() => Promise.resolve());
    const first = Array.from({ length: 50 }, (_, i) => channel.quote(`a${i}`, LEGS));
    expect(await Promise.all(first)).toEqual(first.map(() => ({ status: 'unanswered' })));
    expect(await channel.quote('b', LEGS)).toEqual({ status: 'unanswered' });
    expect(sent).toEqual([50, 1]);
  });

  it('says of each question that the broker has not taken it', async () => {
    const { channel } = channelOn(() => Promise.reject(new Error('no leader')));
    const asked = [channel.quote('a', LEGS), channel.quote('b', LEGS)];
    for (const each of asked) await expect(each).rejects.toThrow('no leader');
  });
});
