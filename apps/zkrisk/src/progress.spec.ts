import { describe, expect, it } from 'vitest';
import { type Status, statusLines } from './progress.js';

const STATUS: Status = {
  ...{
    marketTime: '2024-01-01T05:00:00.000Z',
    bar: 5,
    bars: null,
    riskMeasure: -0,
    capital: 0,
    liquidity: 0,
  },
  ...{ pendingToCapital: 0, trades: 0, liquidations: 0, model: null, epochsSettled: null, deadLetters: 0 },
  seconds: 1.2,
};

describe(statusLines, () => {
  it('shows a risk of nothing as 0, and none before the first forecast', () => {
    expect(statusLines(STATUS)[1]).toBe('ρ 0  P 0  L 0  pending 0');
    expect(statusLines({ ...STATUS, riskMeasure: -0.3 })[1]).toMatch(/^ρ 0 /);
    expect(statusLines({ ...STATUS, riskMeasure: null })[1]).toMatch(/^ρ – /);
    expect(statusLines({ ...STATUS, riskMeasure: -12345.6 })[1]).toMatch(/^ρ -12,346 /);
  });
});
