import { describe, expect, it } from 'vitest';
import {
  barStatement,
  FIELD_ORDER,
  lossStatement,
  priceStatement,
  reductionStatement,
  type Statement,
} from './index.js';

/** A statement's public values where commitments are in the upper half of the field, which provers give as negative integers. */
function shown<Public>({
  layout,
  public: read,
}: Pick<Statement<never, Public>, 'layout' | 'public'>): Public {
  return read(
    new Map(
      layout.map(([name, length]) => [
        name,
        Array<bigint>(length).fill(name.endsWith('Commitment') ? -1n : 1n),
      ]),
    ),
  );
}

describe('commitments in public values', () => {
  it('are field elements from 0 up, as contracts keep them', () => {
    const largest = FIELD_ORDER - 1n;
    expect(shown(barStatement).commitments).toEqual({ model: largest, state: largest, nextState: largest });
    expect(shown(priceStatement).commitments).toEqual({ model: largest, state: largest });
    expect(new Set(shown(lossStatement).leaves)).toEqual(new Set([largest]));
    expect(new Set(shown(reductionStatement).leaves)).toEqual(new Set([largest]));
  });
});
