import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeys, signedHeaders } from '#lib/host';
import { outgoing, TOPICS } from '#lib/messages';
import { type ReplayedEngine, startReplayedEngine } from '../support/replayed-engine.js';

const root = join(import.meta.dirname, '..', '..', '..');
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');
const ADMIN_SECRET = 'a secret for tests, of forty characters..';

/** Names of series in a query or a rule. */
const seriesOf = (text: string) =>
  [...text.matchAll(/\b(?:zkrisk|nodejs|process)_[a-z0-9_]+/g)].map(([name]) => name);

describe('operations', () => {
  let engine: ReplayedEngine;
  let adminKey: string;

  beforeAll(async () => {
    engine = await startReplayedEngine(40, {
      ...{ API_KEYS: 'required', ADMIN_SECRET, ADMIN_HOLDERS: '1', PROVER: 'on', EPOCH_EVERY_BARS: '0' },
    });
    ({ key: adminKey } = await new ApiKeys(engine.database).create({ label: 'admin', scopes: ['admin'] }));
  }, 60_000);
  afterAll(() => engine.stop());

  async function admin(method: string, url: string, body?: object): Promise<Response> {
    const text = body === undefined ? '' : JSON.stringify(body);
    const call = { method, url, body: Buffer.from(text), nonce: randomUUID() };
    return fetch(`${engine.url}${url}`, {
      method,
      headers: {
        ...signedHeaders(ADMIN_SECRET, call),
        authorization: `Bearer ${adminKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: text }),
    });
  }
  const metrics = async () => (await fetch(`${engine.url}/metrics`)).text();

  it('tell anyone how the exchange is, and nobody anything else', async () => {
    const response = await fetch(`${engine.url}/v1/status`);
    expect(response.status).toBe(200);
    const status = (await response.json()) as Record<string, unknown>;
    expect(status).toMatchObject({
      quotes: true,
      solvency: 'solvent',
      checks: { database: true, forecast: true },
    });
    expect(Object.keys(status).sort()).toEqual([
      ...['checks', 'forecast', 'marketTime', 'markets', 'marketsNotTradable'],
      ...['quotes', 'serviceLevels', 'since', 'solvency', 'status'],
    ]);
    expect(status.serviceLevels).toMatchObject([
      { name: 'quotes answered', objective: 0.999 },
      { name: 'quotes within 250 ms', objective: 0.99 },
      { name: 'ready', objective: 0.999 },
    ]);
  });

  it('list dead letters by REST and put them back, once they can be handled', async () => {
    const now = engine.pricer.engine.board.now;
    const bad = { ...outgoing(TOPICS.trades, 'me', { id: 'bad', sequence: 0, time: now }, {} as never) };
    await engine.log.publish([bad]);
    const list = async () =>
      (
        (await (await admin('GET', '/v1/admin/dead-letters/trades')).json()) as {
          letters: { place: string; reason: string; value: string }[];
        }
      ).letters;
    await expect.poll(async () => (await list()).length).toBe(1);
    const [letter] = await list();
    expect(letter.reason).toContain('payload');
    expect(letter.value).toBe(bad.value);
    // Nothing is mended: it comes back.
    const answer = await admin('POST', '/v1/admin/dead-letters/trades/requeue', {
      places: [letter.place, letter.place],
    });
    expect(await answer.json()).toEqual({ requeued: [letter.place] });
    await expect.poll(async () => (await list()).length).toBe(2);
    for (const [path, body] of [
      ['trades', { places: ['999'] }],
      ['trades', { places: ['x'] }],
      ['trades', { places: [] }],
      ['nothing', { places: ['0'] }],
    ] as const)
      expect((await admin('POST', `/v1/admin/dead-letters/${path}/requeue`, body)).status).toBe(422);
    expect((await list()).length).toBe(2);
    const { key } = await new ApiKeys(engine.database).create({ label: 'trader', scopes: ['trade'] });
    const unsigned = await fetch(`${engine.url}/v1/admin/dead-letters/trades`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(unsigned.status).toBe(403);
  });

  it('count answers by what became of them, which the service levels are made of', async () => {
    const { key } = await new ApiKeys(engine.database).create({ label: 'q', scopes: ['quote'] });
    const quote = (market: string) =>
      fetch(`${engine.url}/v1/quotes`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ legs: [{ market, size: '0.1' }] }),
      });
    const counted = async (outcome: string) => {
      const series = `zkrisk_requests_total{route="/v1/quotes",method="POST",outcome="${outcome}"} `;
      return Number((await metrics()).split(series)[1]?.split('\n')[0] ?? 0);
    };
    const before = [await counted('ok'), await counted('refused')];
    expect((await quote('SIM-A')).status).toBe(201);
    expect((await quote('NONE')).status).toBe(404);
    expect([await counted('ok'), await counted('refused')]).toEqual(before.map((count) => count + 1));
    expect(await metrics()).toMatch(/zkrisk_ready\{check="database"\} 1/);
  });

  it('use no series that no process tells, in rules and on dashboards', async () => {
    const reference = read('docs', 'reference', 'metrics.md');
    const known = new Set([
      ...[...reference.matchAll(/`(zkrisk_\w+)`/g)].map(([, name]) => name),
      ...[...(await metrics()).matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name),
    ]);
    const folder = join(root, 'deploy', 'grafana', 'dashboards');
    const files = readdirSync(folder);
    expect(files.length).toBeGreaterThanOrEqual(8);
    const recorded = new Set(
      [...read('deploy', 'prometheus', 'slo.yml').matchAll(/record: (\S+)/g)].map(([, name]) => name),
    );
    for (const file of files) {
      const { panels } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
        panels: { title: string; targets: { expr: string }[] }[];
      };
      for (const { title, targets } of panels)
        for (const { expr } of targets) {
          const used = seriesOf(expr);
          const rules = [...expr.matchAll(/zkrisk:[\w:]+/g)].map(([name]) => name);
          expect(used.length + rules.length, `${file}: ${title}`).toBeGreaterThan(0);
          expect(
            used.filter((name) => !known.has(name)),
            `${file}: ${title}`,
          ).toEqual([]);
          expect(
            rules.filter((name) => !recorded.has(name)),
            `${file}: ${title}`,
          ).toEqual([]);
        }
    }
    for (const file of ['alerts.yml', 'slo.yml'])
      expect(seriesOf(read('deploy', 'prometheus', file)).filter((name) => !known.has(name))).toEqual([]);
    const runbook = read('docs', 'operate', 'runbook.md');
    for (const [, alert] of read('deploy', 'prometheus', 'slo.yml').matchAll(/alert: (\w+)/g))
      expect(runbook).toContain(`## ${alert}\n`);
  });

  it('have dashboards as scripts/dashboards.mjs makes them', async () => {
    const script = pathToFileURL(join(root, 'scripts', 'dashboards.mjs')).href;
    const { dashboards } = (await import(script)) as { dashboards: () => Record<string, string> };
    for (const [name, text] of Object.entries(dashboards()))
      expect(JSON.parse(read('deploy', 'grafana', 'dashboards', name))).toEqual(JSON.parse(text));
  });
});
