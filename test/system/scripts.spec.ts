import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');

/** Scripts of package.json that no other spec runs, each as short as it goes, and a line that its output must have. */
const SCRIPTS: readonly (readonly [script: string, options: string[], shows: RegExp])[] = [
  ['bench', ['--quick'], /premium/],
  ['load', ['--partitions', '1', '--seconds', '1', '--accounts', '200', '--most', '1000'], /trades/],
  ['simulate', ['--seconds', '1'], /steps/],
  ['attack', ['--hours', '0.0003'], /sequences/],
  // The books of services on Kafka are those of one process, whose plans there must be.
  [
    'drills',
    ['--rounds', '1', '--seed', '9', '--bars', '70', '--trades', '3'],
    / [1-9]\d* plans.*as if nothing had happened/,
  ],
  ['mutants', ['sender/revert-reason'], /mutants noticed/],
];

/** Scripts that write files of the checkout, which must be those that are committed. */
const WRITING: readonly (readonly [script: string, options: string[], shows: RegExp])[] = [
  ['docs', [], /documents in docs\/reference/],
  ['dashboards', [], /dashboards/],
  ['secrets', [], /deploy\/secrets is complete/],
];

describe('the scripts of package.json', () => {
  it.each(SCRIPTS)(
    'npm run %s runs',
    async (script, options, shows) => {
      const { status, output } = await npmRun(script, options);
      expect(status, output.slice(-4000)).toBe(0);
      expect(output).toMatch(shows);
    },
    400_000,
  );

  it.each(WRITING)(
    'npm run %s writes what is committed',
    async (script, options, shows) => {
      const before = changes();
      const { status, output } = await npmRun(script, options);
      expect(status, output.slice(-4000)).toBe(0);
      expect(output).toMatch(shows);
      expect(changes()).toBe(before);
    },
    120_000,
  );
});

/** What differs from the last commit; empty where the checkout has none. */
function changes(): string {
  return ['diff', 'status --porcelain']
    .map((command) => spawnSync('git', command.split(' '), { cwd: root, encoding: 'utf8' }).stdout)
    .join('\n');
}

function npmRun(
  script: string,
  options: readonly string[],
): Promise<{ status: number | null; output: string }> {
  const child = spawn('npm', ['run', '--silent', script, '--', ...options], { cwd: root });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, output }));
  });
}
