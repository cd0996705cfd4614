import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { halvesOf, randomBar } from '../../../test/support/factor-cases.js';
import { temporaryProver, unprotected } from '../../../test/support/proofs.js';
import { witnessOf } from '../../../test/support/witness.js';
import { LAYOUTS } from './generated/layout.js';
import { layoutOf } from './public-values.js';
import {
  barRows,
  barStatement,
  barValues,
  EngineProver,
  priceStatement,
  type ProofDocument,
  splitFailures,
  stateNumbers,
} from './index.js';

describe('the circuit of a bar', () => {
  it('computes every public value as the statement does with integers', () => {
    const input = randomBar(5, { markets: 32, factors: 4, capital: 3 });
    const found = witnessOf(barStatement, barRows(input));
    if ('refused' in found) throw new Error(found.refused);
    const { values } = found;
    expect(found.public.failures).toEqual([]);
    const expected = barValues(input);
    expect(values.get('covarianceWithBook')).toEqual(expected.risk[0].gradient);
    expect(values.get('covarianceRate')).toEqual(expected.risk[1].gradient);
    expect(values.get('volatility')).toEqual([expected.s]);
    expect(values.get('rate')).toEqual([expected.rate]);
    const { sandwich } = expected;
    for (const name of ['upper', 'lower', 'slope', 'slack'] as const)
      expect(values.get(name), name).toEqual([sandwich[name]]);
    expect(values.get('partialFactors')).toEqual(expected.partial);
    const total = found.public.fundingByMarket.reduce((sum, funding) => sum + funding, 0);
    expect(Math.abs(total / found.public.funding - 1)).toBeLessThan(1e-4);
    expect(layoutOf('bar').reduce((sum, [, length]) => sum + length, 0)).toBe(LAYOUTS.bar.count);
  });

  it('splits a bar over two proofs that agree with one: the same risk from each half', () => {
    const whole = randomBar(6, { markets: 14, factors: 3 });
    const one = barValues(whole);
    const parts = halvesOf(whole, 5).map((half) => {
      const found = witnessOf(barStatement, barRows(half));
      if ('refused' in found) throw new Error(found.refused);
      return found.public;
    });
    expect(splitFailures(parts)).toEqual([]);
    for (const part of parts) {
      expect(part.failures).toEqual([]);
      expect(BigInt(part.volatility * 2 ** 24)).toBe(one.s);
      expect(BigInt(part.upper * 2 ** 24)).toBe(one.sandwich.upper);
    }
    // A half that leaves the other's exposures out is noticed.
    const [a, b] = halvesOf(whole, 5);
    const without = {
      ...a,
      others: { ...a.others!, projection: a.others!.projection.map(() => '0'.repeat(64)) },
    };
    const cheat = witnessOf(barStatement, barRows(without));
    if ('refused' in cheat) throw new Error(cheat.refused);
    expect(splitFailures([cheat.public, parts[1]])).not.toEqual([]);
    expect(splitFailures([parts[0]])).toContain('it takes values of other proofs');
    expect(b.others).toBeDefined();
  });
});

describe('proofs of a bar and of a trade on its state', () => {
  const input = randomBar(7, { markets: 8, factors: 2 });
  const { prover, remove } = temporaryProver();
  const engine = new EngineProver();
  let document: ProofDocument;
  beforeAll(async () => {
    document = await prover.prove(barStatement, input);
  }, 3_600_000);
  afterAll(async () => {
    await engine.close();
    await remove();
  });

  it('hold by the backend that has not made them, and commit to the model and the state that the trade’s proof starts from', async () => {
    const bar = await engine.verify(barStatement, document);
    expect(bar.failures).toEqual([]);
    const state = stateNumbers(barValues(input).after, 2, 8);
    const side = (exposures: readonly number[]) => ({ ...input.book, exposures });
    const trade = await prover.prove(priceStatement, {
      model: input.model,
      state,
      stateSalt: input.nextStateSalt,
      before: side(input.exposures),
      after: side(input.exposures.map((x, i) => (i === 0 ? x + 4 : x))),
      alpha: input.alpha,
      tailFactor: input.tailFactor,
    });
    const priced = await engine.verify(priceStatement, trade);
    expect(priced.failures).toEqual([]);
    expect(priced.values!.commitments).toEqual({
      model: bar.values!.commitments.model,
      state: bar.values!.commitments.nextState,
    });
    expect(priced.values!.before.upper).toBe(bar.values!.upper);
    const { before, after, premium } = priced.values!;
    expect(Math.abs(premium - Math.max(0, after.upper - before.upper))).toBeLessThan(2 ** -22);
  }, 3_600_000);

  it('do not verify with any public value changed by one unit', async () => {
    expect(await unprotected(prover, barStatement, document)).toEqual([]);
  }, 3_600_000);
});
