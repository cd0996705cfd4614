import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createProver,
  dequantise,
  EngineProver,
  FIELD_ORDER,
  fieldElement,
  fromFelt,
  NativeProver,
  parseFelt,
  quantise,
  signedInteger,
  statementOf,
  toFelt,
} from './index.js';

describe('field elements', () => {
  it('go to ezkl’s bytes and back, negative ones as well', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 120n), max: 2n ** 120n }), (value) => {
        expect(fromFelt(toFelt(value), 'x')).toBe(value);
        expect(parseFelt(toFelt(value), 'x')).toBe(fieldElement(value));
        expect(signedInteger(fieldElement(value))).toBe(value);
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
    for (const value of [2 ** 15, -(2 ** 15), 1e30, NaN, Infinity])
      expect(() => quantise(value, 'gradient[2]')).toThrow(/gradient\[2\]/);
  });
});

describe('provers and statements', () => {
  it('are those that are asked for, and no others', async () => {
    expect(() => createProver({}, { PROVER_BACKEND: 'magic' })).toThrow(/PROVER_BACKEND/);
    await createProver({}, {}).close();
    expect(createProver({}, {})).toBeInstanceOf(EngineProver);
    expect(createProver({}, { PROVER_BACKEND: 'native', ZKRISK_NATIVE_PYTHON: 'python3' })).toBeInstanceOf(
      NativeProver,
    );
    expect(() => statementOf('nothing')).toThrow(/liquidation/);
  });
});
