import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

interface Recipe {
  readonly name: string;
  readonly folder: string;
  readonly digest: string;
  readonly files: readonly string[];
  readonly keeps: RegExp;
}
interface BuildCache {
  isBuilt(recipe: Recipe): boolean;
  stampBuild(recipe: Recipe): void;
  restoreBuild(recipe: Recipe): boolean;
  keepBuild(recipe: Recipe): void;
  digestOf(...parts: string[]): string;
}

const script = join(import.meta.dirname, '..', '..', '..', 'scripts', 'build-cache.mjs');

describe('the cache of builds', () => {
  let scratch: string;
  let cache: BuildCache;
  beforeEach(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'zkrisk-builds-'));
    process.env.ZKRISK_BUILD_CACHE = join(scratch, 'cache');
    cache = (await import(pathToFileURL(script).href)) as BuildCache;
  });
  afterEach(() => {
    delete process.env.ZKRISK_BUILD_CACHE;
    rmSync(scratch, { recursive: true, force: true });
  });

  const recipe = (checkout: string, digest = 'a'): Recipe => ({
    ...{ name: 'kernel', digest, files: ['kernel.wasm'], keeps: /\.wasm$/ },
    folder: join(scratch, checkout),
  });
  function built(checkout: string, content: string, digest = 'a'): Recipe {
    const made = recipe(checkout, digest);
    mkdirSync(made.folder, { recursive: true });
    writeFileSync(join(made.folder, 'kernel.wasm'), content);
    writeFileSync(join(made.folder, 'notes.txt'), 'not part of the build');
    cache.stampBuild(made);
    return made;
  }

  it('gives a second checkout the files of the first, and only those of the build', () => {
    cache.keepBuild(built('first', 'code'));
    const second = recipe('second');
    expect(cache.isBuilt(second)).toBe(false);
    expect(cache.restoreBuild(second)).toBe(true);
    expect(cache.isBuilt(second)).toBe(true);
    expect(readFileSync(join(second.folder, 'kernel.wasm'), 'utf8')).toBe('code');
    expect(() => readFileSync(join(second.folder, 'notes.txt'))).toThrow(/ENOENT/);
  });

  it('gives nothing to another recipe, and nothing that was cut off', () => {
    const first = built('first', 'code');
    cache.keepBuild(first);
    expect(cache.restoreBuild(recipe('second', 'b'))).toBe(false);
    expect(cache.isBuilt({ ...first, digest: 'b' })).toBe(false);
    rmSync(join(scratch, 'cache', 'kernel-a', 'kernel.wasm'));
    expect(cache.restoreBuild(recipe('third'))).toBe(false);
    rmSync(join(first.folder, 'recipe.sha256'));
    expect(cache.isBuilt(first)).toBe(false);
  });

  it('keeps eight builds of a recipe', () => {
    const digests = Array.from({ length: 10 }, (_, i) => `digest-${i}`);
    for (const digest of digests) cache.keepBuild(built(digest, digest, digest));
    const restored = digests.filter((digest) => cache.restoreBuild(recipe(`again-${digest}`, digest)));
    expect(restored).toHaveLength(8);
    expect(restored).toContain('digest-9');
  });

  it('tells apart lists of the same text cut in different places', () => {
    expect(cache.digestOf('ab', 'c')).not.toBe(cache.digestOf('a', 'bc'));
  });
});
