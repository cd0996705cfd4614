import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeDigest } from './code-digest.js';
import { runKey } from './tournament.command.js';

describe(codeDigest, () => {
  let folder: string;
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, 'here', file)), { recursive: true });
    writeFileSync(join(folder, 'here', file), text);
  };
  const digest = (copy = 'here') => codeDigest(['lab'], join(folder, copy, 'libs'));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'zkrisk-code-'));
    write('libs/lab/src/index.js', "import { one } from '#lib/risk';\nexport * from './run.js';");
    write('libs/lab/src/run.js', "import { solve } from 'solver/fast.js';");
    write('libs/lab/src/run.spec.js', 'is no part of it');
    write('libs/risk/src/index.js', 'export const one = 1;');
    write('libs/risk/native/kernel.wasm', 'bytes');
    write('libs/other/src/index.js', 'nobody imports it');
    write('node_modules/solver/package.json', '{ "version": "1.0.0" }');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['a file of the library', 'libs/lab/src/run.js', ' '],
    ['a file of a library that it imports', 'libs/risk/src/index.js', 'export const one = 2;'],
    ['a kernel', 'libs/risk/native/kernel.wasm', 'other bytes'],
    ['a new file', 'libs/risk/src/more.js', ''],
    ['a package', 'node_modules/solver/package.json', '{ "version": "1.0.1" }'],
  ])('is another one after a change of %s', (_what, file, text) => {
    const before = digest();
    write(file, text);
    expect(digest()).not.toBe(before);
  });

  it('is the same elsewhere, and after changes of specs and of libraries that nobody imports', () => {
    const before = digest();
    cpSync(join(folder, 'here'), join(folder, 'there'), { recursive: true });
    expect(digest('there')).toBe(before);
    write('libs/lab/src/run.spec.js', 'another spec');
    write('libs/other/src/index.js', 'another library');
    expect(digest()).toBe(before);
  });

  it('of this build is of all that a run needs', () => {
    expect(codeDigest(['lab'])).toMatch(/^[0-9a-f]{64}$/);
    expect(codeDigest(['lab'])).not.toBe(codeDigest(['forecasting']));
  });
});

describe(runKey, () => {
  it('is another one for another version of the code, other prices, another request and another window', () => {
    const request = { rules: 'linear', seed: 1, parameters: {} } as never;
    const window = { name: 'crash', from: 1, to: 5 } as never;
    const keys = [
      runKey({ code: 'a', digest: 'p', request, window }),
      runKey({ code: 'b', digest: 'p', request, window }),
      runKey({ code: 'a', digest: 'q', request, window }),
      runKey({ code: 'a', digest: 'p', request: { ...(request as object), seed: 2 } as never, window }),
      runKey({ code: 'a', digest: 'p', request, window: { name: 'crash', from: 2, to: 5 } as never }),
    ];
    expect(new Set(keys).size).toBe(5);
    expect(runKey({ code: 'a', digest: 'p', request, window })).toBe(keys[0]);
  });
});
