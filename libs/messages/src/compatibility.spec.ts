import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { breakingChanges } from '../../../test/support/schema-compatibility.js';
import type { Topic } from './message.js';
import { ALL_TOPICS } from './topics.js';

type Schema = Record<string, unknown>;

/** Schemas of the last release; `node scripts/schema-baseline.mjs` writes them when there is another one. */
const BASELINE = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../test/vectors/schemas.json'), 'utf8'),
) as Record<string, { version: number; schema: Schema }>;

function schemaOf(topic: Topic<never>): Schema {
  return z.toJSONSchema(topic.message, { target: 'draft-2020-12', io: 'input', unrepresentable: 'any' });
}

describe('messages beside those of the last release', () => {
  it.each(Object.keys(BASELINE))(
    '%s: fields may be added; anything else needs another schemaVersion',
    (name) => {
      const topic = ALL_TOPICS.find((each) => each.name === name);
      expect(topic, 'a topic may not go').toBeDefined();
      const { version, schema } = BASELINE[name];
      if (topic!.schemaVersion > version) return;
      expect(topic!.schemaVersion).toBe(version);
      expect(breakingChanges(schema, schemaOf(topic!))).toEqual([]);
    },
  );
});

describe(breakingChanges, () => {
  const before = {
    type: 'object',
    properties: {
      id: { type: 'string', maxLength: 10, pattern: '^a' },
      side: { type: 'string', enum: ['buy', 'sell'] },
      legs: { type: 'array', maxItems: 4, items: { type: 'string' } },
      event: {
        oneOf: [
          { type: 'object', properties: { kind: { const: 'a' }, x: { type: 'number' } }, required: ['kind'] },
          { type: 'object', properties: { kind: { const: 'b' } }, required: ['kind'] },
        ],
      },
    },
    required: ['id'],
  };
  const changed = (change: (schema: typeof before) => void) => {
    const after = structuredClone(before);
    change(after);
    return breakingChanges(before, after);
  };

  it('lets fields, kinds and values be added, and bounds be widened', () => {
    expect(changed(() => undefined)).toEqual([]);
    const wider = changed((schema) => {
      Object.assign(schema.properties, { note: { type: 'string' } });
      schema.properties.side.enum.push('both');
      schema.properties.id.maxLength = 20;
      schema.properties.event.oneOf.push({
        ...{ type: 'object', required: ['kind'] },
        properties: { kind: { const: 'c' } },
      });
    });
    expect(wider).toEqual([]);
  });

  it.each<[string, (schema: typeof before) => void, RegExp]>([
    [
      'a field goes',
      ({ properties }) => delete (properties as Partial<typeof properties>).side,
      /side: is gone/,
    ],
    ['a field becomes necessary', ({ required }) => required.push('side'), /side: has become necessary/],
    ['a necessary field may be missing', ({ required }) => required.pop(), /id: may be missing/],
    [
      'a type changes',
      ({ properties }) => (properties.legs.items.type = 'number'),
      /items: type was "string"/,
    ],
    ['a pattern changes', ({ properties }) => (properties.id.pattern = '^b'), /pattern/],
    ['a bound is tightened', ({ properties }) => (properties.legs.maxItems = 3), /maxItems was 4 and is 3/],
    ['a value goes', ({ properties }) => properties.side.enum.pop(), /"sell" is no value/],
    ['a kind goes', ({ properties }) => properties.event.oneOf.pop(), /kind=b is gone/],
    [
      'a field of a kind goes',
      ({ properties }) => delete (properties.event.oneOf[0].properties as { x?: unknown }).x,
      /kind=a\]\/x: is gone/,
    ],
  ])('says so where %s', (_, change, says) => {
    expect(changed(change).join()).toMatch(says);
  });
});
