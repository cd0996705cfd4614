import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** The ways of docs/internals/architecture.md: their names and files. */
function ways(): Map<string, string[]> {
  const page = readFileSync('docs/internals/architecture.md', 'utf8');
  const section = page.slice(page.indexOf('## Five ways'), page.indexOf('## Nothing lost'));
  const found = new Map<string, string[]>();
  let way = '';
  for (const [, name, file] of section.matchAll(/^\| (\w*) *\| `([^`]+)`/gm)) {
    if (name !== '') way = name;
    found.set(way, [...(found.get(way) ?? []), file]);
  }
  return found;
}

describe('ways through the house', () => {
  it('are those of a price, a quote, a trade, a liquidation and a proof', () => {
    expect([...ways().keys()]).toEqual(['price', 'quote', 'trade', 'liquidation', 'proof']);
  });

  it.each([...ways()])('%s: passes at most eight files, none twice, and all are there', (_way, files) => {
    expect(files.length).toBeLessThanOrEqual(8);
    expect(new Set(files).size).toBe(files.length);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });
});
