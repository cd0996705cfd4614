import { describe, expect, it } from 'vitest';
import type { PricingEngine } from '#lib/exchange';
import { StressDesk } from './stress-desk.js';

/** An engine with a forecast, whose accounts are counted as far as they are looked at. */
function engineOf(accounts: number) {
  const looked = { count: 0 };
  function* openAccounts() {
    for (; looked.count < accounts; looked.count++) yield `a${looked.count}`;
  }
  const engine = { board: { latestForecast: { forecastId: 'f' } }, ledger: { openAccounts } };
  return { engine: engine as unknown as PricingEngine, looked };
}

describe(StressDesk, () => {
  it('is not computed for a scrape where more accounts have positions than the thread has time for', () => {
    const { engine, looked } = engineOf(1_000_000);
    expect(new StressDesk(() => engine).scraped()).toBeUndefined();
    expect(looked.count).toBe(5000);
  });
});
