import { describe, expect, it } from 'vitest';
import { BOOK_EVENTS } from '../../../../test/support/book-events.js';
import type { BookEvent } from './book-event.js';
import {
  accountsOf,
  bustsOf,
  commandKeyText,
  commandOf,
  contentDigest,
  isRefusal,
  marketsOf,
  matchKey,
} from './decided-command.js';

type Kind = BookEvent['kind'];
const KINDS = Object.keys(BOOK_EVENTS) as Kind[];
const text = (event: BookEvent) => {
  const key = commandOf(event);
  return key && commandKeyText(key);
};
/** What a function says of one event of each kind, where it says anything. */
const ofEach = <T>(say: (event: BookEvent) => T, nothing: T) =>
  Object.fromEntries(
    KINDS.map((kind) => [kind, say(BOOK_EVENTS[kind])] as const).filter(
      ([, said]) => JSON.stringify(said) !== JSON.stringify(nothing),
    ),
  );

describe(commandOf, () => {
  it('names the one command that each event has decided, by topic, owner and id', () => {
    expect(ofEach(text, undefined)).toEqual({
      'trade-booked': 'trades|x|t',
      'trade-rejected': 'trades|x|t',
      'liquidity-asked': 'liquidity|lp|c',
      'liquidity-deposited': 'liquidity|lp|c',
      'withdrawal-locked': 'liquidity|lp|c',
      'liquidity-withdrawn': 'liquidity|lp|c',
      'liquidity-rejected': 'liquidity|lp|c',
      'account-deposited': 'accounts|x|c',
      'account-withdrawn': 'accounts|x|c',
      'collateral-moved': 'accounts|x|c',
      'account-rejected': 'accounts|x|c',
      'note-paid': 'accounts|x|c',
      'margin-reserved': 'accounts|x|c',
      'margin-released': 'accounts|x|c',
      'takeovers-accepted': 'accounts|x|c',
      'match-booked': 'matches|~venue|m',
      'match-rejected': 'matches|~venue|m',
      'parameters-set': 'parameter-commands|operator|c',
      'parameters-rejected': 'parameter-commands|operator|c',
      'trade-busted': 'trades/busted|x|t',
    });
  });

  it('names a plan by its own id and topic, whichever way it was executed', () => {
    const planned = (kind: 'trade-booked' | 'trade-rejected' | 'match-booked' | 'trade-busted') =>
      text({ ...BOOK_EVENTS[kind], planId: 'p' });
    expect(planned('trade-booked')).toBe('liquidation-trades|x|p');
    expect(planned('trade-rejected')).toBe('liquidation-trades|x|p');
    expect(planned('match-booked')).toBe('liquidation-trades|x|p');
    expect(planned('trade-busted')).toBe('liquidation-trades/busted|x|t');
    expect([bustsOf(undefined), bustsOf('p')]).toEqual(['trades/busted', 'liquidation-trades/busted']);
  });

  it('keeps ids of matches apart by who has sent them', () => {
    expect(text({ ...BOOK_EVENTS['match-booked'], by: 'y' })).toBe('matches|y|m');
    expect(text({ ...BOOK_EVENTS['match-rejected'], by: 'y' })).toBe('matches|y|m');
    expect(matchKey({ matchId: 'm', by: undefined })).toEqual({ topic: 'matches', owner: '~venue', id: 'm' });
  });

  it('takes neither the payment of a locked withdrawal nor collateral that comes back for another answer', () => {
    expect(text({ ...BOOK_EVENTS['liquidity-withdrawn'], mode: 'locked' })).toBeUndefined();
    expect(text({ ...BOOK_EVENTS['collateral-moved'], commandId: null })).toBeUndefined();
  });
});

describe(isRefusal, () => {
  it('is so of the kinds that are named so', () => {
    expect(Object.keys(ofEach(isRefusal, false))).toEqual([
      'trade-rejected',
      'liquidity-rejected',
      'account-rejected',
      'match-rejected',
      'parameters-rejected',
    ]);
  });
});

describe(accountsOf, () => {
  it('has every margin account that an event changes, each once', () => {
    expect(ofEach(accountsOf, [])).toEqual({
      'trade-booked': ['x~A'],
      'dust-closed': ['x'],
      'bankruptcy-settled': ['x'],
      'account-deposited': ['x'],
      'account-withdrawn': ['x'],
      'collateral-moved': ['x~A', 'x'],
      'gains-cut': ['x'],
      'positions-reduced': ['x', 'y'],
      'note-paid': ['x'],
      'match-booked': ['x~A', 'y', 'fees'],
      'credit-charged': ['x'],
      'market-rescaled': ['x'],
      'positions-settled': ['x'],
      'trade-busted': ['x~A', 'x'],
    });
  });

  it('has the liquidator who is paid, the account whose liquidation is refused, and one owner once', () => {
    expect(accountsOf({ ...BOOK_EVENTS['trade-booked'], liquidator: 'bot' })).toEqual(['x~A', 'bot']);
    expect(accountsOf({ ...BOOK_EVENTS['trade-rejected'], planId: 'p' })).toEqual(['x~A']);
    expect(accountsOf({ ...BOOK_EVENTS['trade-busted'], account: 'x' })).toEqual(['x']);
    expect(accountsOf({ ...BOOK_EVENTS['match-booked'], feeAccount: 'y' })).toEqual(['x~A', 'y']);
  });
});

describe(marketsOf, () => {
  it('has every market whose positions an event changes', () => {
    expect(ofEach(marketsOf, [])).toEqual({
      'trade-booked': ['A'],
      'dust-closed': ['A'],
      'positions-reduced': ['A', 'B'],
      'match-booked': ['A', 'B'],
      'market-rescaled': ['A'],
      'positions-settled': ['A'],
      'market-delisted': ['A'],
      'trade-busted': ['A', 'B'],
    });
  });
});

describe(contentDigest, () => {
  it('is of the content, whatever the order of the fields, and of 128 bits', () => {
    const digest = contentDigest({ a: 1, b: [{ c: 'x', d: null }], e: undefined });
    expect(digest).toBe(contentDigest({ b: [{ d: null, c: 'x' }], a: 1 }));
    expect(digest).toMatch(/^[\w-]{22}$/);
    // The text that is hashed, so that other programs can tell it too.
    expect(contentDigest({ b: [1, 'x', undefined], a: { c: true } })).toBe(
      contentDigest({ a: { c: true }, b: [1, 'x', null] }),
    );
  });

  it('differs with each value, name, order of a list, or kind of value', () => {
    const contents = [
      ...[
        {},
        [],
        null,
        '',
        0,
        false,
        'null',
        '{}',
        { a: 1 },
        { b: 1 },
        { a: '1' },
        { a: 1, b: 1 },
        [1, 2],
        [2, 1],
      ],
      ...[[12], [1, [2]], [[1], 2], { a: { b: 1 } }, { a: null }, { 'a":1,"b': 1 }],
    ];
    expect(new Set(contents.map(contentDigest)).size).toBe(contents.length);
  });
});
