import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { liquidate, loadSolvers, verifyCertificate } from '#lib/liquidation';
import { type JsonObject } from '#lib/messages';
import { type StreamSocketConstructor, ZkriskStream } from '#lib/sdk';
import { CONDITIONS, randomCase, randomPortfolioCase } from '../support/liquidation-cases.js';
import { noPython, pythonWithClients } from '../support/python.js';
import { type ReplayedEngine, startReplayedEngine } from '../support/replayed-engine.js';

const root = join(import.meta.dirname, '..', '..', '..');
const CHANNELS = ['marks', 'book', 'risk', 'funding'] as const;

const missing = noPython();
describe.skipIf(missing !== undefined)('the Python package', () => {
  let folder: string;
  let base: string;
  let python: string;
  let engine: ReplayedEngine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'zkrisk-python-'));
    base = pythonWithClients(join(root, 'python', 'requirements-test.txt'));
    run(process.execPath, [join(root, 'scripts', 'sdk', 'wheel.mjs'), folder], { PYTHON: base });
    // The wheel alone, as somebody else gets it, over packages that are there.
    run(base, ['-m', 'venv', '--system-site-packages', join(folder, 'venv')]);
    python = join(folder, 'venv', 'bin', 'python');
    const [site] = spawnSync(base, ['-c', 'import site; print(site.getsitepackages()[0])'], {
      encoding: 'utf8',
    })
      .stdout.trim()
      .split('\n');
    const own = spawnSync(python, ['-c', 'import site; print(site.getsitepackages()[0])'], {
      encoding: 'utf8',
    });
    writeFileSync(join(own.stdout.trim(), 'packages.pth'), `${site}\n`);
    const [wheel] = readdirSync(folder).filter((name) => name.endsWith('.whl'));
    run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', join(folder, wheel)]);
    engine = await startReplayedEngine(60, { STREAM_INTERVAL_MS: '20' });
  }, 300_000);
  afterAll(async () => {
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): string {
    const { status, stdout, stderr } = spawnSync(command, args, {
      ...{ cwd: join(root, 'python'), encoding: 'utf8', env: { ...process.env, ...environment } },
    });
    if (status !== 0)
      throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
    return stdout;
  }
  /** Beside this process, whose engine it talks to. */
  async function runBeside(args: readonly string[]): Promise<string> {
    const child = spawn(python, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const texts = ['', ''];
    [child.stdout, child.stderr].forEach((stream, i) =>
      stream.setEncoding('utf8').on('data', (chunk: string) => (texts[i] += chunk)),
    );
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${texts[1].slice(-2000)}`);
    return texts[0];
  }

  it('is typed, strictly, with its examples and tests, and does what it says of messages', () => {
    expect(run(base, ['-m', 'mypy'], { MYPYPATH: join(root, 'python', 'src') })).toContain('Success');
    expect(run(python, ['-m', 'pytest', '-q', 'tests'])).toContain('passed');
  }, 200_000);

  it('mirrors every channel as npm’s ws does, through a market that moves', async () => {
    const until = new Date(engine.pricer.engine.board.now + 20 * 3_600_000).toISOString();
    const stream = new ZkriskStream({
      url: engine.url,
      WebSocket: WebSocket as unknown as StreamSocketConstructor,
    });
    const ours = new Map<string, JsonObject>();
    const follow = async (channel: (typeof CHANNELS)[number]) => {
      const subject = channel === 'book' ? { market: 'SIM-A' } : {};
      for await (const { document } of stream.subscribe(channel, subject)) ours.set(channel, document);
    };
    const following = Promise.all(CHANNELS.map(follow));
    const theirs = runBeside([join(root, 'test', 'clients', 'mirror.py'), engine.url, until, ...CHANNELS]);
    await expect.poll(() => ours.size, { timeout: 10_000 }).toBe(CHANNELS.length);
    // Both are connected: the market goes on.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await engine.go(22);
    const mirrored = JSON.parse(await theirs) as Record<string, [JsonObject, number]>;
    for (const channel of CHANNELS) {
      const [document, updates] = mirrored[channel];
      expect(updates).toBeGreaterThan(2);
      expect(Object.keys(document).sort()).toEqual(Object.keys(ours.get(channel)!).sort());
    }
    stream.close();
    await following;
    const board = engine.pricer.engine.board;
    const marks = ours.get('marks')!.markets as Record<string, { mark: string }>;
    expect(Number(marks['SIM-A'].mark)).toBeCloseTo(board.mark('SIM-A')!.value, 8);
  }, 120_000);

  it('judges plans as the library does, word for word, forged ones too', async () => {
    const solvers = await loadSolvers();
    const plans = Array.from({ length: 24 }, (_, seed) =>
      (seed % 2 === 0 ? randomCase : randomPortfolioCase)(seed + 1, {
        ...{ n: 1 + (seed % 3), condition: CONDITIONS[seed % CONDITIONS.length] },
      }),
    ).map((given) => liquidate(given, solvers));
    const texts = plans.flatMap((plan) => {
      const text = JSON.stringify(plan);
      const forged = [
        { ...plan, fractions: plan.fractions.map((fraction) => fraction * 0.9) },
        { ...plan, objective: (plan.objective ?? 0) - 1 },
        { ...plan, case: { ...plan.case, collateral: plan.case.collateral + 1 } },
        { ...plan, surprise: 1 },
      ];
      return [
        text,
        ...forged.map((one) => JSON.stringify(one)),
        `{"case":1,${text.slice(1)}`,
        text.slice(0, -1),
      ];
    });
    const file = join(folder, 'plans.txt');
    writeFileSync(file, texts.join('\n'));
    const { parseJson } = await import('#lib/errors');
    const expected = texts.map((text) => {
      try {
        const { holds, failures } = verifyCertificate(parseJson(text, 'plan'));
        return [holds, [...failures]];
      } catch (error) {
        return [false, [(error as Error).message]];
      }
    });
    const verdicts = JSON.parse(
      await runBeside([join(root, 'test', 'clients', 'check.py'), file]),
    ) as unknown[];
    // Versions of V8 name the place of a syntax error differently.
    const plain = (value: unknown[]) => JSON.stringify(value).replaceAll(/ \(line \d+ column \d+\)/g, '');
    expect(JSON.parse(plain(verdicts))).toEqual(JSON.parse(plain(expected)));
    expect(expected.filter(([holds]) => holds).length).toBeGreaterThanOrEqual(12);
    expect(expected.filter(([holds]) => !holds).length).toBeGreaterThan(60);
  }, 120_000);

  it('has examples that run: a trade, a bot, a day', async () => {
    const example = (name: string) => join(root, 'python', 'examples', name);
    await fetch(`${engine.url}/v1/accounts/py/deposits`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"amount":"100000"}' },
    });
    const traded = await runBeside([example('quote_and_trade.py'), engine.url, 'py', 'SIM-A', '0.5']);
    expect(traded).toContain('booked at');
    expect(traded).toContain('SIM-A 0.5');
    const [{ open }] = await engine.database.query<[{ open: string }]>(
      `select count(*) as open from liquidation where status = 'open' and race->'won' = 'null'`,
    );
    expect(Number(open)).toBeGreaterThan(0);
    const executed = await runBeside([example('liquidator_bot.py'), engine.url, 'py-bot', '1']);
    expect(executed).toMatch(/^\S+ \S+ (partial|full|\w+)$/m);
    expect(executed).not.toContain('REFUSED');
    const plotted = await runBeside([example('plot_day.py'), engine.url, join(folder, 'day.png')]);
    expect(plotted).toMatch(/^2\d measures of risk/);
  }, 120_000);
});
