import { describe, expect, it } from 'vitest';
import type { BacktestRow } from '#lib/volatility';
import { backtestPicture } from './backtest-picture.js';

const row = (model: string, horizon: number, energyScores: number[], compared: boolean): BacktestRow =>
  ({
    ...{ model, horizon, energyScores },
    dieboldMariano: compared ? null : { energyScore: 0, qlike: 0 },
  }) as unknown as BacktestRow;

describe(backtestPicture, () => {
  const times = [0, 1, 2].map((hour) => Date.UTC(2024, 0, 1) + hour * 3_600_000);
  const rows = [1, 24].flatMap((horizon) => [
    row('ewma', horizon, [1, 1, 1], true),
    row('lm-go', horizon, [1.5, 1.25, 0.5], false),
  ]);
  const svg = backtestPicture(rows, [1, 24], times);

  it('has a chart for each horizon, with times and what the values are', () => {
    expect(svg.match(/<title>/g)).toHaveLength(2);
    expect(svg).toContain('Energy score over a bar, less ewma’s');
    expect(svg).toContain('Energy score over 24 bars, less ewma’s');
    expect(svg.match(/time, UTC/g)).toHaveLength(2);
    expect(svg).toContain('>2024-01-01<');
    expect(svg.match(/>cumulated, of log returns</g)).toHaveLength(2);
    expect(svg).not.toMatch(/NaN|undefined/);
  });

  it('adds up differences: 0.5, 0.75, 0.25 rise and fall', () => {
    const [path] = [...svg.matchAll(/<path d="([^"]+)" fill="none" stroke="#c2410c"/g)].map(([, d]) => d);
    const heights = [...path.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => Number(y));
    expect(heights).toHaveLength(3);
    // Upwards is less in an SVG: 0.75 is the highest, 0.25 the lowest of the three.
    expect(heights[1]).toBeLessThan(heights[0]);
    expect(heights[2]).toBeGreaterThan(heights[0]);
  });
});
