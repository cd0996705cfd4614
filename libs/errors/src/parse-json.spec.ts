import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from './index.js';

describe('parseJson', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = JSON.stringify(value);
        if (text.includes('"__proto__":')) return;
        expect(parseJson(text, 'plan')).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    ['{"a":1,"a":2}'],
    ['[{"b":{"a":1,"c":[{}],"a":2}}]'],
    ['{"a":1,"\\u0061":2}'],
    ['{"a" :1,"b":"x","a"\n:2}'],
    ['{"__proto__":{"a":1}}'],
  ])('refuses a key that an object has twice: %s', (text) => {
    expect(() => parseJson(text, 'plan')).toThrow(/plan: has the key/);
  });

  it.each([['{"a":{"a":1},"b":[{"a":1},{"a":1}]}'], ['{"a":"a","b":"\\"a\\":"}'], ['["a","a"]']])(
    'takes a key again in another object: %s',
    (text) => {
      expect(parseJson(text, 'plan')).toEqual(JSON.parse(text));
    },
  );

  it('names the text that is not JSON', () => {
    expect(() => parseJson('{', 'plan')).toThrow(/plan: is not JSON/);
  });
});
