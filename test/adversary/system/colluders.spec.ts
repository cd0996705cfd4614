import { describe, expect, it } from 'vitest';
import { attackInThreads } from '../../support/attack-threads.js';
import type { Coverage } from '../../support/colluders.js';

const SEQUENCES = Number(process.env.ATTACK_SEQUENCES ?? 2000);

describe('five colluders for a long time', () => {
  it(`break no law in ${SEQUENCES} sequences of 200 commands, at constant and at random marks`, async () => {
    const coverage: Coverage = new Map();
    const played = await attackInThreads(
      { sequences: SEQUENCES, length: 200, threads: 2, seed: Date.now() | 0 },
      coverage,
    );
    expect(played).toBeGreaterThanOrEqual(SEQUENCES);
    const sum = (prefix: string) =>
      [...coverage]
        .filter(([name]) => name.startsWith(prefix))
        .reduce((total, [, times]) => total + times, 0);
    // Every law after every command, where it can be asked.
    expect(sum('9: ')).toBeGreaterThanOrEqual(200 * played);
    for (const law of ['1: ', '5: ', '8: ', '10: ', '11: ', 'no gain at', 'no gain beside'])
      expect(sum(law), law).toBeGreaterThan(played / 2);
    for (const done of [
      'trade: trade-booked',
      'match: match-booked',
      'liquidate: ',
      'takeover: match-booked',
      '4: ',
      ...[
        'bust: done',
        'delist: done',
        'rescale: done',
        'parameters: parameters-set',
        'held: held',
        'judge: refuse',
      ],
    ])
      expect(sum(done), done).toBeGreaterThan(played / 50);
  }, 3_600_000);
});
