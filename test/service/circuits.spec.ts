import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');

describe('the circuits’ artifacts', () => {
  it('were built from the builders as they are; npm run circuits rebuilds them', async () => {
    const script = pathToFileURL(join(root, 'scripts', 'circuits.mjs')).href;
    const { builderDigest } = (await import(script)) as { builderDigest: () => string };
    const recorded = readFileSync(join(root, 'circuits', 'artifacts', 'builders.sha256'), 'utf8').trim();
    expect(recorded).toBe(builderDigest());
  });

  it('have one layout in Python, TypeScript and Solidity; npm run circuits writes it', async () => {
    const script = pathToFileURL(join(root, 'scripts', 'layout.mjs')).href;
    const { layoutFiles } = (await import(script)) as { layoutFiles: () => Record<string, string> };
    for (const [path, content] of Object.entries(layoutFiles()))
      expect(readFileSync(join(root, path), 'utf8'), path).toBe(content);
  });
});
