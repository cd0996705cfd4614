import { describe, expect, it } from 'vitest';
import { generatedPrices } from '../market/generated-prices.js';
import { panelRows, pricePanel } from '../market/price-panel.js';
import { type Figures, METRIC_NAMES, type MetricName } from '../run/metrics.js';
import { sweepGrid, sweepPoints, sweepRow } from '../run/sweep.js';
import { labParameters } from '../run/lab-parameters.js';
import { labReport, reportPage } from './report.js';
import { estimate, summarise, verdicts } from './summary.js';
import { crashWindows, namedWindow, WINDOW_RULE } from './windows.js';

const figures = (changes: Partial<Record<MetricName, number>>): Figures =>
  ({ ...Object.fromEntries(METRIC_NAMES.map((name) => [name, 0])), ...changes }) as Figures;

describe('crashWindows', () => {
  const crash = { bar: 1200, fall: 0.5 };
  const panel = generatedPrices({ seed: 4, markets: 6, bars: 2000, crash });

  it('finds the crash that is there, with its lead and tail', () => {
    const [worst] = crashWindows(panel, { ...WINDOW_RULE, drawdowns: 1, breakdowns: 0 });
    expect(worst.start).toBeLessThanOrEqual(crash.bar);
    expect(worst.start + WINDOW_RULE.length).toBeGreaterThan(crash.bar + 8);
    expect([worst.start - worst.from, worst.to - worst.start]).toEqual([240, 168 + 48]);
    expect(worst.why).toMatch(/drawdown of [45]\d/);
  });

  it('does not let windows of one rule overlap, nor begin before there are forecasts', () => {
    const windows = crashWindows(panel, { ...WINDOW_RULE, drawdowns: 4, breakdowns: 0 });
    const starts = windows.map(({ start }) => start).sort((a, b) => a - b);
    starts.forEach((start, i) => {
      expect(start).toBeGreaterThanOrEqual(i === 0 ? WINDOW_RULE.first : starts[i - 1] + WINDOW_RULE.length);
    });
  });

  it('finds where correlation breaks down', () => {
    // Two markets that move as one, and for a week against one another.
    const times = Array.from({ length: 1500 }, (_, t) => t * 3_600_000);
    const text = times.map((_, t) => {
      const wave = Math.sin(t * t) * 0.01;
      const against = t >= 1100 && t < 1268;
      return [String(100 * Math.exp(wave)), String(100 * Math.exp(against ? -wave : wave))];
    });
    const two = pricePanel(['A', 'B'], times, text);
    const [found] = crashWindows(two, { ...WINDOW_RULE, drawdowns: 0, breakdowns: 1 });
    expect(Math.abs(found.start - 1100)).toBeLessThan(24);
    expect(found.why).toMatch(/changed by (1\.9|2\.0)/);
  });

  it('takes a window by its times, and refuses one that is not there', () => {
    const iso = (bar: number) => new Date(panel.times[bar]).toISOString();
    const window = namedWindow(panel, `mine=${iso(500)}/${iso(600)}`);
    expect(window).toMatchObject({ name: 'mine', from: 260, start: 500, to: 649 });
    expect(() => namedWindow(panel, 'mine=2030-01-01/2030-02-01')).toThrow(/not in the prices/);
    expect(() => namedWindow(panel, 'mine')).toThrow(/name=from\/to/);
  });
});

describe('estimate', () => {
  it('is Student’s interval', () => {
    const { mean, low, high } = estimate([1, 2, 3, 4, 5]);
    expect(mean).toBe(3);
    // 2.776·√(2.5/5)
    expect([low, high]).toEqual([expect.closeTo(3 - 1.96294, 4), expect.closeTo(3 + 1.96294, 4)]);
    expect(estimate([7])).toEqual({ mean: 7, low: 7, high: 7, seeds: 1 });
  });

  it('pairs ours with theirs, seed by seed', () => {
    const runs = [1, 2, 3].flatMap((seed) => [
      { window: 'w', rules: 'zkrisk', seed, figures: figures({ badDebt: 10 * seed }) },
      { window: 'w', rules: 'linear', seed, figures: figures({ badDebt: 10 * seed + 5 }) },
    ]);
    const [ours, theirs] = summarise(runs);
    expect(ours.against).toBeNull();
    expect(theirs.against!.badDebt).toEqual({ mean: -5, low: -5, high: -5, seeds: 3 });
    expect(theirs.metrics.badDebt.mean).toBe(25);
    expect(verdicts([ours, theirs])).toEqual([
      expect.objectContaining({ metric: 'badDebt', against: 'linear', shown: 'less' }),
      expect.objectContaining({ metric: 'closedNotional', against: 'linear', shown: 'open' }),
    ]);
    const swapped = summarise(
      runs.map((run) => ({ ...run, rules: run.rules === 'zkrisk' ? 'linear' : 'zkrisk' })),
    );
    expect(verdicts(swapped)[0].shown).toBe('more');
  });
});

