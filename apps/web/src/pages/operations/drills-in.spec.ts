import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drillsIn } from './drills-in.js';

describe(drillsIn, () => {
  it('has every round that the page of reliability has, each with a fault, a result and a verdict', () => {
    const text = readFileSync(join(process.cwd(), 'docs', 'operate', 'reliability.md'), 'utf8');
    const drills = drillsIn(text);
    expect(drills.map(({ round }) => Number(round))).toEqual(drills.map((_, i) => i + 1));
    expect(drills.length).toBeGreaterThanOrEqual(20);
    for (const drill of drills)
      for (const [field, value] of Object.entries(drill))
        expect([drill.round, field, value === '']).toEqual([drill.round, field, false]);
  });

  it('has none where there is no table', () => {
    expect(drillsIn('# Nothing\n\n| a |\n')).toEqual([]);
  });
});
