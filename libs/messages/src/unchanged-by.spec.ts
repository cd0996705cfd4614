import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { MESSAGE_EXAMPLES } from './examples.js';
import { ALL_TOPICS } from './topics.js';
import { unchangedBy } from './unchanged-by.js';

const EXAMPLES = Object.entries(MESSAGE_EXAMPLES).flatMap(([name, messages]) => {
  const topic = ALL_TOPICS.find((each) => each.name === name)!;
  return messages.map((message) => ({ topic, text: JSON.stringify(topic.message.parse(message)) }));
});

/** Values that are wrong in most places, and right in some. */
const VALUES: readonly unknown[] = [
  ...[null, true, '', 'x', '1.5', '-0', '1e5', 'M0', 'constructor', 'tick', 'buy', 0, -1, 0.5, 1e15, 1e300],
  ...[Date.UTC(2024, 0, 1), Date.UTC(2200, 0, 1), 'x'.repeat(300), [], {}, [1], { kind: 'tick' }],
];

type Container = Record<string, unknown>;

/** Objects and arrays within a value, itself included. */
function containers(value: unknown): Container[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value as Container, ...Object.values(value).flatMap((inner) => containers(inner))];
}

/** Changes one place of a value: a field goes, comes, moves to the end, or gets another value. */
function change(value: unknown, [which, key, how, other]: readonly number[]): void {
  const places = containers(value).filter((place) => Object.keys(place).length > 0);
  const place = places[which % places.length];
  const keys = Object.keys(place);
  const name = keys[key % keys.length];
  const before = place[name];
  if (how === 0) place[name] = structuredClone(VALUES[other % VALUES.length]);
  else if (how === 1) place[`${name}2`] = before;
  else if (Array.isArray(place)) place.splice(Number(name), 1);
  else {
    Reflect.deleteProperty(place, name);
    if (how === 2) place[name] = before;
  }
}

describe(unchangedBy, () => {
  it('is true of no message that parsing refuses or changes', () => {
    const changes = fc.array(fc.tuple(fc.nat(500), fc.nat(50), fc.nat(3), fc.nat(50)), { maxLength: 2 });
    let [held, refused] = [0, 0];
    fc.assert(
      fc.property(fc.nat(EXAMPLES.length - 1), changes, (which, made) => {
        const { topic, text } = EXAMPLES[which];
        const value = JSON.parse(text) as unknown;
        for (const each of made) change(value, each);
        const parsed = topic.message.safeParse(value);
        if (!parsed.success) refused++;
        if (!topic.isMessage(value)) return;
        held++;
        expect(parsed.error).toBeUndefined();
        expect(JSON.stringify(parsed.data)).toBe(JSON.stringify(value));
      }),
      { numRuns: 5_000 },
    );
    expect(held).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(500);
  });

  it('is true of the messages that a process reads most of', () => {
    for (const name of ['prices', 'trades', 'accounts', 'account-states', 'covariance']) {
      const of = EXAMPLES.filter(({ topic }) => topic.name === name);
      expect(of.filter(({ topic, text }) => !topic.isMessage(JSON.parse(text))).length, name).toBe(0);
    }
  });

  const leaf = z.strictObject({ a: z.number().min(1), b: z.string().regex(/^x/).optional() });

  it.each([
    ['an object', leaf, { a: 1, b: 'x' }, true],
    ['a field left out', leaf, { a: 1 }, true],
    ['fields in another order', leaf, { b: 'x', a: 1 }, false],
    ['a field too many', leaf, { a: 1, c: 1 }, false],
    ['a check that fails', leaf, { a: 0 }, false],
    ['an own check that fails', z.number().refine((n) => n > 1), 1, false],
    ['a default that is there', z.strictObject({ a: z.number().default(1) }), { a: 2 }, true],
    ['a default to be filled in', z.strictObject({ a: z.number().default(1) }), {}, false],
    ['an optional default', z.strictObject({ a: z.number().default(1).optional() }), {}, false],
    ['a number of another format', z.int(), 1.5, false],
    ['no number', z.number(), NaN, false],
    ['a text of the right length', z.string().min(1).max(2), 'xy', true],
    ['a text too long', z.string().max(2), 'xyz', false],
    ['a list too short', z.array(z.number()).min(1), [], false],
    ['one of two scalars', z.union([z.literal('all'), z.string().regex(/^\d+$/)]), '5', true],
    ['none of two scalars', z.union([z.literal('all'), z.string().regex(/^\d+$/)]), 'x', false],
    ['one of two objects', z.union([leaf, z.strictObject({ a: z.number() })]), { a: 1 }, false],
    ['null', leaf.nullable(), null, true],
    ['a tuple too long', z.tuple([z.number()]), [1, 2], false],
    ['what is converted', z.coerce.number(), 1, false],
    ['what is transformed', z.string().trim(), 'x', false],
    ['what is frozen', z.strictObject({ a: z.number() }).readonly(), { a: 1 }, false],
    ['what keeps other keys', z.looseObject({ a: z.number() }), { a: 1 }, false],
    ['what drops other keys', z.object({ a: z.number() }), { a: 1, b: 2 }, false],
  ])('%s', (_, schema, value, expected) => {
    expect(unchangedBy(schema)(value)).toBe(expected);
  });
});
