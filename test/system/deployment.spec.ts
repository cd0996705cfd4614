import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstRules } from '#lib/exchange';
import { startTestDatabase, type TestDatabase } from '../support/database.js';
import { noPython, pythonWithClients } from '../support/python.js';

const root = join(import.meta.dirname, '..', '..', '..');
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');
const manifests = readdirSync(join(root, 'deploy', 'kubernetes')).filter((name) => name.endsWith('.yaml'));

describe.skipIf(noPython() !== undefined)('what is deployed', () => {
  let python: string;
  beforeAll(() => {
    python = pythonWithClients(join(root, 'test', 'clients', 'requirements-deploy.txt'));
  }, 120_000);
  const tool = (module: string, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(python, ['-m', module, ...args], {
      cwd: root,
      encoding: 'utf8',
    });
    return { status, output: `${stdout}${stderr}` };
  };

  it('is a Compose file as the specification has it', () => {
    const checked = tool('check_jsonschema', '--builtin-schema', 'vendor.compose-spec', 'docker-compose.yml');
    expect(checked.output).toContain('ok');
    expect(checked.status).toBe(0);
  });

  it.each([
    ...manifests.map((name) => join('deploy', 'kubernetes', name)),
    join('examples', 'lab-sweep', 'kubernetes-job.yaml'),
  ])('is a manifest as Kubernetes has it: %s', (path) => {
    const checked = tool('kubernetes_validate', '--strict', path);
    expect(checked.output).not.toMatch(/ERROR/);
    expect(checked.status, checked.output).toBe(0);
  });

  it('has the same first parameters in both, and no default that Compose cuts off at a brace', () => {
    const compose = read('docker-compose.yml');
    expect(compose).not.toMatch(/\$\{\w+:?-[^}]*\{/);
    const inline = /FIRST_PARAMETERS: '(.*)'/.exec(read('deploy', 'kubernetes', 'config.yaml'))![1];
    expect(firstRules(JSON.parse(read('deploy', 'parameters.json')))).toEqual(firstRules(JSON.parse(inline)));
  });

  it('starts the same programs in both, each with its probes and without rights', () => {
    const compose = read('docker-compose.yml');
    for (const name of ['forecaster', 'pricer', 'liquidator', 'historian', 'prover', 'settlement', 'vault']) {
      const program = `node, dist/apps/${name}/src/main.js`;
      expect(compose).toContain(program);
      const manifest = read('deploy', 'kubernetes', `${name}.yaml`);
      expect(manifest).toContain(program);
      for (const must of [
        'readOnlyRootFilesystem: true',
        'runAsNonRoot: true',
        'readinessProbe',
        'livenessProbe',
      ])
        expect(manifest, name).toContain(must);
    }
  });
});

const promtool = ['promtool', '/usr/bin/promtool'].find(
  (path) => spawnSync(path, ['--version']).status === 0,
);
describe.skipIf(promtool === undefined)('rules (needs promtool)', () => {
  it('hold what their tests say', () => {
    for (const args of [
      ['check', 'config', 'deploy/prometheus/prometheus.yml'],
      ['test', 'rules', 'deploy/prometheus/slo.test.yml'],
    ]) {
      const { status, stdout, stderr } = spawnSync(promtool!, args, { cwd: root, encoding: 'utf8' });
      expect(status, `${stdout}${stderr}`).toBe(0);
    }
  });
});

describe('an image', () => {
  let image: string;
  let database: TestDatabase;
  const children = new Set<ChildProcess>();

  beforeAll(async () => {
    // As the Dockerfile lays it out: its copies and no other files.
    image = mkdtempSync(join(tmpdir(), 'zkrisk-image-'));
    const copies = [...read('Dockerfile').matchAll(/^COPY --from=build \/app\/(\S+) (\S+)$/gm)];
    expect(copies.length).toBeGreaterThanOrEqual(5);
    for (const [, from, to] of copies) {
      const target = to === './' ? join(image, from) : join(image, to);
      mkdirSync(join(target, '..'), { recursive: true });
      if (from === 'node_modules') symlinkSync(join(root, from), target);
      else
        cpSync(join(root, from), target, {
          recursive: true,
          filter: (path) => !/\.spec\.js|\/test\//.test(path),
        });
    }
    database = await startTestDatabase();
  }, 120_000);
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await database.stop();
    rmSync(image, { recursive: true, force: true });
  });

  const commands = [
    ...read('docker-compose.yml').matchAll(/command: \[node, (dist\/apps\/(\w+)\/src\/main\.js)\]/g),
  ]
    .map(([, program, name]) => [name, program] as const)
    // These need a chain: test/proof starts them.
    .filter(([name]) => name !== 'settlement');

  it.each(commands)(
    'starts %s by its command, is ready to be asked, and ends when it is told to',
    async (name, program) => {
      const data = join(image, `data-${name}`);
      mkdirSync(data);
      const child = spawn(process.execPath, [program], {
        cwd: image,
        env: {
          ...{
            PATH: process.env.PATH,
            NODE_ENV: 'production',
            HOST: '127.0.0.1',
            PORT: '0',
            LOG_LEVEL: 'warn',
          },
          ...{ DATABASE_URL: database.url, ZKRISK_DATA_DIR: data, PROVER: 'off', VAULT: 'off' },
          ...{ VENUES: 'BTC=kraken:BTC/USD', VENUE_URLS: 'kraken=ws://127.0.0.1:9' },
          ...{ VALUATION_SECRET: 'a secret for tests, to seal valuations', API_KEYS: 'required' },
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      children.add(child);
      let output = '';
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
      const ended = once(child, 'exit') as Promise<[number | null]>;
      await expect
        .poll(() => /listens on (\S+)/.exec(output)?.[1] ?? (child.exitCode === null ? undefined : output), {
          timeout: 40_000,
        })
        .toMatch(/^http/);
      const url = /listens on (\S+)/.exec(output)![1];
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      expect((await fetch(`${url}/v1/status`)).status).toBe(200);
      expect((await fetch(`${url}/v1/ws`)).status).toBe(426);
      if (name === 'pricer' && existsSync(join(root, 'dist', 'web')))
        expect((await fetch(url)).headers.get('content-type')).toContain('text/html');
      child.kill('SIGTERM');
      expect((await ended)[0]).toBe(0);
      children.delete(child);
    },
    60_000,
  );
});
