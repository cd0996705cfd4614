import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RuleProgram, rounded, runProgram } from './program.js';

const program = (
  operations: RuleProgram['operations'],
  required: RuleProgram['required'] = [],
): RuleProgram => ({
  ...{ operations, required },
  outputs: [{ name: 'last', length: 1, slot: operations.length - 1 }],
});
const last = (operations: RuleProgram['operations'], inputs: Record<string, bigint[]>) =>
  runProgram(program(operations), inputs).outputs.get('last');
const whole = fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n });

describe('a rule’s program', () => {
  it('rounds quotients by powers of two to the nearest, halves away from zero', () => {
    expect([5n, -5n, 3n, 4n, 6n].map((value) => rounded(value, 1))).toEqual([3n, -3n, 2n, 2n, 3n]);
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 52n), max: 2n ** 52n }),
        fc.integer({ min: 1, max: 30 }),
        (value, bits) => {
          const unit = 1n << BigInt(bits);
          const rest = value - rounded(value, bits) * unit;
          expect(2n * (rest < 0n ? -rest : rest)).toBeLessThanOrEqual(unit);
        },
      ),
    );
  });

  it('finds quotients and roots within a unit, whatever their sign', () => {
    fc.assert(
      fc.property(whole, fc.bigInt({ min: 1n, max: 2n ** 38n }), (a, b) => {
        const [quotient] = last(
          [
            ['input', 'a', 2],
            ['input', 'b', 2],
            ['gather', 0, [0]],
            ['gather', 1, [0]],
            ['hint', 'hints', 'quotient', 2, 3],
          ],
          { a: [a], b: [b] },
        )!;
        const rest = a - quotient * b;
        expect(2n * (rest < 0n ? -rest : rest)).toBeLessThanOrEqual(b);
      }),
    );
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 76n }), (a) => {
        const [root] = last(
          [
            ['input', 'a', 2],
            ['gather', 0, [0]],
            ['hint', 'hints', 'root', 1],
          ],
          { a: [a] },
        )!;
        expect(root * root <= a && (root + 1n) * (root + 1n) > a).toBe(true);
      }),
    );
  });

  it('multiplies matrices and adds groups up', () => {
    const inputs = { a: [1n, 2n, 3n, 4n, 5n, 6n], b: [1n, -1n] };
    const rows: RuleProgram['operations'] = [
      ['input', 'a', 7],
      ['input', 'b', 3],
      ['gather', 0, [0, 1, 2, 3, 4, 5]],
      ['gather', 1, [0, 1]],
    ];
    expect(last([...rows, ['matmul', 2, 3, 3, 2, 1]], inputs)).toEqual([-1n, -1n, -1n]);
    expect(last([...rows, ['sums', 2, 2, 3]], inputs)).toEqual([6n, 15n]);
  });

  it('names what does not hold, and refuses what the circuit cannot', () => {
    const operations: RuleProgram['operations'] = [
      ['input', 'a', 2],
      ['gather', 0, [0]],
      ['positive', 1],
    ];
    const required = [{ what: 'a is above its range', slot: 2 }];
    expect(runProgram(program(operations, required), { a: [-1n] }).broken).toEqual([]);
    expect(runProgram(program(operations, required), { a: [1n] }).broken).toEqual(['a is above its range']);
    expect(() => last(operations, { a: [2n ** 40n] })).toThrow(/outside the circuit/);
    expect(() => last(operations, { a: [1n, 2n] })).toThrow(/must have 1 numbers, got 2/);
    expect(() => last(operations, {})).toThrow(/got none/);
    expect(() => last([['nothing']], {})).toThrow(/unknown operation/);
  });
});
