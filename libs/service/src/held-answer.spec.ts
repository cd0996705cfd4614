import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HeldAnswer } from './held-answer.js';

describe(HeldAnswer, () => {
  it('is made once for all who ask meanwhile, and again after its time', async () => {
    let made = 0;
    const held = new HeldAnswer(() => Promise.resolve(++made), 20);
    expect(await Promise.all(Array.from({ length: 1000 }, () => held.get()))).toEqual(
      new Array(1000).fill(1),
    );
    await sleep(30);
    expect(await held.get()).toBe(2);
  });

  it('that fails is made again by whoever asks next', async () => {
    let asked = 0;
    const held = new HeldAnswer(
      () => (++asked === 1 ? Promise.reject(new Error('no node')) : Promise.resolve('here')),
      60_000,
    );
    await expect(held.get()).rejects.toThrow(/no node/);
    expect(await held.get()).toBe('here');
    expect(await held.get()).toBe('here');
    expect(asked).toBe(2);
  });
});
