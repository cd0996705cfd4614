import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outgoing, TOPICS } from '#lib/messages';
import { type Engine, Replayer, simulatedMarket, startEngine } from '../../apps/zkrisk/src/index.js';
import { startTestDatabase, type TestDatabase } from '../support/database.js';

/** Laws 2 and 12 of whoever sends commands: an id is one command's, and amounts have bounds wherever they come in. */
describe('commands', () => {
  let engine: Engine;
  let server: TestDatabase;

  beforeAll(async () => {
    server = await startTestDatabase();
    engine = await startEngine({ PORT: '0', DATABASE_URL: server.url, LOG_LEVEL: 'silent' });
    await new Replayer(simulatedMarket(5, 3), engine.log, engine.database, {
      ...{ speed: undefined, liquidity: 1_000_000, warmUpBars: 0 },
      flow: { seed: 3, accounts: 20, tradesPerBar: 0, medianNotional: 10_000, firstBar: 45 },
    }).run(new AbortController().signal);
  });
  afterAll(async () => {
    await engine.stop();
    await server.stop();
  });

  async function call(
    path: string,
    body?: object,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${engine.url}${path}`, {
      ...(body === undefined
        ? {}
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
  const deadLetters = () =>
    engine.database.query<{ topic: string; value: string }[]>(
      `select topic, value from log_record where topic like '%.dead' order by topic, record_offset`,
    );

  it('are booked once under their id, and no other command is answered with their outcome', async () => {
    const paid = { amount: '1000', commandId: 'order-77' };
    const deposited = await call('/v1/accounts/pay/deposits', paid);
    expect(deposited).toMatchObject({ status: 201, body: { kind: 'account-deposited', amount: '1000' } });
    expect(await call('/v1/accounts/pay/deposits', paid)).toEqual(deposited);
    const others: [string, object][] = [
      ['/v1/accounts/pay/withdrawals', { amount: '400', commandId: 'order-77' }],
      ['/v1/accounts/pay/deposits', { amount: '2000', commandId: 'order-77' }],
      ['/v1/accounts/pay/transfers', { amount: '1000', market: 'SIM-A', commandId: 'order-77' }],
    ];
    for (const [path, body] of others)
      expect(await call(path, body)).toMatchObject({ status: 409, body: { code: 'command-id-reused' } });
    expect((await call('/v1/accounts/pay')).body.cash).toBe('1000');
    const provided = { provider: 'lpx', amount: '5000', commandId: 'k2' };
    expect((await call('/v1/liquidity/deposits', provided)).status).toBe(201);
    expect(
      await call('/v1/liquidity/withdrawals', { ...provided, amount: '1000', mode: 'forced' }),
    ).toMatchObject({ status: 409, body: { code: 'command-id-reused' } });
  });

  it('that were refused are refused again, and another content under their id is no retry', async () => {
    const body = { amount: '1', commandId: 'too-much' };
    const refused = await call('/v1/accounts/poor/withdrawals', body);
    expect(refused).toMatchObject({ status: 409, body: { code: 'insufficient-margin' } });
    expect((await call('/v1/accounts/poor/withdrawals', body)).body.code).toBe('insufficient-margin');
    expect(await call('/v1/accounts/poor/deposits', body)).toMatchObject({
      ...{ status: 409, body: { code: 'command-id-reused' } },
    });
  });

  it('under one id in a topic: the first is booked, another content goes to the dead letters', async () => {
    const time = engine.pricer.engine.board.now;
    const message = (amount: string, id: string) =>
      outgoing(
        TOPICS.accounts,
        'topic',
        { id, sequence: 0, time },
        {
          ...{ kind: 'deposit' as const, commandId: 'twice', account: 'topic', amount },
        },
      );
    await engine.log.publish([message('10', 'a'), message('10', 'b'), message('11', 'c')]);
    await engine.log.drained(new AbortController().signal);
    expect((await call('/v1/accounts/topic')).body.cash).toBe('10');
    const reasons = (await deadLetters()).map(({ value }) => value);
    expect(
      reasons.filter((value) => value.includes('the id twice was used for another command')),
    ).toHaveLength(1);
  });

  it('with amounts that no exchange has are refused where they enter, and the account works on', async () => {
    const before = (await deadLetters()).length;
    const huge = '9'.repeat(59);
    for (const amount of [huge, '1000000000000001', `-${huge}`]) {
      expect((await call('/v1/accounts/w/deposits', { amount })).status).toBe(422);
      expect((await call('/v1/accounts/w/withdrawals', { amount })).status).toBe(422);
      expect((await call('/v1/liquidity/deposits', { provider: 'w', amount })).status).toBe(422);
      expect((await call('/v1/quotes', { legs: [{ market: 'SIM-A', size: amount }] })).status).toBe(422);
      expect((await call('/v1/accounts/w/simulate', { deposit: amount })).status).toBe(422);
      expect((await call('/v1/accounts/w/simulate', { marks: { 'SIM-A': amount } })).status).toBe(422);
    }
    expect((await call('/v1/accounts/w/deposits', { amount: '1000000000000000' })).status).toBe(201);
    expect((await call('/v1/accounts/w/deposits', { amount: '0.00000001' })).status).toBe(201);
    expect((await call('/v1/accounts/w/withdrawals', { amount: '1' })).status).toBe(201);
    expect((await deadLetters()).length).toBe(before);
  });

  it('and questions with characters that no name has are refused by field', async () => {
    for (const path of ['/v1/liquidations?account=%00', '/v1/accounts/%00', '/v1/liquidations/%00'])
      expect(await call(path), path).toMatchObject({ status: 422 });
  });
});

describe('the bounds of amounts and prices', () => {
  const wrapped = (kind: 'deposit' | 'withdrawal', amount: string) =>
    TOPICS.accounts.payload.safeParse({ kind, commandId: 'x', account: 'a', amount }).success;
  const tick = (price: string) =>
    TOPICS.prices.payload.safeParse({ kind: 'tick', market: 'A', price }).success;

  it('are the same for every message that carries one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 58 }), fc.integer({ min: 1, max: 9 }), (zeros, digit) => {
        const text = `${digit}${'0'.repeat(zeros)}`;
        const within = zeros < 15 || (zeros === 15 && digit === 1);
        const leg = { market: 'A', size: text };
        const accepted = [
          wrapped('deposit', text),
          wrapped('withdrawal', `-${text}`),
          TOPICS.liquidity.payload.safeParse({ kind: 'deposit', commandId: 'x', provider: 'a', amount: text })
            .success,
          TOPICS.trades.payload.safeParse({ tradeId: 'x', account: 'a', legs: [leg] }).success,
          TOPICS.quoteRequests.payload.safeParse({ account: 'a', legs: [leg], deadline: Date.UTC(2025, 0) })
            .success,
          TOPICS.executions.payload.safeParse({
            ...{ reportId: 'r', planId: 'p', liquidator: 'l', status: 'partial', fills: [leg] },
          }).success,
          tick(text),
        ];
        expect(new Set(accepted)).toEqual(new Set([within]));
      }),
    );
  });

  it('have a smallest price, and none that is zero or below', () => {
    expect(['0.000000000001', '0.0000000000009', '0', '-1'].map(tick)).toEqual([true, false, false, false]);
  });
});
