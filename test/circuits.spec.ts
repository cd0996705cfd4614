import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

describe('the circuits’ artifacts', () => {
  it('were built from the builders as they are; npm run circuits rebuilds them', async () => {
    const script = pathToFileURL(join(root, 'scripts', 'circuits.mjs')).href;
    const { builderDigest } = (await import(script)) as { builderDigest: () => string };
    const recorded = readFileSync(join(root, 'circuits', 'artifacts', 'builders.sha256'), 'utf8').trim();
    expect(recorded).toBe(builderDigest());
  });
});
