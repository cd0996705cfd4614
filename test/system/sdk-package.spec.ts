import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZkriskClient } from '#lib/sdk';
import { type ReplayedEngine, startReplayedEngine } from '../support/replayed-engine.js';

const root = join(import.meta.dirname, '..', '..', '..');

/** Code of somebody who has installed the package: every part, typed. */
const PROGRAM = `
import { ApiError, applyPatch, verifyCertificate, type Verdict, ZkriskClient, ZkriskStream } from '@zkrisk/sdk';

const [, , url] = process.argv;
const client = new ZkriskClient({ url: url! });
const forged: Verdict = verifyCertificate({ case: 1 });
const refused = await client.quote('sdk', [{ market: 'NONE', size: '1' }]).catch((error: unknown) => error);
const quote = await client.quote('sdk', [{ market: 'SIM-A', size: '0.1' }]);
const { columns, rows } = await client.history('risk', { from: 946684800000, to: 4070908800000, step: '1h' });
const plans = await client.liquidations({ status: 'open', limit: 5 });
const verdicts = await Promise.all(
  plans.map(async ({ planId }) => verifyCertificate((await client.liquidation(planId)).plan)),
);
const { WebSocket } = (await import('ws' as string)) as { WebSocket: never };
const stream = new ZkriskStream({ url: url!, WebSocket });
let marks = 0;
for await (const { document } of stream.subscribe('marks')) {
  marks = Object.keys(document.markets as object).length;
  break;
}
const streamed = await stream.quote('sdk', [{ market: 'SIM-A', size: '0.1' }]);
stream.close();
console.log(
  JSON.stringify({
    forged: forged.holds,
    refused: refused instanceof ApiError ? refused.code : 'not an ApiError',
    ...{ total: quote.premium.total, streamed: streamed.premium.total, marks },
    history: rows.length > 0 && columns.includes('riskMeasure'),
    verdicts: verdicts.map(({ holds }) => holds),
    patched: applyPatch({ a: 1 }, { a: null, b: 2 }),
  }),
);
`;

describe('the package of the SDK', () => {
  let folder: string;
  let engine: ReplayedEngine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'zkrisk-sdk-'));
    run(process.execPath, [join(root, 'scripts', 'sdk', 'pack.mjs'), folder], root);
    const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    writeFileSync(join(folder, 'package.json'), '{"name":"somebody","type":"module","private":true}');
    run('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${tarball}`]);
    writeFileSync(join(folder, 'program.ts'), PROGRAM);
    engine = await startReplayedEngine(60);
  }, 400_000);
  afterAll(async () => {
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function run(command: string, args: readonly string[], cwd = folder): string {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
    if (status !== 0)
      throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
    return stdout;
  }

  it('needs nothing of this repository, nor any other package', () => {
    const installed = readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'));
    expect(installed).toEqual(['@zkrisk']);
    const own = join(folder, 'node_modules', '@zkrisk', 'sdk');
    for (const file of ['index.js', 'kafka.js']) {
      const text = readFileSync(join(own, 'dist', file), 'utf8');
      expect(text).not.toMatch(/#lib\/|from\s*["'](node:|zod|@noble)/);
    }
    expect(readdirSync(own).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json', 'types']);
  });

  it('compiles strictly in an empty project, and runs against an exchange', async () => {
    // Node's types and the compiler are the project's own, as they would be there.
    run(process.execPath, [
      join(root, 'node_modules', 'typescript-native', 'bin', 'tsc'),
      ...['--strict', '--noUncheckedIndexedAccess', '--target', 'es2022', '--module', 'nodenext'],
      ...['--lib', 'es2023,dom', '--skipLibCheck', 'false', '--types', 'node'],
      ...['--typeRoots', join(root, 'node_modules', '@types'), 'program.ts'],
    ]);
    const modules = join(folder, 'node_modules', 'ws');
    run('cp', ['-r', join(root, 'node_modules', 'ws'), modules]);
    const output = await runBeside([join(folder, 'program.js'), engine.url]);
    const told = JSON.parse(output) as Record<string, unknown>;
    expect(told).toMatchObject({
      forged: false,
      refused: 'unknown-market',
      history: true,
      patched: { b: 2 },
    });
    expect(told.marks).toBeGreaterThan(1);
    expect(told.streamed).toBe(told.total);
    expect(told.verdicts).toContain(true);
    expect(told.verdicts).not.toContain(false);
  }, 60_000);

  it('has examples that run: a trade by streams, a day as a picture', async () => {
    const examples = join(root, 'dist', 'examples');
    await new ZkriskClient({ url: engine.url }).deposit('me', '10000');
    const traded = await runBeside([
      join(examples, 'quote-and-trade', 'trade.js'),
      ...['--url', engine.url, '--account', 'me', '--market', 'SIM-B', '--size', '0.5'],
    ]);
    expect(traded).toMatch(/^SIM-B [\d.]+\n0\.5 at [\d.]+ for a premium of \S+\nbooked at /);
    const picture = join(folder, 'day.svg');
    const plotted = await runBeside([
      join(examples, 'plot-day', 'plot.js'),
      ...['--url', engine.url, '--out', picture],
    ]);
    expect(plotted).toMatch(/^\d{2} measures of risk/);
    expect(readFileSync(picture, 'utf8')).toMatch(/<polyline[^>]+points="\d/);
  }, 60_000);

  /** Beside this process, whose engine it talks to. */
  async function runBeside(args: readonly string[]): Promise<string> {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const texts = ['', ''];
    [child.stdout, child.stderr].forEach((stream, i) =>
      stream.setEncoding('utf8').on('data', (chunk: string) => (texts[i] += chunk)),
    );
    const [code] = (await once(child, 'close')) as [number];
    expect(code, texts[1]).toBe(0);
    return texts[0];
  }
});
