import type { ServiceProcess } from '../topology.js';
import { type Answer, type Calls, count, type Findings } from './calls.js';
import { DEPOSIT, GANG, GANG_BOT, GANG_PROVIDER, HONEST, MARKETS } from './names.js';

/** Amounts and sizes that no field takes. */
const NO_AMOUNTS = [
  '1e30',
  '9'.repeat(60),
  '-1',
  '0',
  '0.000000001',
  'NaN',
  '',
  1,
  null,
  ['1'],
  { toString: '1' },
];

/** Keys of the gang's members. */
export interface GangKeys {
  readonly traders: string;
  readonly provider: string;
  readonly bot: string;
  readonly treasury: string;
}

/** Levered accounts of one holder, a provider and a bot of the same one: trades, matches, liquidity, false reports, replays and huge values. */
export class Gang {
  /** when each open plan was seen first */
  private readonly plansSince = new Map<string, number>();
  private sent = 0;

  constructor(
    private readonly calls: Calls,
    private readonly services: { readonly pricer: ServiceProcess; readonly liquidator: ServiceProcess },
    private readonly keys: GangKeys,
    private readonly found: Findings,
  ) {}

  /** @param prices of the markets, as the feed has sent them last */
  async act(round: number, prices: readonly number[]): Promise<void> {
    const account = GANG[round % GANG.length];
    await this.trades(round, account, prices);
    await this.replays(account);
    await this.forbidden(account);
    await this.huge(round, account);
    if (round % 4 === 0) await this.orders(account, round);
    if (round % 10 === 0) await this.provides(round);
    if (round % 12 === 0) await this.refill(account);
  }

  /** A levered trade, whose quote the bot tries to accept as well, and a match away from the mark. */
  private async trades(round: number, account: string, prices: readonly number[]): Promise<void> {
    const i = GANG.indexOf(account);
    const other = GANG[(i + 1) % GANG.length];
    const at = round % MARKETS.length;
    const side = i % 2 === 0 ? 1 : -1;
    const size = ((DEPOSIT * 0.8) / 0.17 / prices[at]) * side;
    const legs = [{ market: MARKETS[at], size: size.toFixed(6) }];
    const { body } = await this.post('quotes', { account, legs });
    const quote = `quotes/${String(body.id)}/accept`;
    await this.calls.refused(this.services.pricer, this.keys.bot, quote, {}, 'a quote of another');
    await this.post(quote, {});
    // Once only: the same trade is answered again, and no second one is made (the events are looked through at the end).
    await this.post(quote, {});
    const fill = { buyer: account, seller: other, market: MARKETS[at], size: '1', maker: 'buyer' };
    const price = (prices[at] * (1 + 0.019 * side)).toFixed(6);
    await this.post('matches', {
      matchId: `gang-m-${round}`,
      fills: [{ ...fill, price }],
      pool: [],
      releases: [],
    });
  }

  /** The same id for the same content, and for another. */
  private async replays(account: string): Promise<void> {
    const commandId = `gang-${++this.sent}`;
    const path = `accounts/${account}/withdrawals`;
    const first = await this.post(path, { commandId, amount: '1' });
    const again = await this.post(path, { commandId, amount: '1' });
    if (first.status === 201 && again.status !== 201 && again.status !== 503)
      this.found.problems.push(`a withdrawal is answered ${first.status}, repeated ${again.status}`);
    if (first.status === 201)
      await this.refuse(path, { commandId, amount: '2' }, 'another content under a used id');
    await this.refuse(
      path,
      { commandId: `fund-${account}`, amount: String(DEPOSIT) },
      'a withdrawal under the id of a deposit',
    );
  }

  /** What is another's to do, or somebody else's. */
  private async forbidden(account: string): Promise<void> {
    const [victim] = HONEST;
    for (const path of [
      `accounts/${victim}/withdrawals`,
      `accounts/%68onest-0/withdrawals`,
      `accounts/${account}%2F..%2F${victim}/withdrawals`,
    ])
      await this.refuse(path, { amount: '1' }, 'another’s withdrawal');
    await this.refuse(
      `accounts/${account}/deposits`,
      { amount: '1000000' },
      'a deposit without the treasury',
    );
    await this.refuse(
      'liquidity/withdrawals',
      { provider: 'lp', amount: '1', mode: 'forced' },
      'another’s liquidity',
    );
    const stolen = {
      buyer: account,
      seller: victim,
      market: MARKETS[0],
      size: '1',
      price: '100',
      maker: 'buyer',
    };
    await this.refuse(
      'matches',
      { fills: [stolen], pool: [], releases: [] },
      'a match with who has not agreed',
    );
    await this.refuse(
      `accounts/${victim}/takeovers`,
      { notional: '1000000', discount: -0.02 },
      'another’s consent',
    );
    const { pricer, liquidator } = this.services;
    const { treasury, bot, provider } = this.keys;
    await this.calls.refused(
      pricer,
      treasury,
      `accounts/${victim}/withdrawals`,
      { amount: '1' },
      'a withdrawal by the treasury',
    );
    await this.calls.refused(
      pricer,
      provider,
      `accounts/${account}/withdrawals`,
      { amount: '1' },
      'a withdrawal by a provider',
    );
    await this.calls.refused(
      pricer,
      bot,
      'quotes',
      { account: GANG_BOT, legs: [{ market: 'M0', size: '1' }] },
      'a quote by a bot',
    );
    const report = { liquidator: GANG_BOT, status: 'full' };
    await this.calls.refused(
      liquidator,
      bot,
      `liquidations/lq-${GANG.length}-1000000/executions`,
      report,
      'a plan that there is not',
    );
  }

