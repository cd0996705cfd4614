import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liquidate, loadSolvers } from '#lib/liquidation';
import { fromFelt, toFelt } from '#lib/proofs';
import { randomCase } from '../support/liquidation-cases.js';

const main = join(import.meta.dirname, '..', '..', 'apps/cli/src/main.js');

describe('the command line', () => {
  let folder: string;
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'zkrisk-cli-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('proves a liquidation and verifies the proof; one unit more and it does not, with exit code 1', async () => {
    const plan = liquidate(randomCase(9, { n: 3 }), await loadSolvers());
    const out = join(folder, 'proof.json');
    const run = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
        encoding: 'utf8',
        cwd: folder,
        // The default, whatever proves the other specs.
        env: { ...process.env, PROVER_BACKEND: 'engine' },
      });
      return { status, stdout, stderr };
    };
    const input = file('plan.json', JSON.stringify({ plan }));
    const made = run('prove', '--statement', 'liquidation', '--input', input, '--out', out);
    expect(made.stderr).toBe('');
    expect(JSON.parse(made.stdout)).toMatchObject({ statement: 'liquidation', srs: 'development' });
    const good = run('verify', out);
    expect(good.status).toBe(0);
    expect(JSON.parse(good.stdout)).toMatchObject({ holds: true, srs: 'development' });
    const proof = JSON.parse(readFileSync(out, 'utf8')) as { instances: string[] };
    proof.instances[4] = toFelt(fromFelt(proof.instances[4], 'x') + 1n);
    const bad = run('verify', file('altered.json', JSON.stringify(proof)));
    expect(bad.status).toBe(1);
    expect((JSON.parse(bad.stdout) as { failures: string[] }).failures.join()).toContain('does not verify');
    expect(run('prove', '--statement', 'nothing', '--input', input, '--out', out).status).toBe(2);
  }, 300_000);
});
