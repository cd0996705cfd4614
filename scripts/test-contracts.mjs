// Runs forge's tests of the contracts and holds their gas against contracts/snapshots.
import { join } from 'node:path';
import { root } from './bootstrap.mjs';
import { outputOf } from './child-output.mjs';

/** @returns {Promise<{ passed: number, failed: number }>} tests; differing gas counts as one failure */
export async function testContracts() {
  process.stdout.write('contracts …\n');
  const started = Date.now();
  const forge = join(root, 'node_modules', '.bin', 'forge');
  // Without this variable forge would write the gas it measures over the committed one.
  const env = { ...process.env, FORGE_SNAPSHOT_CHECK: 'true' };
  const { output } = await outputOf(forge, ['test'], { cwd: root, env });
  const results = output.split('\n').filter((line) => /^(\[(PASS|FAIL)|Suite|Error)|snapshots/i.test(line));
  process.stdout.write(`${results.join('\n')}\n`);
  process.stdout.write(`contracts: ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  const summary = /(\d+) tests passed, (\d+) failed/.exec(output);
  const passed = Number(summary?.[1] ?? 0);
  const failed = Number(summary?.[2] ?? 0);
  // npm's wrapper of forge exits with 0 even where tests fail, so its output decides.
  if (summary !== null && !/Snapshots differ/.test(output)) return { passed, failed };
  process.stdout.write(output);
  return { passed, failed: failed + 1 };
}
