import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlaceSet } from './place-set.js';

const places = (set: PlaceSet): number[] => {
  const found: number[] = [];
  for (let place = set.next(0); place < Infinity; place = set.next(place + 1)) found.push(place);
  return found;
};

describe(PlaceSet, () => {
  it('has what was added and not deleted, in ascending order', () => {
    const change = fc.record({ place: fc.nat({ max: 100_000 }), adds: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change), fc.array(change), (before, after) => {
        const set = new PlaceSet(new Uint32Array(1));
        const known = new Set<number>();
        const take = ({ place, adds }: { place: number; adds: boolean }) => {
          if (adds) set.add(place);
          else set.delete(place);
          if (adds) known.add(place);
          else known.delete(place);
        };
        // Neighbours, at the ends of words too.
        for (const place of [0, 31, 32, 33, 63, 64]) take({ place, adds: true });
        before.forEach(take);
        const copy = set.copy();
        const then = [...known].sort((a, b) => a - b);
        after.forEach(take);
        expect(places(copy)).toEqual(then);
        expect(places(set)).toEqual([...known].sort((a, b) => a - b));
        for (const { place } of after) expect(set.has(place)).toBe(known.has(place));
      }),
    );
  });
});
