import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uniform, uniforms } from '../../../test/support/arbitraries.js';
import { witnessOf } from '../../../test/support/witness.js';
import {
  dequantise,
  EngineProver,
  FIELD_ORDER,
  fromFelt,
  MOMENTUM_TOLERANCE,
  type MomentumInput,
  momentumStatement,
  parseProof,
  type ProofDocument,
  quantise,
  statementOf,
  toFelt,
} from './index.js';

const UPDATE: MomentumInput = {
  strategy: [0.5, 0.8, 1.2, 0.3],
  salt: 1234.5678,
  weights: [0.25, 0.25, 0.3, 0.2],
  gradient: [0.02, -0.01, 0.015, 0.03],
};

describe('field elements', () => {
  it('go to ezkl’s bytes and back, negative ones as well', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 120n), max: 2n ** 120n }), (value) => {
        expect(fromFelt(toFelt(value), 'x')).toBe(value);
      }),
    );
    expect(toFelt(1n)).toBe(`01${'0'.repeat(62)}`);
    expect(() =>
      fromFelt(Buffer.from(FIELD_ORDER.toString(16), 'hex').reverse().toString('hex'), 'x'),
    ).toThrow(/below the field/);
    expect(() => fromFelt('xyz', 'instances[3]')).toThrow(/instances\[3\]/);
  });

  it('never wrap around: what does not fit is refused', () => {
    expect(dequantise(quantise(-1.5, 'x'))).toBe(-1.5);
    expect(Math.abs(dequantise(quantise(Math.PI, 'x')) - Math.PI)).toBeLessThanOrEqual(2 ** -25);
    for (const value of [2 ** 15, -(2 ** 15), 1e30, NaN, Infinity]) {
      expect(() => quantise(value, 'gradient[2]')).toThrow(/gradient\[2\]/);
    }
  });
});

describe('the momentum statement', () => {
  it('takes an offset whose residual is within the tolerance, for any update', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 8 }).chain((n) =>
          fc.record({
            strategy: uniforms(n, 0, 16),
            gradient: uniforms(n, -1, 1),
            weights: uniforms(n, -1, 1),
            salt: uniform(-30_000, 30_000),
          }),
        ),
        (input) => {
          const [secret, , gradient, [offset]] = momentumStatement.inputs(input);
          const residual = gradient.reduce((sum, g, i) => sum + secret[i] * (g + offset), 0n);
          expect(Math.abs(Number(residual) / 2 ** 48)).toBeLessThanOrEqual(MOMENTUM_TOLERANCE);
        },
      ),
      { numRuns: 10_000 },
    );
  });

  it('refuses what is no update', () => {
    expect(() => momentumStatement.inputs({ ...UPDATE, weights: [1, 0] })).toThrow(/weights/);
    expect(() => momentumStatement.inputs({ ...UPDATE, strategy: [-1, 0, 0, 0] })).toThrow(/strategy\[0\]/);
    expect(() => momentumStatement.parse({ ...UPDATE, extra: 1 })).toThrow(/input/);
    expect(() => statementOf('nothing')).toThrow(/momentum/);
  });

  it('holds only within its tolerance, and where the circuit finds no violation', () => {
    const found = witnessOf(momentumStatement, momentumStatement.inputs(UPDATE));
    if ('refused' in found) throw new Error(found.refused);
    expect(found.public.failures).toEqual([]);
    const failures = (name: string, value: bigint) =>
      momentumStatement.public(new Map(found.values).set(name, [value])).failures;
    const tolerance = BigInt(MOMENTUM_TOLERANCE * 2 ** 48);
    expect(failures('residual', -tolerance)).toEqual([]);
    expect(failures('residual', -tolerance - 1n)).toHaveLength(1);
    expect(failures('residual', tolerance + 1n)).toHaveLength(1);
    expect(failures('violations', 1n)).toHaveLength(1);
  });
});

describe('EngineProver', () => {
  let folder: string;
  let prover: EngineProver;
  let document: ProofDocument;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'zkrisk-keys-'));
    prover = new EngineProver({ keys: folder });
    document = await prover.prove(momentumStatement, UPDATE);
  }, 600_000);
  afterAll(async () => {
    await prover.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('proves a weight update that the rule makes, and says that the SRS is for development', async () => {
    const { holds, failures, values } = await prover.verify(
      momentumStatement,
      parseProof(JSON.parse(JSON.stringify(document))),
    );
    expect(failures).toEqual([]);
    expect(holds).toBe(true);
    expect(document.srs).toBe('development');
    const { strategy, gradient, weights } = UPDATE;
    const offset =
      -strategy.reduce((sum, k, i) => sum + k * gradient[i], 0) / strategy.reduce((sum, k) => sum + k, 0);
    values!.newWeights.forEach((weight, i) => {
      const expected = i < 4 ? weights[i] + strategy[i] * (gradient[i] + offset) : 0;
      expect(Math.abs(weight - expected)).toBeLessThan(1e-6);
    });
    expect(Math.abs(values!.residual)).toBeLessThanOrEqual(MOMENTUM_TOLERANCE);
    expect(values!.gradient.slice(4)).toEqual([0, 0, 0, 0]);
  });

  it('does not verify with any public value changed by one unit', async () => {
    for (let i = 0; i < document.instances.length; i++) {
      const instances = [...document.instances];
      instances[i] = toFelt(fromFelt(instances[i], 'x') + 1n);
      const { holds } = await prover.verify(momentumStatement, { ...document, instances });
      expect(holds, `instance ${i}`).toBe(false);
    }
  }, 600_000);

  it('does not verify with a byte of the proof changed, with values missing, or as another proof', async () => {
    const flipped = document.proof.slice(0, -1) + (document.proof.endsWith('0') ? '1' : '0');
    const cases: Partial<ProofDocument>[] = [
      { proof: flipped },
      { instances: document.instances.slice(1) },
      { instances: [...document.instances.slice(0, -1), 'zz'] },
      { statement: 'bar' },
      { artifacts: '00' },
      { srs: 'ceremony' },
    ];
    for (const change of cases) {
      const { holds, failures } = await prover.verify(momentumStatement, { ...document, ...change });
      expect(holds, JSON.stringify(Object.keys(change))).toBe(false);
      expect(failures.length).toBeGreaterThan(0);
    }
  });

  it('commits to the strategy and its salt', async () => {
    const other = await prover.prove(momentumStatement, { ...UPDATE, salt: UPDATE.salt + 1 });
    expect(other.instances[0]).not.toBe(document.instances[0]);
    expect(other.instances.slice(1)).toEqual(document.instances.slice(1));
  }, 60_000);
});
