import { describe, expect, it } from 'vitest';
import { ServiceLevels } from './service-levels.js';

const MINUTE = 60_000;

describe(ServiceLevels, () => {
  const quotes = (asked: number, failed = 0, slow = 0) => ({ asked, failed, all: asked, slow });
  const burnOf = (levels: ServiceLevels, name: string) =>
    levels.levels().find((level) => level.name === name)!.burn;

  it('says nothing of a window that is longer than the process has run, nor of one without a request', () => {
    const levels = new ServiceLevels();
    expect(burnOf(levels, 'ready')).toEqual({ '5m': null, '1h': null, '6h': null });
    levels.take(0, { quotes: quotes(10), ready: true });
    levels.take(5 * MINUTE, { quotes: quotes(10), ready: true });
    expect(burnOf(levels, 'ready')).toEqual({ '5m': 0, '1h': null, '6h': null });
    expect(burnOf(levels, 'quotes answered')['5m']).toBeNull();
  });

  it('is the share of bad over the share that may be, of each window alone', () => {
    const levels = new ServiceLevels();
    levels.take(0, { quotes: quotes(0), ready: true });
    levels.take(55 * MINUTE, { quotes: quotes(1000, 10, 100), ready: true });
    levels.take(60 * MINUTE, { quotes: quotes(2000, 10, 200), ready: false });
    const answered = burnOf(levels, 'quotes answered');
    expect(answered).toMatchObject({ '5m': 0, '6h': null });
    expect(answered['1h']).toBeCloseTo(5);
    expect(burnOf(levels, 'quotes within 250 ms')['5m']).toBeCloseTo(10);
    expect(burnOf(levels, 'ready')['5m']).toBeCloseTo(1000);
    expect(burnOf(levels, 'ready')['1h']).toBeCloseTo(500);
  });

  it('keeps six hours and no more', () => {
    const levels = new ServiceLevels();
    for (let minute = 0; minute <= 720; minute++)
      levels.take(minute * MINUTE, {
        quotes: quotes(minute < 300 ? minute : 300, minute < 300 ? minute : 300),
        ready: true,
      });
    expect(burnOf(levels, 'quotes answered')).toEqual({ '5m': null, '1h': null, '6h': null });
    expect((levels as unknown as { kept: unknown[] }).kept.length).toBeLessThanOrEqual(362);
  });
});
