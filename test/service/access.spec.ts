// Long because it is one list: what each scope of key may do, on one engine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiKeys, type Scope, signedHeaders } from '#lib/host';
import { ApiError, ZkriskClient } from '#lib/sdk';
import { type KeyedEngine, startKeyedEngine } from '../support/keyed-engine.js';

const ADMIN_SECRET = 'a secret for tests, of forty characters..';
const QUOTE_SECRET = 'another secret for tests, to seal quotes';
const LEGS = [{ market: 'SIM-A', size: '0.1' }];

/** Routes without a key: none is secret, none changes state. */
const PUBLIC = ['/healthz', '/metrics', '/readyz', '/v1/status'];

interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

describe('who may call what', () => {
  let engine: KeyedEngine;
  let keys: ApiKeys;
  const made: Partial<Record<string, string>> = {};

  beforeAll(async () => {
    engine = await startKeyedEngine({ ADMIN_SECRET, QUOTE_SECRET, ADMIN_HOLDERS: '1' });
    ({ keys } = engine);
  }, 60_000);
  afterAll(async () => {
    await engine.stop();
  });

  async function key(...scopes: Scope[]): Promise<string> {
    const name = scopes.join();
    return (made[name] ??= (await keys.create({ label: name, scopes })).key);
  }
  async function call(
    method: string,
    path: string,
    options: { key?: string | undefined; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const { key: given, body, headers = {} } = options;
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${engine.url}${path}`, {
      method,
      headers: {
        ...(given === undefined ? {} : { authorization: `Bearer ${given}` }),
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(text === undefined ? {} : { body: text }),
    });
    const raw = await response.text();
    const parsed = raw.startsWith('{') ? (JSON.parse(raw) as Record<string, unknown>) : {};
    return {
      status: response.status,
      code: parsed.code as string | undefined,
      body: parsed,
      headers: response.headers,
    };
  }

  it('without a key nothing but what is public', async () => {
    const { body } = await call('GET', '/docs-json');
    const paths = body.paths as Record<string, Record<string, object>>;
    const open: string[] = [];
    for (const [path, methods] of Object.entries(paths)) {
      for (const method of Object.keys(methods)) {
        const answer = await call(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'x'), {
          ...(method === 'post' ? { body: {} } : {}),
        });
        if (answer.status !== 401) open.push(path);
        else expect(answer.code).toBe('unauthenticated');
      }
    }
    expect(open.sort()).toEqual(PUBLIC);
    expect(Object.keys(paths).length).toBeGreaterThan(15);
  });

  it('with a key what its scopes allow', async () => {
    const quote = await key('quote');
    expect((await call('GET', '/v1/markets', { key: quote })).status).toBe(200);
    expect((await call('GET', '/v1/markets', { headers: { 'x-api-key': quote } })).status).toBe(200);
    expect(
      await call('POST', '/v1/accounts/a/deposits', { key: quote, body: { amount: '1' } }),
    ).toMatchObject({
      status: 403,
      code: 'forbidden',
      body: { scope: 'treasury' },
    });
    const trade = await key('trade');
    expect((await call('GET', '/v1/markets', { key: trade })).status).toBe(403);
    const deposit = { provider: 'p', amount: '5' };
    expect((await call('POST', '/v1/liquidity/deposits', { key: trade, body: deposit })).status).toBe(403);
    const liquidity = await key('liquidity');
    expect((await call('POST', '/v1/liquidity/deposits', { key: liquidity, body: deposit })).status).toBe(
      403,
    );
    expect(
      (await call('POST', '/v1/liquidity/deposits', { key: await key('treasury'), body: deposit })).status,
    ).toBe(201);
    for (const wrong of [
      'zk_0123456789abcdef_short',
      `${quote.slice(0, -1)}${quote.endsWith('A') ? 'B' : 'A'}`,
      'x',
    ])
      expect(await call('GET', '/v1/markets', { key: wrong })).toMatchObject({
        status: 401,
        code: 'unauthenticated',
      });
    const stream = await fetch(`${engine.url}/v1/liquidations/stream`);
    expect(stream.status).toBe(401);
  });

  it('with a revoked key nothing', async () => {
    const { key: short, id } = await keys.create({ label: 'short', scopes: ['quote'] });
    expect((await call('GET', '/v1/markets', { key: short })).status).toBe(200);
    await keys.revoke(id);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect((await call('GET', '/v1/markets', { key: short })).status).toBe(401);
  });

  it('for the accounts a key is bound to, and no others', async () => {
    const { key: bound } = await keys.create({
      label: 'bound',
      scopes: ['quote', 'trade', 'treasury'],
      accounts: ['mine'],
    });
    expect(
      (await call('POST', '/v1/accounts/mine/deposits', { key: bound, body: { amount: '10' } })).status,
    ).toBe(201);
    expect(
      await call('POST', '/v1/accounts/yours/withdrawals', { key: bound, body: { amount: '10' } }),
    ).toMatchObject({
      status: 403,
      body: { field: 'account' },
    });
    expect(
      (await call('POST', '/v1/quotes', { key: bound, body: { account: 'yours', legs: LEGS } })).status,
    ).toBe(403);
  });

  it('an id that was used for another command tells nothing of it', async () => {
    const treasury = await key('treasury');
    const deposit = { commandId: 'mine-1', amount: '5' };
    const own = '/v1/accounts/mine/deposits';
    await call('POST', own, { key: treasury, body: deposit });
    expect((await call('POST', own, { key: treasury, body: deposit })).status).toBe(201);
    for (const [path, body] of [
      [own, { ...deposit, amount: '6' }],
      ['/v1/accounts/mine/withdrawals', deposit],
    ] as const) {
      const answer = await call('POST', path, { key: await key('trade', 'treasury'), body });
      expect(answer).toMatchObject({ status: 409, code: 'command-id-reused' });
      expect(answer.body).not.toHaveProperty('amount');
    }
    expect((await call('POST', '/v1/quotes/mine-1/accept', { key: await key('trade') })).status).toBe(404);
    // Somebody else's id is theirs: it is a command of its own.
    const others = await call('POST', '/v1/accounts/yours/deposits', { key: treasury, body: deposit });
    expect(others).toMatchObject({ status: 201, body: { account: 'yours' } });
  });

  it('a quote is accepted by the key that has asked for it, and by no other', async () => {
    const both = await key('quote', 'trade');
    const { key: other } = await keys.create({ label: 'other', scopes: ['quote', 'trade'] });
    await call('POST', '/v1/accounts/trader/deposits', {
      key: await key('treasury'),
      body: { amount: '100000' },
    });
    const client = new ZkriskClient({ url: engine.url, apiKey: both });
    const { id, token } = await client.quote('trader', LEGS);
    const thief = new ZkriskClient({ url: engine.url, apiKey: other });
    const refusal = await thief.acceptQuote(id).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ApiError);
    expect(refusal).toMatchObject({ code: 'quote-of-another-key', status: 403 });
    expect(await thief.acceptQuote(id, 'cross', token).catch((error: unknown) => error)).toMatchObject({
      status: 403,
    });
    expect((await client.acceptQuote(id)).tradeId).toBe(id);
  });

  it('admin calls are signed, fresh, and made once', async () => {
    const admin = await key('admin');
    const path = '/v1/admin/keys';
    const body = JSON.stringify({ label: 'made by a call', scopes: ['quote'] });
    const signed = (
      options: { secret?: string; body?: string; method?: string; url?: string; now?: number } = {},
    ) =>
      signedHeaders(
        options.secret ?? ADMIN_SECRET,
        {
          method: options.method ?? 'POST',
          url: options.url ?? path,
          body: Buffer.from(options.body ?? body),
          nonce: randomUUID(),
        },
        options.now,
      );
    const send = (headers: Record<string, string>, given = admin) =>
      call('POST', path, { key: given, body, headers });
    expect((await send({})).code).toBe('signature-invalid');
    expect((await send(signed({ secret: `${ADMIN_SECRET}!` }))).code).toBe('signature-invalid');
    expect((await send(signed({ body: body.replace('quote', 'admin') }))).code).toBe('signature-invalid');
    expect((await send(signed({ method: 'DELETE' }))).code).toBe('signature-invalid');
    expect((await send(signed({ url: '/v1/admin/audit' }))).code).toBe('signature-invalid');
    expect((await send(signed({ now: Date.now() - 31_000 }))).code).toBe('signature-invalid');
    expect((await send(signed(), await key('trade'))).code).toBe('forbidden');
    const headers = signed();
    const answer = await send(headers);
    expect(answer.status).toBe(201);
    expect((await call('GET', '/v1/markets', { key: answer.body.key as string })).status).toBe(200);
    expect((await send(headers)).code).toBe('replayed');
    const listed = await call('GET', path, {
      key: admin,
      headers: signedHeaders(ADMIN_SECRET, {
        method: 'GET',
        url: path,
        body: Buffer.alloc(0),
        nonce: randomUUID(),
      }),
    });
    expect(JSON.stringify(listed.body)).toContain('made by a call');
    expect(JSON.stringify(listed.body)).not.toContain((answer.body.key as string).slice(20));
  });

  it('what may change anything is in the audit log, with who did it and what came of it', async () => {
    const trade = await key('treasury');
    await call('POST', '/v1/accounts/audited/deposits', { key: trade, body: { amount: '7' } });
    await call('POST', '/v1/accounts/audited/deposits', { key: trade, body: { amount: 'seven' } });
    const url = '/v1/admin/audit?limit=2';
    const headers = signedHeaders(ADMIN_SECRET, {
      method: 'GET',
      url,
      body: Buffer.alloc(0),
      nonce: randomUUID(),
    });
    await expect
      .poll(async () => {
        const again = {
          ...headers,
          ...signedHeaders(ADMIN_SECRET, { method: 'GET', url, body: Buffer.alloc(0), nonce: randomUUID() }),
        };
        const { body } = await call('GET', url, { key: await key('admin'), headers: again });
        return (body.entries as { path: string; status: number; keyId: string }[]).map(
          ({ path, status, keyId }) => [path, status, keyId],
        );
      })
      .toEqual([
        ['/v1/accounts/audited/deposits', 422, trade.split('_')[1]],
        ['/v1/accounts/audited/deposits', 201, trade.split('_')[1]],
      ]);
  });

  it('as often as a key’s rate allows', async () => {
    const { key: slow } = await keys.create({ label: 'slow', scopes: ['quote'], ratePerSecond: 5 });
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => call('GET', '/v1/markets', { key: slow })),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(5);
    expect(answers.find(({ status }) => status === 429)).toMatchObject({ code: 'rate-limited' });
    const quotes = await Promise.all(
      Array.from({ length: 12 }, () => call('POST', '/v1/quotes', { key: slow, body: { legs: LEGS } })),
    );
    expect(quotes.some(({ status }) => status === 429)).toBe(true);
  });

  it('a batch counts as the quotes that it asks for', async () => {
    const { key: slow } = await keys.create({ label: 'slow batches', scopes: ['quote'], ratePerSecond: 20 });
    const batch = (size: number) =>
      call('POST', '/v1/quotes/batch', {
        key: slow,
        body: { requests: Array.from({ length: size }, () => ({ account: 'a', legs: LEGS })) },
      });
    expect(await batch(21)).toMatchObject({ status: 429, code: 'rate-limited', body: { calls: 21 } });
    await new Promise((resolve) => setTimeout(resolve, 1050));
    expect((await batch(20)).status).toBe(200);
    const answers = await Promise.all([batch(20), batch(20)]);
    expect(answers.map(({ status }) => status)).toContain(429);
  });

  it('nothing nested so deep that writing it again would end the stack', async () => {
    const trade = await key('trade');
    const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    expect(await call('POST', '/v1/accounts/deep/claims', { key: trade, body: deep })).toMatchObject({
      status: 422,
      code: 'invalid-input',
    });
  });

  it('legs of one market are quoted and booked as one, of their sum', async () => {
    const trader = (await keys.create({ label: 'legs', scopes: ['quote', 'trade', 'treasury'] })).key;
    await call('POST', '/v1/accounts/legs/deposits', { key: trader, body: { amount: '100000' } });
    const asked = [
      { market: 'SIM-A', size: '0.3' },
      { market: 'SIM-B', size: '1' },
      { market: 'SIM-A', size: '-0.1' },
    ];
    const quote = (legs: unknown) =>
      call('POST', '/v1/quotes', { key: trader, body: { account: 'legs', legs } });
    const { status, body } = await quote(asked);
    expect(status).toBe(201);
    expect(body.legs).toMatchObject([
      { market: 'SIM-A', size: '0.2' },
      { market: 'SIM-B', size: '1' },
    ]);
    const booked = await call('POST', `/v1/quotes/${String(body.id)}/accept`, { key: trader, body: {} });
    expect(booked).toMatchObject({
      status: 200,
      body: {
        legs: [
          { market: 'SIM-A', size: '0.2' },
          { market: 'SIM-B', size: '1' },
        ],
      },
    });
    const nothing = [asked[0], { market: 'SIM-A', size: '-0.3' }];
    expect(await quote(nothing)).toMatchObject({ status: 422, code: 'invalid-input' });
    // Sixty-four of one market are one: law 1's first attack, by REST.
    const many = Array.from({ length: 64 }, (_, i) => ({ market: 'SIM-A', size: i % 2 ? '-1' : '1.01' }));
    expect((await quote(many)).body.legs).toMatchObject([{ market: 'SIM-A', size: '0.32' }]);
  });

  it('nothing too large, malformed or unknown', async () => {
    const quote = await key('quote');
    const post = (body: unknown, headers = {}) => call('POST', '/v1/quotes', { key: quote, body, headers });
    expect(await post({ legs: LEGS, account: 'x'.repeat(300_000) })).toMatchObject({
      status: 413,
      code: 'body-too-large',
    });
    expect(await post('{"legs":')).toMatchObject({ status: 400, code: 'malformed-request' });
    expect(await post({ legs: LEGS, surprise: 1 })).toMatchObject({ status: 422, code: 'invalid-input' });
    expect(await post('{"__proto__":{"a":1},"legs":[]}')).toMatchObject({ status: 400 });
    expect((await post('legs', { 'content-type': 'text/xml' })).status).toBe(415);
    expect((await call('GET', '/v1/nothing', { key: quote })).status).toBe(404);
  });

  it('with headers that tell browsers to be careful, and errors that tell nothing of the inside', async () => {
    const answer = await call('GET', '/v1/markets', { key: await key('quote') });
    for (const header of [
      'content-security-policy',
      'x-content-type-options',
      'x-frame-options',
      'strict-transport-security',
    ])
      expect(answer.headers.get(header)).not.toBeNull();
    expect(answer.headers.get('x-powered-by')).toBeNull();
    await engine.database.query('alter table liquidation rename to liquidation_away');
    const failed = await call('GET', '/v1/liquidations', { key: await key('liquidator') });
    await engine.database.query('alter table liquidation_away rename to liquidation');
    expect(failed).toMatchObject({ status: 500, code: 'internal-error' });
    expect(JSON.stringify(failed.body)).not.toMatch(/liquidation"|at |select|\.js/);
  });

  it('and no log line or error has a secret in it', async () => {
    const secret = 'hunter2-hunter2-hunter2-hunter2-hunter2';
    const url = new URL(engine.databaseUrl);
    url.password = secret;
    url.port = '1';
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, '..', '..', 'apps', 'pricer', 'src', 'main.js')],
      {
        env: {
          ...process.env,
          ...{
            DATABASE_URL: url.href,
            ADMIN_SECRET: secret,
            QUOTE_SECRET: secret,
            LOG_LEVEL: 'trace',
            PORT: '0',
          },
          ...{ KAFKA_SASL_PASSWORD: secret, KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_MECHANISM: 'plain' },
        },
      },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(1);
    expect(output).toContain('pricer cannot start');
    expect(output).not.toContain('hunter2');
  }, 30_000);
});
