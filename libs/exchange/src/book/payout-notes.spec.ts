import { describe, expect, it } from 'vitest';
import { PayoutNotes } from './payout-notes.js';

describe(PayoutNotes, () => {
  const issued = () => {
    const notes = new PayoutNotes();
    notes.issue('first', [
      ['a', 60n],
      ['b', 30n],
    ]);
    notes.issue('first', [['c', 10n]]);
    notes.issue('second', [['a', 50n]]);
    return notes;
  };

  it('sets money aside for the oldest settlement first, each note in proportion to its cut', () => {
    const notes = issued();
    expect([notes.outstanding, notes.fund]).toEqual([150n, 0n]);
    expect(notes.repay(50n)).toBe(50n);
    expect([notes.outstanding, notes.fund]).toEqual([100n, 50n]);
    expect(notes.of('a')).toEqual({ outstanding: 110n, claimable: 30n });
    expect(notes.of('b')).toEqual({ outstanding: 30n, claimable: 15n });
    expect(notes.repay(60n)).toBe(60n);
    expect(notes.of('a')).toEqual({ outstanding: 110n, claimable: 70n });
    expect(notes.of('nobody')).toEqual({ outstanding: 0n, claimable: 0n });
  });

  it('takes no more than is owed', () => {
    const notes = issued();
    expect(notes.repay(151n)).toBe(150n);
    expect(notes.repay(1n)).toBe(0n);
    expect([notes.outstanding, notes.fund]).toEqual([0n, 150n]);
  });

  it('pays a claim once, and forgets notes that are paid in full', () => {
    const notes = issued();
    notes.repay(101n);
    expect([notes.claim('a'), notes.claim('a')]).toEqual([61n, 0n]);
    expect(notes.of('a')).toEqual({ outstanding: 49n, claimable: 0n });
    expect([notes.claim('b'), notes.claim('nobody')]).toEqual([30n, 0n]);
    expect(notes.fund).toBe(10n);
    expect(notes.state()).toEqual({
      series: [
        ['first', 100n, 100n],
        ['second', 50n, 1n],
      ],
      held: [
        ['a', 'second', 50n, 1n],
        ['c', 'first', 10n, 0n],
      ],
      fund: 10n,
    });
  });

  it('goes on from its state', () => {
    const notes = issued();
    notes.repay(101n);
    notes.claim('a');
    const restored = new PayoutNotes();
    restored.restore(notes.state());
    expect(restored.state()).toEqual(notes.state());
    for (const each of [notes, restored]) each.repay(20n);
    expect(restored.claim('a')).toBe(notes.claim('a'));
    expect(restored.state()).toEqual(notes.state());
  });
});
