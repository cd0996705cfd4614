import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WrittenJournal } from '../../../test/support/written-journal.js';
import {
  checkTradeReceipt,
  contentOf,
  hexOf,
  journalTree,
  JournalTree,
  netBookDigest,
  type RecordedChange,
  rowBytes,
  rowsOfBytes,
  type TradeReceipt,
} from './index.js';

const salt = createHash('sha256').update('salt').digest();
const AT = { barEnd: 3_600_000, forecastId: 'f' };
const OPENING = [
  ['BTC', '100000000', '10000000000'],
  ['ETH', '-50000000', '-2500000000'],
] as const;

const event = (market: string, size: string, price: string, risk: string, more: object = {}) => ({
  ...{ kind: 'trade-booked', at: 7, tradeId: 't', account: 'alice', quoteId: null as string | null },
  ...{ legs: [{ market, size, price }], riskPremium: risk, liquidityPremium: '0.5', forecastId: 'f' },
  ...more,
});
const record = (
  sequence: number,
  of: object,
  changes: RecordedChange['changes'],
  more: Partial<RecordedChange> = {},
): RecordedChange => ({
  ...{ sequence, time: 7, kind: 1, capital: '5', liquidity: '6', pending: '-7' },
  ...{ traded: '200000000', riskPremium: '100000000', liquidityPremium: '50000000', charged: '150000000' },
  ...{ changes, marks: [], content: hexOf(contentOf(salt, JSON.stringify(of))) },
  ...more,
});

const EVENTS = [event('BTC', '0.02', '100', '1'), event('SOL', '-1', '2', '1'), event('SOL', '1', '2', '1')];
const RECORDS: RecordedChange[] = [
  record(1, EVENTS[0], [['BTC', '102000000', '10200000000']], {
    marks: [
      ['BTC', '100'],
      ['ETH', '50'],
    ],
  }),
  record(2, EVENTS[1], [['SOL', '-100000000', '-200000000']], {
    marks: [['SOL', '2']],
    traded: '-200000000',
  }),
  record(3, EVENTS[2], [['SOL', '0', '0']]),
];

function receiptOf(index: number, records = RECORDS): TradeReceipt {
  const receipt = new WrittenJournal(OPENING, records).receipt(AT, index);
  return { ...receipt, event: JSON.stringify(EVENTS[index]), salt: hexOf(salt) };
}

