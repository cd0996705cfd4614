import { describe, expect, it } from 'vitest';
import { stageIncidents } from './incidents.js';
import { simulatedMarket } from './simulated-market.js';

const FIRST = 20;
const BARS = FIRST + 2 * 240;
const plain = simulatedMarket(3, BARS);
const rows = [...plain.rows(0)];
const staged = stageIncidents(plain, FIRST);
const ratios = [...staged.rows(0)].map(({ prices }, bar) =>
  prices.map((price, i) => Number(price) / Number(rows[bar].prices[i])),
);
const told = Array.from({ length: BARS }, (_, bar) => staged.incidentAt(bar)).filter(
  (incident) => incident !== undefined,
);

describe(stageIncidents, () => {
  it('leaves prices before the first forecast as they are, and those after a round', () => {
    for (const bar of [...Array(FIRST + 6).keys(), FIRST + 239, FIRST + 240])
      for (const ratio of ratios[bar]) expect(ratio).toBe(1);
  });

  it('tells of each incident at its bar, in both rounds', () => {
    expect(told.map(({ bar }) => bar - FIRST)).toEqual([6, 12, 246, 252]);
  });

  it('prints one wrong price of one market, and lets all markets fall together', () => {
    const [print, crash] = told.map(({ bar }) => bar);
    expect(ratios[print].filter((ratio) => ratio === 1)).toHaveLength(plain.markets.length - 1);
    expect(ratios[print + 1].every((ratio) => ratio === 1)).toBe(true);
    for (const ratio of ratios[crash + 2]) expect(ratio).toBeCloseTo(0.95 * 0.94 * 0.96, 6);
    for (const ratio of ratios[crash + 100]) expect(ratio).toBeGreaterThan(0.9);
  });

  it('has the same rows where it is resumed', () => {
    expect([...staged.rows(30)][7]).toEqual([...staged.rows(0)][37]);
  });
});
