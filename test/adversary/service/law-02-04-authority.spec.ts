import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { valuationSeal } from '#lib/exchange';
import { ApiKeys, type Scope } from '#lib/host';
import { outgoing, TOPICS } from '#lib/messages';
import { type Engine, Replayer, simulatedMarket, startEngine } from '../../../apps/zkrisk/src/index.js';
import { startTestDatabase, type TestDatabase } from '../../support/database.js';
import { QUICK_MODEL } from '../../support/topology.js';

const LEGS = [{ market: 'SIM-A', size: '0.1' }];
const VALUATION_SECRET = 'a secret for tests, to seal valuations';

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Laws 2 and 4 over REST and topics: ids are their owners', authority is by scope and owner. */
describe('whoever has a key or a topic', () => {
  let server: TestDatabase;
  let engine: Engine;
  let keys: ApiKeys;

  beforeAll(async () => {
    server = await startTestDatabase();
    engine = await startEngine({
      ...QUICK_MODEL,
      ...{ DATABASE_URL: server.url, PORT: '0', LOG_LEVEL: 'silent', API_KEYS: 'required', VALUATION_SECRET },
    });
    await new Replayer(simulatedMarket(5, 45), engine.log, engine.database, {
      ...{ speed: undefined, liquidity: 1_000_000, warmUpBars: 0 },
      flow: { seed: 3, accounts: 20, tradesPerBar: 0, medianNotional: 10_000, firstBar: 44 },
    }).run(new AbortController().signal);
    keys = new ApiKeys(engine.database);
  }, 60_000);
  afterAll(async () => {
    await engine.stop();
    await server.stop();
  });

  const key = async (scopes: Scope[], accounts?: string[]) =>
    (await keys.create({ label: 'test', scopes, accounts })).key;
  async function post(path: string, apiKey: string, body: object): Promise<Answer> {
    const response = await fetch(`${engine.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
  const ledger = () => engine.pricer.engine.ledger;
  const send = (topic: Parameters<typeof outgoing>[0], owner: string, id: string, payload: unknown) =>
    engine.log.publish([
      outgoing(topic, owner, { id, sequence: 0, time: engine.pricer.engine.board.now }, payload),
    ]);

  it('mints nothing with a key that trades', async () => {
    const trader = await key(['quote', 'trade', 'liquidity', 'liquidator']);
    for (const path of ['/v1/accounts/thief/deposits', '/v1/liquidity/deposits'])
      expect(await post(path, trader, { provider: 'thief', amount: '1000000000000' })).toMatchObject({
        status: 403,
        body: { scope: 'treasury' },
      });
    expect(ledger().hasAccount('thief')).toBe(false);
    expect(ledger().sharesOf('thief')).toBe(0n);
  });

  it('acts for no account but the key’s own, the default one included', async () => {
    const bound = await key(['quote', 'trade'], ['mine']);
    for (const body of [
      { legs: LEGS },
      { account: 'anonymous', legs: LEGS },
      { account: 'yours', legs: LEGS },
    ])
      expect(await post('/v1/quotes', bound, body)).toMatchObject({
        status: 403,
        body: { field: 'account' },
      });
    expect((await post('/v1/quotes', bound, { account: 'mine', legs: LEGS })).status).toBe(201);
  });

  it('withdraws nothing under a deposit’s id, and is told so', async () => {
    const treasury = await key(['treasury', 'trade']);
    await post('/v1/accounts/a/deposits', treasury, { commandId: 'id-1', amount: '50' });
    const answer = await post('/v1/accounts/a/withdrawals', treasury, { commandId: 'id-1', amount: '50' });
    expect(answer).toMatchObject({ status: 409, body: { code: 'command-id-reused' } });
    expect(ledger().cashOf('a')).toBe(50_00000000n);
    expect(
      (await post('/v1/accounts/a/withdrawals', treasury, { commandId: 'id-2', amount: '50' })).status,
    ).toBe(201);
  });

  it('uses up no id of another’s match: a bound key’s are its account’s', async () => {
    const bound = await key(['trade'], ['mine']);
    const venue = await key(['trade']);
    const match = (account: string) => ({
      matchId: 'm-17',
      pool: [{ account, market: 'SIM-A', size: '1000000' }],
    });
    const squatted = await post('/v1/matches', bound, match('mine'));
    expect(squatted.status).toBeGreaterThanOrEqual(400);
    // Refused for its content, as the other was, not for its id.
    const answer = await post('/v1/matches', venue, match('yours'));
    expect(answer.body.code).not.toBe('command-id-reused');
    expect(answer.body.code).toBe(squatted.body.code);
    expect(await post('/v1/matches', venue, match('theirs'))).toMatchObject({
      body: { code: 'command-id-reused' },
    });
    expect(await post('/v1/matches', bound, { ...match('mine'), by: 'yours' })).toMatchObject({
      status: 403,
    });
    expect(await post('/v1/matches', bound, { ...match('mine'), by: 'venue' })).toMatchObject({
      status: 403,
    });
  });

  it('passes no positions to an account that has not accepted them by its own key', async () => {
    const bound = await key(['trade'], ['mine']);
    const bot = await key(['liquidator', 'quote']);
    const treasury = await key(['treasury']);
    await post('/v1/accounts/mine/deposits', treasury, { amount: '1000' });
    const terms = { notional: '500', discount: 0.001 };
    for (const other of [bot, treasury])
      expect((await post('/v1/accounts/mine/takeovers', other, terms)).status).toBe(403);
    expect((await post('/v1/accounts/yours/takeovers', bound, terms)).status).toBe(403);
    expect(ledger().takeoversOf('mine').notional).toBe(0n);
    expect((await post('/v1/accounts/mine/takeovers', bound, terms)).status).toBe(201);
    expect(ledger().takeoversOf('mine')).toEqual({ notional: 500_00000000n, discount: 0.001 });
    const wild = { ...terms, discount: 0.5 };
    expect((await post('/v1/accounts/mine/takeovers', bound, wild)).status).toBe(422);
  });

  it('takes no plan’s id, with a deposit or a trade: the engine’s ids are in a topic of their own', async () => {
    const treasury = await key(['treasury']);
    await post('/v1/accounts/b/deposits', treasury, { commandId: 'lq-0-1', amount: '0.00000001' });
    await send(TOPICS.trades, 'b', 'lq-0-1', { tradeId: 'lq-0-1', account: 'b', legs: LEGS });
    await send(TOPICS.liquidationTrades, 'b', 'lq-0-1', {
      planId: 'lq-0-1',
      account: 'b',
      legs: LEGS,
      liquidator: 'bot',
      parameters: 1,
    });
    // The plan's trade was decided, not taken for the deposit that has its name: there is nothing to reduce.
    await expect
      .poll(async () => {
        const rows = await engine.database.query<{ event: object }[]>(
          `select payload as event from command_outcome join book_event using (sequence)
           where payload->>'planId' = 'lq-0-1'`,
        );
        return rows[0]?.event;
      })
      .toMatchObject({ kind: 'trade-rejected', code: 'nothing-to-reduce', planId: 'lq-0-1' });
  });

  it('makes no liquidity out of a valuation that the vault service has not sealed', async () => {
    const before = ledger().liquidity;
    const time = engine.pricer.engine.board.now;
    const valuation = {
      ...{ provider: 'forged', units: '1000000000000000', settled: '0', unitValue: '1', haircut: 0 },
      ...{ vault: `0x${'11'.repeat(20)}`, block: 1 },
    };
    const other = valuationSeal(VALUATION_SECRET, { ...valuation, units: '1' }, time);
    for (const [i, seal] of ['', 'x', other].entries())
      await send(TOPICS.valuations, 'forged', `forged-${i}`, { ...valuation, seal });
    const honest = { ...valuation, provider: 'honest', units: '5' };
    await send(TOPICS.valuations, 'honest', 'honest-1', {
      ...honest,
      seal: valuationSeal(VALUATION_SECRET, honest, time),
    });
    await expect.poll(() => ledger().backingOf('honest')?.amount).toBe(5_00000000n);
    expect(ledger().backingOf('forged')).toBeUndefined();
    expect(ledger().liquidity).toBe(before + 5_00000000n);
  });
});
