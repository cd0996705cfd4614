import { describe, expect, it } from 'vitest';
import { actionTable, MARKET_ACTION_NAMES, type MarketState, stateOf } from './action-table.js';
import { MarketStateError, NoForecastError, UnknownMarketError, WarmingUpError } from './errors.js';
import { TickRefusedError } from './tick-refusal.js';

describe('the table of actions', () => {
  it('has a row an action and a column a state', () => {
    const yes = actionTable()
      .split('\n')
      .map((row) =>
        row
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(yes[0]).toEqual(['to', 'ok', 'wide', 'uncertain', 'stale', 'reduce-only', 'halted', 'closed']);
    expect(yes[1]).toEqual(new Array(8).fill('---'));
    expect(
      yes.slice(2).map(([, ...cells]) => cells.map((cell) => (cell === 'yes' ? 1 : 0)).join('')),
    ).toEqual([...['1000000', '1100100', '1100100', '1000100', '1000100', '1100100', '1100100']]);
    expect(MARKET_ACTION_NAMES).toEqual([
      ...['increase', 'reduce', 'liquidate', 'withdraw', 'liquidity', 'funding', 'bar'],
    ]);
  });

  it('shows the operator’s restriction before the quality of the mark', () => {
    expect([stateOf('wide', 'open'), stateOf('wide', 'halted'), stateOf('ok', 'reduce-only')]).toEqual([
      ...['wide', 'halted', 'reduce-only'],
    ]);
  });
});

describe('a refusal of a market', () => {
  it.each(['ok', 'wide', 'uncertain', 'stale', 'reduce-only', 'halted', 'closed'] as MarketState[])(
    'that is %s has its state, the action, and how long it was silent',
    (state) => {
      const error = new MarketStateError('M', state, 'withdraw', 61_400);
      expect(error).toMatchObject({
        code: `market-${state}`,
        details: { market: 'M', state, action: 'withdraw', silentMs: 61_400 },
      });
      expect(error.message).toMatch(
        /^market M is .+: \w.+ \(last price 61 s ago\); .+ withdraw from an account/,
      );
      expect(error.message).not.toContain('undefined');
    },
  );

  it('names the market that is not known, or has no forecast', () => {
    expect(new UnknownMarketError('M')).toMatchObject({ code: 'unknown-market', details: { market: 'M' } });
    expect(new WarmingUpError('M', 'why')).toMatchObject({
      code: 'market-warming-up',
      details: { market: 'M' },
    });
    expect(new NoForecastError()).toMatchObject({ code: 'no-forecast', details: {} });
  });

  it.each([
    ...([
      'unknown-source',
      'late',
      'duplicate',
      'not-positive',
      'from-the-future',
      'step-too-large',
    ] as const),
    'closed' as const,
  ])('names a tick, its time, and why it was not taken: %s', (refusal) => {
    const error = new TickRefusedError(refusal, 'A 100 of x', 0);
    expect(error).toMatchObject({ code: 'tick-refused', refusal, details: { refusal } });
    expect(error.message).toMatch(new RegExp(`^${refusal}: A 100 of x at 1970-01-01T00:00:00.000Z: \\w`));
    expect(error.message).not.toContain('undefined');
  });
});
