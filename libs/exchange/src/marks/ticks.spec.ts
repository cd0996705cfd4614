import { describe, expect, it } from 'vitest';
import type { Message, PricePayload } from '#lib/messages';
import { takeTicks, type TickTaker } from './ticks.js';
import { TickRefusedError } from './tick-refusal.js';

const message = (payload: object) => ({ payload, time: 7, sequence: 3 }) as unknown as Message<PricePayload>;
const tick = { kind: 'tick', market: 'A', price: '1' };
const MESSAGES = [tick, { kind: 'watermark', until: 9 }, { kind: 'order', order: 'halt' }].map(message);

/** Takes the messages, with a word for each that was taken or refused. */
function taken(taker: Partial<TickTaker>): unknown[] {
  const said: unknown[] = [];
  const say =
    (what: string) =>
    (...given: unknown[]) => {
      said.push([what, ...given]);
    };
  const batch = { appendedAt: (index: number) => 100 + index, reject: say('refused') };
  takeTicks(MESSAGES, batch, {
    watermark: say('watermark'),
    take: say('tick'),
    order: say('order'),
    ...taker,
  });
  return said;
}

describe(takeTicks, () => {
  const all = [
    ['tick', { ...tick, time: 7, sequence: 3, appendedAt: 100 }],
    ['watermark', 9, 101],
    ['order', { kind: 'order', order: 'halt' }],
  ];
  it('gives each message to who takes it, with the time at which the log took it', () => {
    expect(taken({})).toEqual(all);
  });

  it('puts one that is refused aside with the reason, and goes on', () => {
    const error = new TickRefusedError('late', 'A', 7);
    const take = () => {
      throw error;
    };
    expect(taken({ take })).toEqual([['refused', 0, error.message], ...all.slice(1)]);
  });

  it('stops at an error that is no refusal', () => {
    const order = () => {
      throw new TypeError('a fault');
    };
    expect(() => taken({ order })).toThrow(TypeError);
  });
});
