import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPatch, type JsonObject, patchBetween, withoutNulls } from './merge-patch.js';

const names = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', 'SIM-A');
const leaf = fc.oneof(fc.integer(), fc.boolean(), fc.constantFrom('', 'x', '1.5'));
const { document } = fc.letrec<{ document: JsonObject; value: JsonObject[string] }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(fc.oneof(leaf, fc.constant(null)), { maxLength: 3 }),
    tie('document'),
  ),
  document: fc
    .array(fc.tuple(names, tie('value')), { maxLength: 4 })
    .map((entries) => Object.fromEntries(entries)),
}));
const sent = (value: JsonObject) => JSON.parse(JSON.stringify(value)) as JsonObject;

describe('patches of streams', () => {
  it('make the later document of the earlier one, through JSON, and nothing where nothing has changed', () => {
    fc.assert(
      fc.property(document, document, (before, after) => {
        const patch = patchBetween(before, after);
        if (patch === undefined) expect(sent(after)).toEqual(sent(before));
        else expect(applyPatch(before, sent(patch))).toEqual(sent(after));
        expect(patchBetween(after, sent(after))).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  // The cases of RFC 7396, appendix A, whose target and result are objects.
  it.each<[JsonObject, JsonObject, JsonObject]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (target, patch, result) => {
    expect(applyPatch(target, patch)).toEqual(result);
  });

  it('hold no null but in arrays', () => {
    expect(withoutNulls({ a: null, b: [null, { c: null }], d: { e: undefined } })).toEqual({
      b: [null, {}],
      d: {},
    });
  });
});
