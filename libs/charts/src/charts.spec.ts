import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineChart, stackedCharts } from './line-chart.js';
import { timeTicks } from './time-axis.js';
import { valueAxis } from './value-axis.js';

const START = Date.UTC(2024, 0, 1, 7, 30);
const HOUR = 3_600_000;

describe(timeTicks, () => {
  it('is a few round times within the range, whatever its length', () => {
    const length = fc.integer({ min: 0, max: 1200 }).map((x) => Math.round(10 * 60_000 * 1.01 ** x));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), length, (minutes, span) => {
        const from = START + minutes * 60_000;
        const ticks = timeTicks(from, from + span, 8);
        expect(ticks.length).toBeLessThanOrEqual(9);
        if (span < 5e11) expect(ticks.length).toBeGreaterThan(0);
        ticks.forEach(({ time, label }, i) => {
          expect(time).toBeGreaterThanOrEqual(from);
          expect(time).toBeLessThanOrEqual(from + span);
          expect(new Date(time).toISOString()).toContain(label);
          if (i > 0) expect(label === ticks[i - 1].label && ticks[i].date === ticks[i - 1].date).toBe(false);
        });
      }),
    );
  });

  it('shows hours with the date where a day begins', () => {
    expect(timeTicks(START, START + 30 * HOUR, 8)).toEqual(
      [12, 18, 24, 30, 36].map((hour) => {
        const time = Date.UTC(2024, 0, 1, hour);
        const date = hour === 12 ? '2024-01-01' : hour === 24 ? '2024-01-02' : undefined;
        return { time, label: `${String(hour % 24).padStart(2, '0')}:00`, ...(date && { date }) };
      }),
    );
  });

  it('shows months, and years', () => {
    expect(timeTicks(START, Date.UTC(2025, 2, 1), 8).map(({ label }) => label)).toEqual([
      '2024-04',
      '2024-07',
      '2024-10',
      '2025-01',
    ]);
    expect(timeTicks(START, Date.UTC(2029, 2, 1), 8).map(({ label }) => label)).toEqual([
      '2025',
      '2026',
      '2027',
      '2028',
      '2029',
    ]);
  });
});

describe(valueAxis, () => {
  it('is logarithmic where positive values span two decades, and nowhere else', () => {
    expect(valueAxis([1, 99]).scale).toBe('linear');
    expect(valueAxis([1, 100]).scale).toBe('logarithmic');
    expect(valueAxis([0, 1e6]).scale).toBe('linear');
    expect(valueAxis([-1, 1e6]).scale).toBe('linear');
    expect(valueAxis([1, 100], 'linear').scale).toBe('linear');
  });

  it('shows every value between bottom and top, with marks that can be told apart', () => {
    const value = fc
      .tuple(fc.integer({ min: -999, max: 999 }), fc.integer({ min: -6, max: 9 }))
      .map(([m, e]) => m * 10 ** e);
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (values) => {
        const axis = valueAxis(values);
        for (const one of values) {
          expect(axis.place(one)).toBeGreaterThanOrEqual(-1e-9);
          expect(axis.place(one)).toBeLessThanOrEqual(1 + 1e-9);
        }
        const labels = axis.ticks.map(({ label }) => label);
        expect(new Set(labels).size).toBe(labels.length);
        expect(labels.length).toBeLessThanOrEqual(12);
      }),
    );
  });
});

describe(lineChart, () => {
  const times = Array.from({ length: 48 }, (_, t) => START + t * HOUR);
  const series = (values: (number | null)[]) => [{ name: 'a < b & c', colour: '#000', values }];

  it('has times, the unit, and text that is escaped', () => {
    const svg = lineChart({
      title: 'T<script>',
      unit: 'quote currency',
      times,
      series: series(times.map((_, t) => 1 + t)),
    });
    expect(svg).toContain('time, UTC');
    expect(svg).toContain('>quote currency</text>');
    expect(svg).toContain('2024-01-02');
    expect(svg).toContain('a &lt; b &amp; c');
    expect(svg).not.toContain('<script>');
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('leaves gaps where there is nothing, and says where it is logarithmic', () => {
    const values = times.map((_, t) => (t % 10 === 5 ? null : 10 ** (t % 5)));
    const svg = lineChart({ title: 'T', unit: 'u', times, series: series(values) });
    expect(svg.match(/M\d/g)).toHaveLength(6);
    expect(svg).toContain('>u, logarithmic<');
  });

  it('draws a column for each day that has something', () => {
    const values = times.map((_, t) => (t % 8 === 0 ? 100 + t : 0));
    const svg = lineChart({ title: 'T', unit: 'u', times, series: series(values), columns: true });
    expect(svg.match(/<rect x/g)).toHaveLength(6);
  });

  it('survives nothing at all, one point and constants', () => {
    for (const values of [[], [null], [5], [0], [-5]]) {
      const svg = stackedCharts([
        { title: 'T', unit: 'u', times: times.slice(0, Math.max(1, values.length)), series: series(values) },
      ]);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
  });
});
