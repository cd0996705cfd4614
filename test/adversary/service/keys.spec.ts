import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeys, AuditLog, type AuditVerdict, type Scope, signedHeaders, verifyAuditLog } from '#lib/host';
import { outgoing, TOPICS } from '#lib/messages';
import { type Engine, startEngine } from '../../../apps/zkrisk/src/index.js';
import { eventually, startTestDatabase, type TestDatabase } from '../../support/database.js';
import { QUICK_MODEL } from '../../support/topology.js';

const ADMIN_SECRET = 'a secret for tests, of forty characters..';

interface Answer {
  readonly status: number;
  readonly code: unknown;
  readonly body: Record<string, unknown>;
}

/** Everything a thief of one key tries: of a trader's, of an administrator's, of the database. */
describe('whoever has one key', () => {
  let server: TestDatabase;
  let engine: Engine;
  let keys: ApiKeys;
  let treasury: string;
  const admins: Record<string, { key: string; id: string }> = {};

  beforeAll(async () => {
    server = await startTestDatabase();
    engine = await startEngine({
      ...QUICK_MODEL,
      ...{ DATABASE_URL: server.url, PORT: '0', LOG_LEVEL: 'silent', API_KEYS: 'required', ADMIN_SECRET },
    });
    const time = Date.UTC(2026, 0, 1);
    const tick = { kind: 'tick', market: 'SIM-A', price: '100' } as const;
    await engine.log.publish([
      { ...outgoing(TOPICS.prices, 'SIM-A', { id: 't', sequence: 1, time }, tick), appendedAt: time },
    ]);
    keys = new ApiKeys(engine.database);
    treasury = (await keys.create({ label: 'treasury', scopes: ['treasury'] })).key;
    for (const holder of ['olga', 'pavel'])
      admins[holder] = await keys.create({ label: `admin of ${holder}`, holder, scopes: ['admin'] });
    await engine.log.drained(AbortSignal.timeout(20_000));
  }, 60_000);
  afterAll(async () => {
    await engine.stop();
    await server.stop();
  });

  /** Paths go out as they are written: fetch would normalise them. */
  function send(
    method: string,
    path: string,
    headers: Record<string, string>,
    body: string,
  ): Promise<Answer> {
    const { hostname, port } = new URL(engine.url);
    return new Promise((resolve, reject) => {
      const request = httpRequest({ hostname, port, method, path, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const parsed = (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, unknown>;
          resolve({ status: response.statusCode!, code: parsed.code, body: parsed });
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }
  const post = (path: string, key: string, body: object) =>
    send(
      'POST',
      path,
      { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      JSON.stringify(body),
    );
  /** an admin call that its holder signs */
  function admin(holder: string, path: string, asked: object | string): Promise<Answer> {
    const body = typeof asked === 'string' ? asked : JSON.stringify(asked);
    const call = { method: 'POST', url: path, body: Buffer.from(body), nonce: randomUUID() };
    const headers = {
      ...{ authorization: `Bearer ${admins[holder].key}`, 'content-type': 'application/json' },
      ...signedHeaders(ADMIN_SECRET, call),
    };
    return send('POST', path, headers, body);
  }
  const approve = (holder: string, path: string, asked: object) =>
    admin(holder, '/v1/admin/approvals', { method: 'POST', path, body: JSON.stringify(asked) });

  describe('of an administrator', () => {
    const path = '/v1/admin/keys';
    const wanted = (label: string) => ({ label, scopes: ['treasury'] as Scope[] });

    it('makes no key alone, nor with a second key of the same holder', async () => {
      const alone = wanted('alone');
      expect(await admin('olga', path, alone)).toMatchObject({ status: 403, code: 'second-holder-needed' });
      expect((await approve('olga', path, alone)).status).toBe(201);
      expect((await admin('olga', path, alone)).code).toBe('second-holder-needed');
      admins.again = await keys.create({ label: 'another of olga', holder: 'olga', scopes: ['admin'] });
      expect((await approve('again', path, alone)).status).toBe(201);
      expect((await admin('olga', path, alone)).code).toBe('second-holder-needed');
      expect((await keys.list()).map(({ label }) => label)).not.toContain('alone');
    });

    it('makes what another holder has approved: that very call, once', async () => {
      const two = wanted('two');
      expect((await approve('pavel', path, two)).status).toBe(201);
      expect((await admin('olga', path, { ...two, accounts: ['other'] })).code).toBe('second-holder-needed');
      expect((await admin('olga', `${path}?x=1`, two)).code).toBe('second-holder-needed');
      expect((await admin('olga', path, two)).status).toBe(201);
      expect((await admin('olga', path, two)).code).toBe('second-holder-needed');
    });

    it('has no use of an approval whose key was revoked', async () => {
      admins.gone = await keys.create({ label: 'gone', holder: 'gone', scopes: ['admin'] });
      const late = wanted('late');
      expect((await approve('gone', path, late)).status).toBe(201);
      await keys.revoke(admins.gone.id);
      expect((await admin('olga', path, late)).code).toBe('second-holder-needed');
    });

    it('is not another caller for another way to write the path', async () => {
      const sly = wanted('sly');
      for (const written of ['/v1/%61dmin/keys', `${engine.url}/v1/admin/keys`]) {
        expect((await admin('olga', written, sly)).code, written).toBe('second-holder-needed');
        // The signature covers the body, however the path is written.
        const body = JSON.stringify(sly);
        const unsigned = { method: 'POST', url: written, body: Buffer.alloc(0), nonce: randomUUID() };
        const headers = {
          ...{ authorization: `Bearer ${admins.olga.key}`, 'content-type': 'application/json' },
          ...signedHeaders(ADMIN_SECRET, unsigned),
        };
        expect((await send('POST', written, headers, body)).code, written).toBe('signature-invalid');
      }
    });

    it('stops a market at once, and needs the other one to let it go on', async () => {
      const orders = '/v1/admin/markets/SIM-A/orders';
      const order = (kind: string) => ({ order: kind, by: 'olga', reason: 'a drill' });
      for (const kind of ['halt', 'reduce-only'])
        expect((await admin('olga', orders, order(kind))).status).toBe(202);
      for (const kind of ['resume', 'confirm', 'refuse', 'rescale', 'delist', 'bust', 'accept-time'])
        expect((await admin('olga', orders, order(kind))).code, kind).toBe('second-holder-needed');
      // The last of repeated keys is read, and so it is judged.
      const twice = '{"order":"halt","by":"olga","reason":"a drill","order":"resume"}';
      expect((await admin('olga', orders, twice)).code).toBe('second-holder-needed');
      for (const other of ['/v1/admin/parameters', '/v1/admin/dead-letters/trades/requeue'])
        expect((await admin('olga', other, {})).code, other).toBe('second-holder-needed');
      await approve('pavel', orders, order('resume'));
      expect((await admin('olga', orders, order('resume'))).status).toBe(202);
      await engine.log.drained(AbortSignal.timeout(20_000));
    });
  });

  describe('that may withdraw', () => {
    const deposit = (account: string, amount: string) =>
      post(`/v1/accounts/${account}/deposits`, treasury, { amount });
    const cash = (account: string) => engine.pricer.engine.ledger.cashOf(account);

    it('withdraws from the accounts of its list alone', async () => {
      await deposit('desk', '100');
      await deposit('cold', '100');
      const { key } = await keys.create({
        ...{ label: 'lists', scopes: ['trade', 'liquidity'] as Scope[], accounts: ['desk', 'cold'] },
        withdrawals: { from: ['cold'] },
      });
      const from = (account: string) => post(`/v1/accounts/${account}/withdrawals`, key, { amount: '10' });
      expect(await from('desk')).toMatchObject({ status: 403, code: 'withdrawal-limit' });
      expect((await from('cold')).status).toBe(201);
      expect([cash('desk'), cash('cold')]).toEqual([100_00000000n, 90_00000000n]);
      const leaving = { provider: 'desk', amount: '10', mode: 'forced' };
      expect((await post('/v1/liquidity/withdrawals', key, leaving)).code).toBe('withdrawal-limit');
    });

    it('withdraws no more in a day than its limit, whatever it sends at once', async () => {
      await deposit('many', '1000');
      const { key } = await keys.create({
        ...{ label: 'limited', scopes: ['trade'] as Scope[], accounts: ['many'] },
        withdrawals: { perDay: '100' },
      });
      const withdraw = (body: object) => post('/v1/accounts/many/withdrawals', key, body);
      expect((await withdraw({ amount: 'available' })).code).toBe('withdrawal-limit');
      // Refused by the exchange: given back.
      expect((await withdraw({ amount: '-50' })).code).toBe('withdrawal-limit');
      const many = await Promise.all(Array.from({ length: 30 }, () => withdraw({ amount: '30' })));
      expect(many.filter(({ status }) => status === 201)).toHaveLength(3);
      expect(cash('many')).toBe(910_00000000n);
      // One id, another amount beside it: the booked amount is the counted one.
      const twins = await Promise.all(
        ['10', '500', '10', '400'].map((amount) => withdraw({ commandId: 'twin', amount })),
      );
      expect(twins.map(({ status }) => status)).toEqual([201, 403, 201, 403]);
      expect((await withdraw({ amount: '0.00000001' })).code).toBe('withdrawal-limit');
      expect(cash('many')).toBe(900_00000000n);
    });

    it('has back what was counted for a withdrawal that was refused', async () => {
      await deposit('poor', '10');
      const { key } = await keys.create({
        ...{ label: 'refused', scopes: ['trade'] as Scope[], accounts: ['poor'] },
        withdrawals: { perDay: '50' },
      });
      const withdraw = (amount: string) => post('/v1/accounts/poor/withdrawals', key, { amount });
      expect((await withdraw('50')).code).toBe('insufficient-margin');
      await expect.poll(async () => (await withdraw('10')).status).toBe(201);
    });
  });

  describe('of the database', () => {
    let database: DataSource;
    let verdict: AuditVerdict;
    beforeAll(async () => {
      database = await server.connect();
      await eventually(async () => {
        // Calls end after their answers.
        const [{ open }] = await database.query<[{ open: string }]>(
          `select count(*) as open from audit_log b where ends is null
             and not exists (select 1 from audit_log e where e.ends = b.sequence)`,
        );
        return Number(open) === 0;
      }, 'the ends of all calls');
      verdict = await verifyAuditLog(database);
    });

    it('finds every call in the log: entries that came together hold as one chain', async () => {
      expect(verdict).toMatchObject({ holds: true, first: 1 });
      const log = new AuditLog(database);
      const entries = await log.list({ limit: 1000 });
      const refused = entries.filter(({ status }) => status === 403);
      expect(refused.length).toBeGreaterThan(20);
      expect(verdict.head.sequence).toBe(2 * entries.length);
      expect(await verifyAuditLog(database, [verdict.head])).toMatchObject({ holds: true });
    });

    const altered: [what: string, statement: string, reason: RegExp][] = [
      ['a text', `update audit_log set entry = replace(entry, 'many', 'mine')`, /was altered/],
      ['a hash', `update audit_log set hash = sha256(hash) where sequence = 7`, /was altered/],
      ['an entry that is taken out', 'delete from audit_log where sequence = 9', /is missing/],
      ['the end', 'delete from audit_log where sequence > 30', /went on to/],
      [
        'an entry that is put in',
        `insert into audit_log select sequence + 1000000, at, entry, hash from audit_log where sequence = 8`,
        /is missing/,
      ],
      ['an outcome', 'update audit_log set ends = ends + 2 where ends = 3', /kept as the end of/],
      [
        'the end, and the head with it',
        `with gone as (delete from audit_log where sequence > 20)
         update audit_head set sequence = 20, hash = (select hash from audit_log where sequence = 20)`,
        /was published/,
      ],
    ];
    it.each(altered)('alters %s, and the check says where', async (_what, statement, reason) => {
      const runner = database.createQueryRunner();
      await runner.startTransaction();
      try {
        await runner.query(statement);
        const seen = { query: runner.query.bind(runner) } as unknown as DataSource;
        const found = await verifyAuditLog(seen, [verdict.head]);
        expect(found.holds).toBe(false);
        expect(found.broken?.reason).toMatch(reason);
      } finally {
        await runner.rollbackTransaction();
        await runner.release();
      }
    });

    it('can drop old months: the check begins after them and says so', async () => {
      const runner = database.createQueryRunner();
      await runner.startTransaction();
      await runner.query('delete from audit_log where sequence < 5');
      const seen = { query: runner.query.bind(runner) } as unknown as DataSource;
      expect(await verifyAuditLog(seen, [verdict.head])).toMatchObject({ holds: true, first: 5 });
      await runner.rollbackTransaction();
      await runner.release();
    });
  });
});