  private async huge(round: number, account: string): Promise<void> {
    const amount = NO_AMOUNTS[round % NO_AMOUNTS.length];
    const market = MARKETS[0];
    await this.refuse(`accounts/${account}/withdrawals`, { amount }, 'no amount');
    await this.refuse(
      `accounts/${account}/transfers`,
      { market, amount: amount === '-1' ? '-1e30' : amount },
      'no amount',
    );
    await this.calls.refused(
      this.services.pricer,
      this.keys.treasury,
      `accounts/${account}/deposits`,
      { amount },
      'no amount',
    );
    await this.refuse(
      'quotes',
      { account, legs: [{ market, size: amount === '-1' ? '1e400' : amount }] },
      'no size',
    );
    const legs = Array.from({ length: 64 }, () => ({ market, size: '100000000' }));
    await this.refuse('quotes', { account, legs }, 'a size past every limit');
    const fill = { buyer: account, seller: GANG_BOT, market, size: '1', maker: 'buyer' };
    for (const price of ['1e30', '0', '-1', '1'])
      await this.refuse(
        'matches',
        { fills: [{ ...fill, price }], pool: [], releases: [] },
        'a price far from the mark',
      );
  }

  /** Collateral to and fro, reservations that are kept and given back, claims, and all that can be withdrawn. */
  private async orders(account: string, round: number): Promise<void> {
    const market = MARKETS[round % MARKETS.length];
    await this.post(`accounts/${account}/transfers`, { market, amount: '500' });
    const { body } = await this.post('quotes', { account, legs: [{ market, size: '10' }] });
    await this.post(`quotes/${String(body.id)}/accept`, { margin: 'isolated' });
    await this.post(`accounts/${account}/transfers`, { market, amount: '-500' });
    const commandId = `gang-r-${round}`;
    await this.post(`accounts/${account}/reservations`, { commandId, legs: [{ market, size: '5' }] });
    await this.post(`accounts/${account}/releases`, { reservationId: commandId });
    await this.post(`accounts/${account}/releases`, { reservationId: commandId });
    await this.post(`accounts/${account}/claims`, {});
    if (round % 20 === 0) await this.post(`accounts/${account}/withdrawals`, { amount: 'available' });
    await this.post(`accounts/${account}/simulate`, { legs: [{ market, size: '1' }], deposit: '1' });
    await this.post('quotes/batch', {
      requests: Array.from({ length: 100 }, () => ({ account, legs: [{ market, size: '1' }] })),
    });
  }

  /** Liquidity comes shortly before premia are earned, and leaves at once or when its lock ends. */
  private async provides(round: number): Promise<void> {
    const { pricer } = this.services;
    const deposit = { commandId: `gang-lp-${round}`, provider: GANG_PROVIDER, amount: '5000' };
    if (round % 20 === 0) await this.calls.post(pricer, this.keys.treasury, 'liquidity/deposits', deposit);
    else {
      const mode = round % 30 === 0 ? 'locked' : 'forced';
      const withdrawal = { provider: GANG_PROVIDER, amount: '2000', mode };
      await this.calls.post(pricer, this.keys.provider, 'liquidity/withdrawals', withdrawal);
    }
  }

  /** A member that has lost all brings money again. */
  private async refill(account: string): Promise<void> {
    const { body } = await this.calls.get(this.services.pricer, this.keys.traders, `accounts/${account}`);
    const { equity } = (body.cross ?? {}) as { equity?: number };
    if (equity === undefined || equity > DEPOSIT / 4) return;
    count(this.found, 'a member has brought money again');
    const deposit = { commandId: `refill-${++this.sent}`, amount: String(DEPOSIT) };
    await this.calls.post(this.services.pricer, this.keys.treasury, `accounts/${account}/deposits`, deposit);
  }

  /** The bot reports false executions of open plans, three of them at most. A plan that stays open for two minutes is a problem. */
  async harass(): Promise<readonly string[]> {
    const { liquidator } = this.services;
    const { body } = await this.calls.get(liquidator, this.keys.bot, 'liquidations?status=open');
    const open = ((body.liquidations ?? []) as { planId: string }[]).map(({ planId }) => planId);
    for (const planId of this.plansSince.keys()) if (!open.includes(planId)) this.plansSince.delete(planId);
    for (const planId of open) {
      const since = this.plansSince.get(planId) ?? Date.now();
      this.plansSince.set(planId, since);
      if (Date.now() - since > 120_000)
        this.found.problems.push(`the plan ${planId} has been open for two minutes`);
    }
    for (const planId of open.slice(0, 3))
      for (const report of [
        { status: 'expired' },
        { status: 'full', claims: true },
        { status: 'full', penaltyRate: 1 },
        { status: 'partial', fills: [{ market: 'M0', size: '0.00000001' }] },
        { reportId: 'the-same', status: 'full', fills: [{ market: 'M0', size: '1', price: '1e30' }] },
        { reportId: 'the-same', status: 'expired' },
      ]) {
        count(this.found, `a report ${report.status} of a plan`);
        await this.calls.post(liquidator, this.keys.bot, `liquidations/${planId}/executions`, {
          liquidator: GANG_BOT,
          ...report,
        });
      }
    for (const planId of open.slice(0, 1))
      await this.calls.refused(
        liquidator,
        this.keys.bot,
        `liquidations/${planId}/executions`,
        { liquidator: HONEST[0], status: 'full' },
        'a report in another’s name',
      );
    return open;
  }

  private post(path: string, body: unknown): Promise<Answer> {
    return this.calls.post(this.services.pricer, this.keys.traders, path, body);
  }

  private refuse(path: string, body: unknown, what: string): Promise<void> {
    return this.calls.refused(this.services.pricer, this.keys.traders, path, body, what);
  }
}
