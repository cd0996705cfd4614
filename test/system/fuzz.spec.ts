import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOPICS, type Topic } from '#lib/messages';
import { ApiKeys, type Scope, SCOPES } from '#lib/host';
import { messageSchema } from '../../apps/zkrisk/src/reference/asyncapi.js';
import { type Engine, Replayer, simulatedMarket, startEngine } from '../../apps/zkrisk/src/index.js';
import { startTestDatabase, type TestDatabase } from '../support/database.js';
import { broken, fitting, type JsonSchema } from '../support/json-schema.js';
import { fuzz as fuzzApi, noSchemathesis } from '../support/schemathesis.js';
import { QUICK_MODEL } from '../support/topology.js';

/** Tries of each operation by a key of all scopes, and by each of the others. */
const [MANY, FEW] = ['30', '8'];

const missing = noSchemathesis();
if (missing !== undefined) console.warn(`the API is not fuzzed: ${missing}`);

describe('whatever is sent', () => {
  let server: TestDatabase;
  let engine: Engine;
  let key: string;

  beforeAll(async () => {
    server = await startTestDatabase();
    engine = await startEngine({
      ...QUICK_MODEL,
      ...{ DATABASE_URL: server.url, PORT: '0', LOG_LEVEL: 'silent', ZKRISK_DATA_DIR: server.directory },
      ...{ API_KEYS: 'required', RATE_LIMIT_PER_SECOND: '1000000', ADMIN_SECRET: 'x'.repeat(40) },
      ...{ QUOTE_SECRET: 'y'.repeat(40), PROVER: 'on', EPOCH_EVERY_BARS: '0' },
    });
    const replayer = new Replayer(simulatedMarket(5, 45), engine.log, engine.database, {
      ...{ speed: undefined, liquidity: 1_000_000, warmUpBars: 0 },
      flow: { seed: 3, accounts: 20, tradesPerBar: 1, medianNotional: 10_000, firstBar: 35 },
    });
    await replayer.run(new AbortController().signal);
    ({ key } = await keyOf(SCOPES));
    // Paths name an account that there is, and that the bound keys are bound to.
    writeFileSync(
      join(server.directory, 'schemathesis.toml'),
      '[parameters]\n"path.account" = "fuzz"\n"path.provider" = "fuzz"\n',
    );
    await fetch(`${engine.url}/v1/accounts/fuzz/deposits`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ amount: '1000000' }),
    });
  }, 60_000);
  afterAll(async () => {
    await engine.stop();
    await server.stop();
  });

  const keyOf = (scopes: readonly Scope[], accounts?: string[]) =>
    new ApiKeys(engine.database).create({ label: `fuzz ${scopes.join()}`, scopes, accounts });

  const state = async () => {
    await engine.log.drained(new AbortController().signal);
    const { events, plans, keys } = (
      await engine.database.query<Record<string, string>[]>(
        `select (select count(*) from book_event) as events, (select count(*) from liquidation_event) as plans,
           (select count(*) from api_key) as keys`,
      )
    )[0];
    return { events, plans, keys, book: engine.pricer.engine.ledger.snapshot() };
  };

  async function lastEvent(): Promise<string> {
    const [{ last }] = await engine.database.query<[{ last: string }]>(
      'select coalesce(max(sequence), 0) as last from book_event',
    );
    return last;
  }

  const fuzz = (examples: string, ...args: string[]) =>
    fuzzApi(engine.url, server.directory, ['--max-examples', examples, ...args]);
  /**
   * Without the phases that try every bound of every field and follow links: they vary values, and what a scope may do does not depend
   * on them. A key of all scopes goes through every phase.
   */
  const fuzzScope = (...args: string[]) => fuzz(FEW, '--phases', 'examples,fuzzing', ...args);

  it.skipIf(missing !== undefined)(
    'without a key changes nothing, and finds no fault',
    async () => {
      const before = await state();
      const { code, output } = await fuzzScope('--seed', '1');
      expect([code, code === 0 ? '' : output.slice(-4000)]).toEqual([0, '']);
      expect(await state()).toEqual(before);
    },
    200_000,
  );

  it.skipIf(missing !== undefined)(
    'with a key finds no answer that is not in the document, and none of 5xx that is a fault',
    async () => {
      const { code, output } = await fuzz(MANY, '--seed', '2', '-H', `Authorization: Bearer ${key}`);
      expect([code, code === 0 ? '' : output.slice(-4000)]).toEqual([0, '']);
      expect((await state()).book).toBeDefined();
      expect(engine.pricer.engine.ledger.imbalance()).toBe(0n);
    },
    200_000,
  );

  /** Events that a key may cause, and whose. Time brings the others. */
  const OF_TIME = ['funding-accrued', 'vested', 'credit-charged', 'window-begun'];
  const REFUSALS = ['account-rejected', 'trade-rejected', 'liquidity-rejected', 'match-rejected'];
  const bounds: [scope: Scope, accounts: string[] | undefined, kinds: string[]][] = [
    ['quote', undefined, []],
    [
      'trade',
      ['fuzz'],
      [
        ...['account-withdrawn', 'collateral-moved', 'trade-booked', 'match-booked', 'bankruptcy-settled'],
        ...['margin-reserved', 'margin-released', 'note-paid', 'command-id-reused'],
        'takeovers-accepted',
      ],
    ],
    [
      'treasury',
      undefined,
      ['account-deposited', 'liquidity-deposited', 'liquidity-asked', 'command-id-reused'],
    ],
  ];
  it.skipIf(missing !== undefined).each(bounds)(
    'with a key of the scope "%s" finds no fault, and does nothing that is not the key’s to do',
    async (scope, accounts, kinds) => {
      const { key: bound } = await keyOf([scope], accounts);
      const before = await lastEvent();
      const tables = await state();
      const { code, output } = await fuzzScope('--seed', '4', '-H', `Authorization: Bearer ${bound}`);
      expect([code, code === 0 ? '' : output.slice(-4000)]).toEqual([0, '']);
      expect({ ...(await state()), book: undefined, events: undefined }).toEqual({
        ...tables,
        ...{ book: undefined, events: undefined },
      });
      type Caused = Readonly<
        Record<'kind' | 'account' | 'provider' | 'owner' | 'from' | 'by', string | undefined>
      > & {
        readonly accounts?: readonly { readonly account: string }[];
      };
      const caused = await engine.database.query<{ payload: Caused }[]>(
        'select payload from book_event where sequence > $1',
        [before],
      );
      for (const { payload } of caused) {
        if (OF_TIME.includes(payload.kind!)) continue;
        expect([...kinds, ...REFUSALS]).toContain(payload.kind);
        if (accounts === undefined) continue;
        const { account, provider, owner, from, by } = payload;
        const named = [
          account ?? provider ?? owner ?? from ?? by,
          ...(payload.accounts ?? []).map((one) => one.account),
        ];
        expect([payload.kind, ...new Set(named.map((name) => name?.split('~')[0]))]).toEqual([
          payload.kind,
          ...accounts,
        ]);
      }
      expect(engine.pricer.engine.ledger.imbalance()).toBe(0n);
    },
    280_000,
  );

  describe.each(Object.values(TOPICS) as unknown as Topic<never>[])('to the topic $name', (topic) => {
    const schema = messageSchema(topic) as JsonSchema;
    const record = (value: unknown) => ({ topic: topic.name, key: 'fuzz', value: JSON.stringify(value) });

    it('that does not fit changes nothing and stops nobody', async () => {
      const messages = fc
        .sample(fitting(schema).chain(broken), { numRuns: 150, seed: 7 })
        .filter((value) => !topic.message.safeParse(value).success);
      expect(messages.length).toBeGreaterThan(50);
      const before = await state();
      await engine.log.publish(messages.map(record));
      expect(await state()).toEqual(before);
    });
  });

  it('and fits, may be refused, but stops nobody and takes nothing from the books', async () => {
    const inputs = [
      TOPICS.trades,
      TOPICS.accounts,
      TOPICS.liquidity,
      TOPICS.valuations,
      TOPICS.executions,
      TOPICS.quoteRequests,
    ];
    for (const topic of inputs as unknown as Topic<never>[]) {
      const messages = fc
        .sample(fitting(messageSchema(topic) as JsonSchema), { numRuns: 200, seed: 3 })
        .filter((value) => topic.message.safeParse(value).success);
      expect(messages.length).toBeGreaterThan(50);
      await engine.log.publish(
        messages.map((value) => ({ topic: topic.name, key: 'fuzz', value: JSON.stringify(value) })),
      );
    }
    await state();
    expect(engine.pricer.engine.ledger.imbalance()).toBe(0n);
    expect((await fetch(`${engine.url}/healthz`)).status).toBe(200);
  });
});
