import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scope } from '#lib/host';
import { outgoing, TOPICS } from '#lib/messages';
import { type KeyedEngine, startKeyedEngine } from '../../support/keyed-engine.js';
import { narrowMargins } from '../../support/narrow-margins.js';

/** Accounts of one holder, long and short in turn. */
const GANG = Array.from({ length: 8 }, (_, i) => `gang-${i}`);
const BOT = 'gang-bot';
const DEPOSIT = 3000;

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Levered accounts of one holder, and the holder's bot, against the running engine, over REST, in a moving market. */
describe('a gang with a bot of its own', () => {
  let engine: KeyedEngine;
  let traders: string;
  let bot: string;
  let market: string;
  let time = 0;
  let ticks = 0;
  const answers: number[] = [];

  beforeAll(async () => {
    engine = await startKeyedEngine({
      ...narrowMargins(),
      ...{ RATE_LIMIT_PER_SECOND: '100000', HOUSE_LIQUIDATOR: 'backstop' },
    });
    const key = async (scopes: Scope[], accounts?: string[]) =>
      (await engine.keys.create({ label: 'gang', scopes, accounts })).key;
    traders = await key(['quote', 'trade'], [...GANG, BOT]);
    bot = await key(['liquidator'], [BOT]);
    const treasury = await key(['treasury']);
    for (const account of [...GANG, BOT])
      await call(treasury, `accounts/${account}/deposits`, { amount: String(DEPOSIT) });
    await call(traders, `accounts/${BOT}/takeovers`, { notional: '1000000', discount: -0.02 });
    [market] = pricing().board.markets;
    time = pricing().board.now;
  }, 120_000);
  afterAll(async () => {
    await engine.stop();
  });

  const pricing = () => engine.pricer.engine;
  const mark = () => pricing().board.mark(market)!.value;
  async function call(key: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${engine.url}/v1/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    answers.push(response.status);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** A second later the market is at another price, the others where they were. */
  async function move(factor: number): Promise<void> {
    time += 1000;
    const { board } = pricing();
    const messages = board.markets.map((name) => {
      const price = (board.mark(name)!.value * (name === market ? factor : 1)).toFixed(8);
      const header = { id: `gang-tick-${++ticks}`, sequence: 1e7 + ticks, time };
      return {
        ...outgoing(TOPICS.prices, name, header, { kind: 'tick', market: name, price }),
        appendedAt: time,
      };
    });
    await engine.log.publish(messages);
    await engine.log.drained(AbortSignal.timeout(30_000));
  }

  const ours = () => [...GANG, BOT].flatMap((account) => [account, `${account}~${market}`]);
  const worth = () =>
    ours().reduce((sum, name) => sum + Math.max(0, pricing().accounts.standing(name).equity), 0);
  const paidIn = () => Number(pricing().ledger.netDeposits) / 1e8;
  /** Cash and positions of everybody else. */
  function others(): string {
    const { ledger } = pricing();
    const names = [...ledger.accountNames()].filter((name) => !name.startsWith('gang') && name !== 'fees');
    return names
      .sort()
      .map((name) => {
        const held = [...ledger.positionsOf(name)].map(([at, { size, entryNotional }]) => [
          ...[at, size, entryNotional],
        ]);
        return `${name} ${ledger.cashOf(name)} ${held.join(';')}`;
      })
      .filter((line) => !line.startsWith('house '))
      .join('\n');
  }

  async function lever(account: string, i: number): Promise<void> {
    const size = ((DEPOSIT * 0.9) / 0.17 / mark()) * (i % 2 === 0 ? 1 : -1);
    const legs = [{ market, size: size.toFixed(6) }];
    const { body } = await call(traders, 'quotes', { account, legs });
    const accepted = await call(traders, `quotes/${String(body.id)}/accept`, {});
    expect(accepted.status).toBe(200);
    expect((await call(bot, `quotes/${String(body.id)}/accept`, {})).status).toBe(403);
  }

  /** Reports that would keep the plan from being executed, or pay the bot more than its penalty. */
  async function harass(planId: string): Promise<void> {
    const { orders } = (await call(bot, `liquidations/${planId}`)).body as {
      orders: { market: string; size: string }[];
    };
    const priced = (by: number) =>
      orders.map((order) => ({
        ...order,
        price: (mark() * (order.size.startsWith('-') ? 1 - by : 1 + by)).toFixed(8),
      }));
    const crumbs = orders.map((order) => ({ ...order, size: (Number(order.size) / 100).toFixed(8) }));
    for (const report of [
      { status: 'expired' },
      { status: 'full', claims: true },
      { status: 'full', penaltyRate: 1 },
      { status: 'full', fills: crumbs },
      { status: 'partial', fills: crumbs },
      { status: 'full', fills: priced(0.019) },
      { status: 'full', solution: { caseDigest: 'x', fractions: [1e-9] } },
    ])
      await call(bot, `liquidations/${planId}/executions`, { liquidator: BOT, ...report });
    const another = { liquidator: 'honest', status: 'full' };
    expect((await call(bot, `liquidations/${planId}/executions`, another)).status).toBe(403);
  }

  it('ends poorer, is liquidated, leaves nobody a debt and touches nobody else', async () => {
    await move(1);
    const [before, start, net] = [others(), worth(), paidIn()];
    for (const [i, account] of GANG.entries()) await lever(account, i);
    let plans = 0;
    for (let round = 0; round < 16; round++) {
      await move(round < 8 ? 0.997 : 1.004);
      const { body } = await call(bot, 'liquidations?status=open');
      for (const { planId } of body.liquidations as { planId: string }[]) {
        plans++;
        await harass(planId);
      }
      for (const [i, account] of GANG.entries()) {
        const fill = { buyer: account, seller: GANG[(i + 1) % GANG.length], market, size: '0.001' };
        const price = (mark() * 1.019).toFixed(6);
        const fills = [{ ...fill, price, maker: 'buyer' }];
        if (round % 3 === 0) await call(traders, 'matches', { fills, pool: [], releases: [] });
        if (round % 4 === 0) await call(traders, `accounts/${account}/withdrawals`, { amount: 'available' });
        if (round % 5 === 0)
          await call(traders, `accounts/${account}/reservations`, { legs: [{ market, size: '0.001' }] });
      }
    }
    expect(plans).toBeGreaterThan(0);
    const under = () => ours().filter((name) => pricing().accounts.standing(name).liquidatable);
    for (let i = 0; i < 60 && under().length > 0; i++) await move(1);
    expect(under()).toEqual([]);
    const { ledger } = pricing();
    expect(worth() + net - paidIn()).toBeLessThan(start);
    expect(ledger.totals.bankruptcies).toBe(0n);
    expect(ledger.recount()).toBeUndefined();
    expect(others()).toBe(before);
    // While a move waits to be confirmed the market is closed to them: the one answer of 5xx.
    expect(answers.filter((status) => status >= 500 && status !== 503)).toEqual([]);
  }, 200_000);
});