describe('the report', () => {
  it('is one page that loads nothing, with every name escaped', () => {
    const report = labReport({
      ...{ prices: ['<script>.csv'], digest: 'd', parameters: labParameters() },
      windows: [
        { name: 'w', why: 'a < b', from: 0, start: 1, to: 3, times: [0, 1, 2], index: [100, 90, 95] },
      ],
      runs: ['zkrisk', 'linear'].map((rules) => ({
        ...{ window: 'w', rules: rules as 'zkrisk', seed: 1 },
        outcome: { bars: 3, events: 9, figures: figures({ badDebt: 4 }), claims: 1, digest: 'x' },
        series: { badDebt: [0, 2, 4], closedNotional: [0, 0, 9], capital: [0, 1, 2] },
      })),
    });
    const page = reportPage(report);
    expect(page).toContain('&lt;script&gt;.csv');
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)|src=|@import/);
    expect(page.match(/<svg/g)!.length).toBeGreaterThan(4);
    expect(page).toContain("default-src 'none'");
    // Every chart has times and the unit of its values.
    expect(page.match(/>time, UTC</g)).toHaveLength(4);
    expect(page.match(/>quote currency</g)).toHaveLength(3);
    expect(page).toContain('>first bar = 100<');
  });
});

describe('a sweep', () => {
  const grid = sweepGrid({ rules: ['zkrisk', 'skew'], seeds: 3, parameters: { liquidity: [1e6, 2e6] } });

  it('has every combination once, in one order', () => {
    const points = sweepPoints(grid, { accounts: 50 });
    expect(points).toHaveLength(12);
    expect(points.map(({ index }) => index)).toEqual([...points.keys()]);
    const keys = points.map(({ rules, seed, varied }) => JSON.stringify([rules, seed, varied]));
    expect(new Set(keys).size).toBe(12);
    expect(points[7]).toMatchObject({ rules: 'zkrisk', seed: 2, varied: { liquidity: 2e6 } });
    expect(points[7].parameters).toMatchObject({ accounts: 50, liquidity: 2e6 });
  });

  it('has a row a point', () => {
    const [point] = sweepPoints(grid);
    const outcome = { bars: 1, events: 2, figures: figures({ badDebt: 3 }), claims: 0, digest: 'abc' };
    expect(sweepRow(point, outcome)).toMatchObject({
      point: 0,
      rules: 'zkrisk',
      liquidity: 1e6,
      badDebt: 3,
      digest: 'abc',
    });
  });

  it.each([
    ['no list of rules', { rules: 'zkrisk' }, /grid\.rules/],
    ['rules that are none', { rules: ['fair'] }, /rules: must be one of/],
    ['seeds that are none', { seeds: [1.5] }, /grid\.seeds/],
    ['a parameter that is none', { parameters: { depth: [1] } }, /depth: is no parameter/],
    ['a value of another kind', { parameters: { liquidity: ['much'] } }, /liquidity: must be like/],
    ['a field that is none', { points: 3 }, /grid\.points/],
    ['no document', [], /grid: must have/],
  ])('refuses %s', (_what, document, words) => {
    expect(() => sweepPoints(sweepGrid(document))).toThrow(words);
  });
});

describe('panelRows', () => {
  it('takes rows with their prices', () => {
    const panel = generatedPrices({ seed: 1, markets: 2, bars: 10 });
    const rows = panelRows(panel, 3, 5);
    expect(rows.times).toEqual(panel.times.slice(3, 5));
    expect([...rows.values]).toEqual([...panel.values.slice(6, 10)]);
    expect(Number(rows.text[1][1])).toBe(rows.values[3]);
  });
});
