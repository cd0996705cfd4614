import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WrittenJournal } from '../../../test/support/written-journal.js';
import {
  checkTradeReceipt,
  hexOf,
  JOURNAL_CHUNK,
  journalTree,
  type RecordedChange,
  tradeReceipt,
} from './index.js';

const AT = { barEnd: 3_600_000, forecastId: 'f' };
const MARKETS = ['ADA', 'BTC', 'BTC-PERP', 'ETH', 'eth', 'Z'];

const amount = fc.bigInt(-(2n ** 90n), 2n ** 90n).map(String);
const change = fc.record({
  market: fc.constantFrom(...MARKETS),
  // Half of the changes close a position.
  position: fc.option(fc.tuple(amount, amount)),
  marks: fc.dictionary(fc.constantFrom(...MARKETS), fc.bigInt(1n, 2n ** 90n).map(String), { maxKeys: 3 }),
});

type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

const record = (sequence: number, { market, position, marks }: Change): RecordedChange => ({
  ...{ sequence, time: sequence, kind: 1, capital: '5', liquidity: '6', pending: '-7', traded: '1' },
  ...{ riskPremium: '2', liquidityPremium: '1', charged: '3', content: `0x${'ab'.repeat(32)}` },
  changes: [[market, position?.[0] ?? '0', position?.[1] ?? '0']],
  marks: Object.entries(marks),
});

describe('a journal that is written entry by entry', () => {
  it('has the root and the paths of the tree of all its entries, whatever opens and closes', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.constantFrom(...MARKETS), amount, amount), { selector: ([name]) => name }),
        fc.array(change, { minLength: 1, maxLength: 40 }),
        (opening, changes) => {
          const records = changes.map((each, i) => record(i, each));
          const written = new WrittenJournal(opening, records);
          const root = hexOf(journalTree(opening, records).root);
          expect(hexOf(written.journal.root)).toBe(root);
          for (const index of records.keys()) checkTradeReceipt(written.receipt(AT, index), root);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('goes on over chunks: a receipt is made from one, and the first of a chunk from the one before as well', () => {
    for (const count of [JOURNAL_CHUNK, JOURNAL_CHUNK + 1, 2 * JOURNAL_CHUNK + 7]) {
      const records = Array.from({ length: count }, (_, i) =>
        record(i, {
          market: MARKETS[i % MARKETS.length],
          position: i % 7 === 3 ? null : [String(i + 1), String(-i)],
          marks: i % 5 === 0 ? { [MARKETS[i % 4]]: String(i + 1) } : {},
        }),
      );
      const written = new WrittenJournal([], records);
      const root = hexOf(journalTree([], records).root);
      expect(hexOf(written.journal.root)).toBe(root);
      expect(written.journal).toMatchObject({ entries: count });
      for (const index of [
        0,
        1,
        JOURNAL_CHUNK - 2,
        JOURNAL_CHUNK - 1,
        JOURNAL_CHUNK,
        2 * JOURNAL_CHUNK,
        count - 1,
      ])
        if (index < count) checkTradeReceipt(written.receipt(AT, index), root);
      expect(() => written.receipt(AT, count)).toThrow('no entry');
    }
  });

  it('makes no receipt from records that it does not have', () => {
    const records = [0, 1, 2].map((i) => record(i, { market: 'BTC', position: ['1', String(i)], marks: {} }));
    const { journal } = new WrittenJournal([], records);
    const other = new WrittenJournal([], [records[0], { ...records[1], charged: '4' }, records[2]]);
    const source = { ...AT, journal, chunk: other.chunks[0], before: undefined };
    expect(() => tradeReceipt(source, 1)).toThrow('are others than the journal has');
  });
});
