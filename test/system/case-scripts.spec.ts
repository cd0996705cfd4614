import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, Replayer, simulatedMarket, startEngine } from '../../apps/zkrisk/src/index.js';
import { startTestDatabase, type TestDatabase } from '../support/database.js';
import { QUICK_MODEL } from '../support/topology.js';

const CASES = join(process.cwd(), 'test/cases');

/** Runs a script of test/cases as it stands there; its standard output. */
async function run(name: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const script = spawn('bash', [`${name}.sh`], {
    ...{ cwd: CASES, stdio: ['ignore', 'pipe', 'inherit'] },
    env: { ...process.env, ...environment },
  });
  let output = '';
  script.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(script, 'close')) as [number];
  if (name !== 'nul-query' && code !== 0) throw new Error(`${name}.sh has ended with ${code}: ${output}`);
  return output;
}

describe('the scripts that once showed a fault', () => {
  let server: TestDatabase;
  let engine: Engine;
  let port: string;

  beforeAll(async () => {
    server = await startTestDatabase();
    engine = await startEngine({
      ...{ ...QUICK_MODEL, DATABASE_URL: server.url, PORT: '0', LOG_LEVEL: 'silent' },
    });
    await new Replayer(simulatedMarket(5, 3), engine.log, engine.database, {
      ...{ speed: undefined, liquidity: 1_000_000, warmUpBars: 0 },
      flow: { seed: 3, accounts: 0, tradesPerBar: 0, medianNotional: 10_000, firstBar: 2 },
    }).run(new AbortController().signal);
    ({ port } = new URL(engine.url));
  }, 60_000);
  afterAll(async () => {
    await engine.stop();
    await server.stop();
  });

  const json = (line: string) => JSON.parse(line) as Record<string, unknown>;

  it('huge-deposit: 60 digits are refused where they enter, and no message of the account is dead-lettered', async () => {
    const lines = (await run('huge-deposit', { PORT: port })).trim().split('\n');
    const [refused, ...rest] = lines.filter((line) => line.startsWith('{')).map(json);
    expect(refused).toMatchObject({ status: 422, code: 'invalid-input' });
    expect(rest).toEqual([
      expect.objectContaining({ kind: 'account-deposited', amount: '0.00000001' }),
      // There is a hundred-millionth.
      expect.objectContaining({ status: 409, code: 'insufficient-margin' }),
    ]);
    for (const line of lines.filter((one) => one.startsWith('zkrisk_dead_letters_total')))
      expect(line).toMatch(/ 0$/);
    expect(await (await fetch(`${engine.url}/metrics`)).text()).toContain('# TYPE zkrisk_dead_letters_total');
  });

  it('idempotency: an id that was used for another content is answered 409, and the first outcome stays', async () => {
    const lines = (await run('idempotency', { PORT: port })).trim().split('\n');
    const [deposited, withdrawn, again, account, provided, left] = lines.map((line) => ({
      ...json(line.replace(/ \d+$/, '')),
      answered: / (\d+)$/.exec(line)?.[1],
    })) as Record<string, unknown>[];
    expect(deposited).toMatchObject({ kind: 'account-deposited', amount: '1000' });
    for (const answer of [withdrawn, again, left])
      expect(answer).toMatchObject({ answered: '409', code: 'command-id-reused' });
    expect(account).toMatchObject({ cash: '1000' });
    expect(provided.kind).toMatch(/^liquidity-/);
  });

  it('nul-query: a zero byte is the caller’s mistake', async () => {
    const output = await run('nul-query', { PORT: port });
    expect(output).toMatch(/ 422$/m);
    expect(json(output.replace(/ \d+\s*$/, ''))).toMatchObject({ code: 'invalid-input' });
  });

  it('reuse: a second run on a longer file goes on, with the liquidity that there was', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zkrisk-reuse-'));
    try {
      const output = await run('reuse', { TMPDIR: folder });
      const liquidity = [...output.matchAll(/liquidity L\D*([\d,.]+)/g)].map(([, text]) =>
        Number(text.replaceAll(',', '')),
      );
      expect(liquidity).toHaveLength(2);
      for (const L of liquidity) expect(Math.abs(L / 6_260_000 - 1)).toBeLessThan(0.01);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 280_000);
});