describe('a journal', () => {
  const root = hexOf(journalTree(OPENING, RECORDS).root);

  it('has each entry, which begins with the book that the one before has ended with', () => {
    const receipts = RECORDS.map((_, i) => checkTradeReceipt(receiptOf(i), root));
    expect(receipts[0].before).toBe(
      hexOf(
        netBookDigest(
          OPENING.map(([market, net, entry]) => ({ market, net: BigInt(net), entry: BigInt(entry) })),
        ),
      ),
    );
    for (const [i, { before, premium, charged, event: found }] of receipts.entries()) {
      if (i > 0) expect(before).toBe(receipts[i - 1].after);
      expect([premium, charged]).toEqual([150000000n, 150000000n]);
      expect(found).toEqual(EVENTS[i]);
    }
    // SOL is opened and closed again: the last book is the first trade's.
    expect(receipts[2].after).toBe(receipts[0].after);
    // What the event says is not for everybody.
    expect(checkTradeReceipt({ ...receiptOf(1), event: null, salt: null }, root).event).toBeNull();
  });

  it('is read back from the bytes that a chain has of its rows', () => {
    const amount = fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n });
    const position = fc.record({ net: amount, entry: amount });
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ before: position, after: position, price: fc.bigInt({ min: 1n, max: 2n ** 90n }) }),
        ),
        (of) => {
          const rows = of.map((row, i) => ({ market: `M${String(i).padStart(31, '0')}`, ...row }));
          const open = rows.filter(({ before, after }) =>
            [before.net, before.entry, after.net, after.entry].some((value) => value !== 0n),
          );
          expect(rowsOfBytes(rowBytes(rows))).toEqual(open);
        },
      ),
      { numRuns: 30 },
    );
    const rows = [
      { market: 'BTC', before: { net: 1n, entry: -1n }, after: { net: 0n, entry: 0n }, price: 5n },
    ];
    expect(rowsOfBytes(rowBytes(rows))).toEqual(rows);
    expect(() => rowsOfBytes(new Uint8Array(127))).toThrow('no whole number of rows');
  });

  it('has paths for any number of entries, and none for another place', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(), (count, at) => {
        const records = Array.from({ length: count }, (_, i) =>
          record(i, EVENTS[0], [['BTC', String(100000000 + i), '10000000000']], { kind: 2 }),
        );
        const index = at % count;
        const bare = { event: null, salt: null };
        const receipt = { ...new WrittenJournal(OPENING, records).receipt(AT, index), ...bare };
        const expected = hexOf(journalTree(OPENING, records).root);
        expect(checkTradeReceipt(receipt).root).toBe(expected);
        const moved = index === 0 ? count : index - 1;
        expect(() => checkTradeReceipt({ ...receipt, index: moved })).toThrow();
        if (count > 1) {
          const journal = { ...receipt.journal, entries: 2 * count + 1 };
          expect(() => checkTradeReceipt({ ...receipt, journal })).toThrow('siblings');
        }
        expect(() => new WrittenJournal(OPENING, records).receipt(AT, count)).toThrow('no entry');
      }),
      { numRuns: 15 },
    );
    expect(hexOf(new JournalTree([]).root)).toBe(`0x${'00'.repeat(32)}`);
  });

  it('convinces nobody of anything else', () => {
    const honest = receiptOf(1);
    const [row, ...rows] = honest.rows;
    const forged: [Partial<TradeReceipt>, RegExp][] = [
      [{ terms: { ...honest.terms, riskPremium: '1' } }, /path/],
      [{ terms: { ...honest.terms, kind: 2 } }, /path/],
      [{ rows: [{ ...row, price: '1' }, ...rows] }, /path/],
      [{ rows: [{ ...row, before: { net: '1', entry: '0' } }, ...rows] }, /path/],
      [{ rows }, /path/],
      [{ index: 0 }, /path/],
      [{ content: hexOf(salt) }, /path/],
      [{ path: honest.path.slice(1) }, /siblings/],
      [{ preceding: null }, /missing/],
      [{ preceding: { ...honest.preceding!, after: hexOf(salt) } }, /entry 0/],
      [{ event: JSON.stringify({ ...EVENTS[1], account: 'mallory' }) }, /not the one/],
      [{ salt: hexOf(new Uint8Array(32)) }, /not the one/],
      [{ salt: null }, /not the one/],
    ];
    for (const [change, why] of forged)
      expect(() => checkTradeReceipt({ ...honest, ...change }, root), JSON.stringify(change)).toThrow(why);
    expect(() => checkTradeReceipt(honest, hexOf(salt))).toThrow('path');
    expect(() => checkTradeReceipt(honest, '0x12')).toThrow('32 bytes');
    expect(() => checkTradeReceipt({ ...honest, rows: [row, row] }, root)).toThrow('twice');
    expect(() =>
      rowBytes([{ market: 'A B', before: { net: 1n, entry: 0n }, after: { net: 0n, entry: 0n }, price: 1n }]),
    ).toThrow('ASCII');
  });

  /** A journal that says something else than its event, with everything hashed as it should be. */
  function lying(index: number, of: object, change: Partial<RecordedChange> = {}): TradeReceipt {
    const content = hexOf(contentOf(salt, JSON.stringify(of)));
    const records = RECORDS.with(index, { ...RECORDS[index], ...change, content });
    return {
      ...new WrittenJournal(OPENING, records).receipt(AT, index),
      event: JSON.stringify(of),
      salt: hexOf(salt),
    };
  }

  it('is found out where its amounts are not the event’s', () => {
    checkTradeReceipt(lying(1, EVENTS[1]));
    const found: [object, Partial<RecordedChange>, RegExp][] = [
      [{ ...EVENTS[1], riskPremium: '0.9' }, {}, /premium of 140000000/],
      [{ ...EVENTS[1], at: 8 }, {}, /time/],
      [{ ...EVENTS[1], quoteId: 'q' }, {}, /quote/],
      [EVENTS[1], { kind: 2 }, /quote/],
      [event('SOL', '-0.9', '2', '1'), {}, /trades -90000000 of SOL/],
      [event('DOGE', '-1', '2', '1'), {}, /DOGE|SOL/],
      [event('SOL', '-1', '2.1', '1'), {}, /trades for/],
      [{ ...EVENTS[1], riskPremium: '1e0' }, {}, /where an amount belongs/],
      [EVENTS[1], { riskPremium: '99999999' }, /was charged/],
    ];
    for (const [of, change, why] of found) expect(() => checkTradeReceipt(lying(1, of, change))).toThrow(why);
    // A quote that was accepted may be dearer than the model's premium is when it is booked.
    const quoted = { ...EVENTS[1], quoteId: 'q' };
    checkTradeReceipt(lying(1, quoted, { kind: 2, riskPremium: '99999999' }));
    // Fills between accounts cancel: of a match the pool's part counts.
    const side = (size: string, risk: string) => ({
      ...event('SOL', size, '2', risk),
      liquidityPremium: '0.25',
    });
    checkTradeReceipt(lying(1, { kind: 'match-booked', at: 7, accounts: [side('3', '0'), side('-4', '1')] }));
    expect(() =>
      checkTradeReceipt(
        lying(1, { kind: 'match-booked', at: 7, accounts: [side('-1', '0.75'), side('-1', '0.25')] }),
      ),
    ).toThrow('moves by');
    // Other events move the book without a premium, by what they say.
    const free = { kind: 0, charged: '0', riskPremium: '0', liquidityPremium: '0' } as const;
    const leg = { market: 'SOL', size: '1', price: '2' };
    const moving = (kind: string, of: object) => ({ kind, at: 7, ...of });
    const moves: [object, boolean][] = [
      [moving('dust-closed', { account: 'a', ...leg }), true],
      [moving('dust-closed', { account: 'a', ...leg, size: '0.9' }), false],
      [moving('dust-closed', { account: 'a', ...leg, market: 'BTC' }), false],
      [moving('trade-busted', { legs: [leg] }), true],
      [moving('trade-busted', { legs: [leg, leg] }), false],
      [
        moving('positions-reduced', { reductions: [leg, { ...leg, size: '-0.5' }, { ...leg, size: '0.5' }] }),
        true,
      ],
      [moving('positions-reduced', { reductions: [] }), false],
      [
        moving('positions-settled', {
          market: 'SOL',
          accounts: [
            ['a', '2'],
            ['b', '-1'],
          ],
        }),
        true,
      ],
      [moving('positions-settled', { market: 'SOL', accounts: [['a', '2']] }), false],
      // The sizes of a market's old unit are not in its event.
      [moving('market-rescaled', { market: 'SOL', accounts: [] }), true],
      [moving('vested', {}), false],
    ];
    for (const [of, holds] of moves) {
      const check = () => checkTradeReceipt(lying(2, of, free)).event;
      if (holds) expect(check()).toEqual(of);
      else expect(check, JSON.stringify(of)).toThrow(/the book moves by/);
    }
    expect(() => checkTradeReceipt(lying(2, { kind: 'dust-closed', at: 8, ...leg }, free))).toThrow('time');
  });
});
