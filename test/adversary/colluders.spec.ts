import { describe, expect, it } from 'vitest';
import { attack, type Coverage, LINEAR_RULES } from '../support/colluders.js';

/** Sequences a kind of marks, of 200 commands; the complete run plays 5,000 in test/adversary/system/colluders.spec.ts. */
const SEQUENCES = 12;
/** The same sequences each time, so that their coverage is; the complete run draws others. */
const SEED = 14;

describe('five colluders with every command there is', () => {
  const coverage: Coverage = new Map();

  it('gain nothing at constant marks, and no law gives way', () => {
    attack(SEQUENCES, 200, false, coverage, SEED);
  }, 3_600_000);

  it('gain nothing with linear margin, without caps, charge and fees', () => {
    attack(SEQUENCES / 2, 200, false, coverage, SEED, LINEAR_RULES);
    attack(SEQUENCES / 2, 200, true, coverage, SEED, LINEAR_RULES);
  }, 3_600_000);

  it('break no law at random marks', () => {
    attack(SEQUENCES, 200, true, coverage, SEED);
    // Takeovers are rare: more are played until there was one.
    for (let seed = SEED + 1; !coverage.has('takeover: match-booked') && seed < SEED + 40; seed++)
      attack(4, 200, true, coverage, seed);
  }, 3_600_000);

  it('have tried every command, with both answers where there are two, and every law', () => {
    const tried = [...coverage.keys()];
    for (const kind of [
      'deposit',
      'withdraw',
      'transfer',
      'trade',
      'lever',
      'close',
      'provide',
      'leave',
      'liquidate',
      'wait',
      'move',
      'forecast',
      'match',
      'reserve',
      'release',
      'claim',
      'takeover',
      'accept',
      'vault',
      ...['restrict', 'resume', 'rescale', 'delist', 'bust', 'parameters', 'held', 'judge'],
    ])
      expect(
        tried.some((name) => name.startsWith(`${kind}: `)),
        kind,
      ).toBe(true);
    for (const outcome of [
      ...[
        'match: match-booked',
        'match: match-rejected',
        'reserve: margin-reserved',
        'release: margin-released',
      ],
      ...['deposit: account-deposited', 'withdraw: account-withdrawn', 'withdraw: account-rejected'],
      ...[
        'transfer: collateral-moved',
        'transfer: account-rejected',
        'trade: trade-booked',
        'trade: trade-rejected',
      ],
      ...[
        'close: trade-booked',
        'provide: liquidity-asked',
        'leave: liquidity-asked',
        'liquidate: trade-booked',
        'takeover: match-booked',
      ],
      ...['takeover: trade-rejected', 'accept: takeovers-accepted'],
      ...['restrict: done', 'resume: done', 'resume: listed', 'rescale: done', 'delist: done'],
      ...['bust: done', 'bust: refused', 'parameters: parameters-set', 'parameters: parameters-rejected'],
      ...['held: held', 'held: repeated', 'judge: confirm', 'judge: refuse'],
    ])
      expect(coverage.get(outcome) ?? 0, outcome).toBeGreaterThan(0);
    for (const law of [
      ...['1: ', '3: ', '4: ', '5: ', '7: ', '8: ', '9: ', '10: ', '11: ', '12: '],
      ...['no gain at', 'no gain beside'],
    ])
      expect(
        tried.some((name) => name.startsWith(law)),
        law,
      ).toBe(true);
  });
});
