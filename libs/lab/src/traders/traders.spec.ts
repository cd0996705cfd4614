import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MarketSignals } from '../market/market-signals.js';
import type { TradeIntent, Venue } from '../venues/venue.js';
import { sizeText } from './flow.js';
import { flowOfCsv, flowOfJournal, RecordedFlow } from './recorded-flow.js';
import { conviction, TEMPERS, type TraderKind } from './strategy.js';

describe('conviction', () => {
  const kinds = Object.keys(TEMPERS) as TraderKind[];
  const outlook = fc.record({
    trend: fc.integer({ min: -50, max: 50 }).map((value) => value / 10),
    deviation: fc.integer({ min: -50, max: 50 }).map((value) => value / 10),
    carry: fc.integer({ min: -100, max: 100 }).map((value) => value / 100),
    mood: fc.integer({ min: 0, max: 999 }).map((value) => value / 1000),
  });

  it('is a share of the full position, and falls with the funding that a long pays', () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), outlook, (kind, given) => {
        const wish = conviction(kind, given);
        expect(Math.abs(wish)).toBeLessThanOrEqual(1);
        expect(conviction(kind, { ...given, carry: given.carry + 0.1 })).toBeLessThanOrEqual(wish);
      }),
    );
  });

  it('has trend followers with the market and mean reverters against it', () => {
    const up = { trend: 2, deviation: 2, carry: 0, mood: 0.5 };
    expect(conviction('trend', up)).toBeGreaterThan(0.8);
    expect(conviction('reversion', up)).toBeLessThan(-0.8);
    expect(conviction('hedger', up)).toBeLessThan(0);
  });
});

describe('sizeText', () => {
  it('is a decimal of four digits that the books can hold', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e9, max: 1e9 }),
        fc.integer({ min: -9, max: 6 }),
        (digits, exponent) => {
          const size = digits * 10 ** exponent;
          const text = sizeText(size);
          if (text === undefined) expect(Math.abs(size)).toBeLessThan(1e-7);
          else {
            expect(text).toMatch(/^-?\d+(\.\d{1,8})?$/);
            expect(Math.abs(Number(text) - size)).toBeLessThanOrEqual(6e-4 * Math.abs(size) + 1e-8);
          }
        },
      ),
    );
    expect([sizeText(NaN), sizeText(0), sizeText(Infinity)]).toEqual([undefined, undefined, undefined]);
  });
});

describe('recorded flow', () => {
  const csv = [
    'time,account,market,size',
    '2025-01-01T00:10:00Z,ann,deposit,1000',
    '2025-01-01T01:10:00Z,ann,BTC,0.5',
    '1735695000000,ann,withdrawal,10',
  ];
  const journal = [
    { kind: 'account-deposited', at: 600_000, account: 'ann', amount: '1000' },
    { kind: 'trade-booked', at: 700_000, account: 'ann', legs: [{ market: 'BTC', size: '0.5', price: '1' }] },
    {
      kind: 'trade-booked',
      at: 800_000,
      account: 'ann',
      planId: 'p',
      legs: [{ market: 'BTC', size: '-0.5' }],
    },
    { kind: 'funding-accrued', at: 900_000, markets: [] },
    { kind: 'collateral-moved', at: 910_000, from: 'ann', to: 'ann~two', amount: '5' },
    {
      kind: 'match-booked',
      at: 920_000,
      accounts: [
        { account: 'ann', legs: [{ market: 'BTC', size: '1', price: '1' }] },
        { account: 'bob', legs: [{ market: 'BTC', size: '-1', price: '1' }] },
      ],
    },
  ].map((event) => JSON.stringify(event));

  it('reads a CSV and a journal, whose liquidations are decided again', () => {
    expect(flowOfCsv(csv).map(({ kind }) => kind)).toEqual(['deposit', 'trade', 'withdrawal']);
    expect(flowOfJournal(journal)).toEqual([
      { kind: 'deposit', time: 600_000, account: 'ann', amount: 1000 },
      { kind: 'trade', time: 700_000, account: 'ann', market: 'BTC', size: '0.5', reduceOnly: false },
      { kind: 'withdrawal', time: 910_000, account: 'ann', amount: 5 },
      { kind: 'deposit', time: 910_000, account: 'ann~two', amount: 5 },
      { kind: 'trade', time: 920_000, account: 'ann', market: 'BTC', size: '1', reduceOnly: false },
      { kind: 'trade', time: 920_000, account: 'bob', market: 'BTC', size: '-1', reduceOnly: false },
    ]);
  });

  it('plays each command in the bar its time is in', () => {
    const start = Date.UTC(2025, 0, 1);
    const done: string[] = [];
    const venue = {
      deposit: () => done.push('deposit'),
      withdraw: () => done.push('withdraw'),
      trade: ({ size }: TradeIntent) => done.push(size),
    } as unknown as Venue;
    const flow = new RecordedFlow(flowOfCsv(csv), ['BTC'], [start, start + 3_600_000]);
    flow.act(0, venue, {} as MarketSignals);
    expect(done).toEqual(['deposit']);
    flow.act(1, venue, {} as MarketSignals);
    expect(done).toEqual(['deposit', '0.5', 'withdraw']);
  });

  it.each([
    ['a line that does not fit', () => flowOfCsv(['1,ann,BTC']), /flow\.line 1/],
    ['a size that is none', () => flowOfCsv(['1,ann,BTC,much']), /flow\.line 1/],
    ['a line that is no JSON', () => flowOfJournal(['{}', 'x']), /flow\.line 1.*no kind/],
    ['a market without prices', () => new RecordedFlow(flowOfCsv(['1,ann,BTC,1']), ['ETH'], [0]), /BTC/],
  ])('refuses %s', (_what, work, words) => {
    expect(work).toThrow(words);
  });
});
