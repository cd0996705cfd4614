// Long because all sides of the attack, and the laws that are checked afterwards, use one exchange.
import { setTimeout as sleep } from 'node:timers/promises';
import { type BookEvent, ExchangeLedger, firstRules, vestingOf } from '#lib/exchange';
import { ApiKeys, type Scope } from '#lib/host';
import { randomStream } from '#lib/runtime';
import { forecastOf } from '../../bench/decisions.js';
import { narrowMargins } from './narrow-margins.js';
import { Outsiders } from './outsiders.js';
import { fuzz, noSchemathesis } from './schemathesis.js';
import { startSecuredBroker } from './secured-broker.js';
import { type ServiceProcess, startTopology, type Topology } from './topology.js';

const GANG = Array.from({ length: 8 }, (_, i) => `gang-${i}`);
const BOT = 'gang-bot';
const HONEST = ['honest-0', 'honest-1', 'honest-2'];
const MARKETS = ['M0', 'M1', 'M2'];
const DEPOSIT = 20_000;

/** Result of an attack; each problem is a law that did not hold. */
export interface BrokerAttack {
  readonly problems: readonly string[];
  /** how often each action was taken, and each answer given */
  readonly counts: ReadonlyMap<string, number>;
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/**
 * Attacks services, broker and database as an exchange runs them: a broker with access lists, keys of four scopes, a gang of levered accounts
 * with a bot of its own, outsiders who write what they may and try what they may not, and the API's document fuzzed with bound keys, all at
 * once, while prices move there and back. Honest traders trade beside.
 *
 * @param minutes how long
 * @param seed of prices and messages
 */
export async function attackBroker(minutes: number, seed: number): Promise<BrokerAttack> {
  const counts = new Map<string, number>();
  const problems: string[] = [];
  const broker = await startSecuredBroker();
  const topology = await startTopology(
    {
      ...narrowMargins(),
      ...{ KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'zkrisk', KAFKA_SASL_PASSWORD: 'of-zkrisk' },
      ...{
        API_KEYS: 'required',
        RATE_LIMIT_PER_SECOND: '100000',
        ADMIN_SECRET: 'x'.repeat(40),
        LOG_LEVEL: 'warn',
      },
      ...{ TOPIC_PARTITIONS: '1', HOUSE_LIQUIDATOR: 'backstop' },
    },
    { broker },
  );
  const attack = new Attack(topology, broker.address, seed, counts, problems);
  try {
    await attack.begin();
    await attack.run(Date.now() + 60_000 * minutes);
    await attack.judge();
  } finally {
    await attack.end();
    await topology.stop();
  }
  return { problems, counts };
}

class Attack {
  private readonly random;
  private readonly outsiders: Outsiders;
  private pricer!: ServiceProcess;
  private liquidator!: ServiceProcess;
  private readonly keys: Record<'traders' | 'bot' | 'treasury' | 'honest' | 'bound', string> = {} as never;
  private readonly prices = MARKETS.map(() => 100);

  constructor(
    private readonly topology: Topology,
    address: string,
    seed: number,
    private readonly counts: Map<string, number>,
    private readonly problems: string[],
  ) {
    this.random = randomStream(seed);
    this.outsiders = new Outsiders(address, this.random, {
      count: (name) => {
        this.count(name);
      },
      problem: (text) => this.problems.push(text),
    });
  }

  async begin(): Promise<void> {
    this.pricer = await this.topology.start('pricer');
    this.liquidator = await this.topology.start('liquidator');
    const keys = new ApiKeys(this.topology.connection);
    const make = async (scopes: Scope[], accounts?: string[]) =>
      (await keys.create({ label: 'attack', scopes, accounts })).key;
    this.keys.traders = await make(['quote', 'trade'], [...GANG, BOT]);
    this.keys.bot = await make(['liquidator'], [BOT]);
    this.keys.bound = await make(['quote', 'trade', 'liquidity'], ['fuzz']);
    this.keys.treasury = await make(['treasury']);
    this.keys.honest = await make(['quote', 'trade'], HONEST);
    await this.tick();
    const forecast = { ...forecastOf(MARKETS.length, 1), barEnd: Date.now() };
    await this.outsiders.forecast(forecast);
    await this.until('a forecast', async () => {
      await this.tick();
      return (await this.get(this.keys.honest, 'markets')).status === 200 && (await this.isTraded());
    });
    await this.post(this.keys.treasury, 'liquidity/deposits', { provider: 'lp', amount: '2000000' });
    for (const account of [...GANG, BOT, ...HONEST, 'fuzz'])
      await this.post(this.keys.treasury, `accounts/${account}/deposits`, { amount: String(DEPOSIT) });
    await this.post(this.keys.traders, `accounts/${BOT}/takeovers`, { notional: '1000000', discount: -0.02 });
  }

  /** Attacks from all sides at once until a time, and then brings prices back to where they began. */
  async run(until: number): Promise<void> {
    const stopping = new AbortController();
    const fuzzed = this.fuzzed(stopping.signal);
    for (let round = 0; Date.now() < until; round++) {
      const towards = Math.sin((round * Math.PI) / 40);
      for (const i of this.prices.keys())
        this.prices[i] = 100 * (1 + 0.03 * towards * (i + 1)) * (1 + 0.001 * this.random.normal());
      await this.tick();
      await this.gang(round);
      await this.outsiders.attack();
      if (round % 3 === 0) await this.trades(HONEST[round % HONEST.length], this.keys.honest);
      await this.plans();
      await sleep(200);
    }
    stopping.abort();
    await fuzzed;
    this.prices.fill(100);
    // A move back that is held is confirmed when it has been repeated for a while.
    for (let i = 0; i < 30; i++) {
      await this.tick();
      await sleep(400);
    }
  }

  /** Laws that must hold afterwards. */
  async judge(): Promise<void> {
    const require = (holds: boolean, problem: string) => {
      if (!holds) this.problems.push(problem);
    };
    for (const { name, child } of [this.pricer, this.liquidator])
      require(child.exitCode === null && child.signalCode === null, `${name} has ended`);
    const answer = await this.trades(HONEST[0], this.keys.honest);
    require(answer.status ===
      200, `an honest trade is answered ${answer.status} ${JSON.stringify(answer.body)}`);
    const { horizonMs, bucketMs } = vestingOf(firstRules(JSON.parse(narrowMargins().FIRST_PARAMETERS)));
    const ledger = new ExchangeLedger(horizonMs, bucketMs);
    const rows = await this.topology.connection.query<{ payload: BookEvent }[]>(
      'select payload from book_event order by sequence',
    );
    for (const { payload } of rows) {
      ledger.apply(payload);
      this.count(`event ${payload.kind}`);
    }
    require(ledger.imbalance() === 0n, `the books are out of balance by ${ledger.imbalance()}`);
    require(ledger.recount() === undefined, `the books' ${ledger.recount()} differs from its parts`);
    require(ledger.totals.bankruptcies === 0n, `debts of ${ledger.totals.bankruptcies} are left behind`);
    let worth = 0;
    for (const account of [...GANG, BOT]) {
      const { body } = await this.get(this.keys.traders, `accounts/${account}`);
      worth += Math.max(0, Number((body.cross as { equity: unknown } | undefined)?.equity));
    }
    let paid = 0;
    for (const { payload: event } of rows)
      if (event.kind === 'account-withdrawn' && event.account.startsWith('gang'))
        paid += Number(event.amount);
    const start =
      DEPOSIT * (GANG.length + 1) + rows.reduce((sum, { payload }) => sum + wonAtMarks(payload), 0);
    this.counts.set(
      'the gang has, of 1,000 that it brought and won at the marks',
      Math.round((1000 * (worth + paid)) / start),
    );
    require(worth > 0 && worth + paid < start, `the gang has won ${worth + paid - start}`);
    const honest = rows.filter(
      ({ payload: event }) =>
        'account' in event && HONEST.includes(event.account) && event.kind === 'account-withdrawn',
    );
    require(honest.length === 0, 'money of an honest trader was paid out');
    const strangers = [...ledger.accountNames()].filter(
      (name) => ![...GANG, BOT, ...HONEST, 'fuzz', 'lp', 'fees', 'house'].includes(name.split('~')[0]),
    );
    require(strangers.length === 0, `accounts were made: ${strangers.slice(0, 5).join(', ')}`);
  }

  async end(): Promise<void> {
    await this.outsiders.close();
  }

  /** Levered accounts, matches among them away from the mark, withdrawals and reservations. */
  private async gang(round: number): Promise<void> {
    const { traders, bot } = this.keys;
    const i = round % GANG.length;
    const [account, other] = [GANG[i], GANG[(i + 1) % GANG.length]];
    const at = round % MARKETS.length;
    const size = ((DEPOSIT * 0.8) / 0.17 / this.prices[at]) * (i % 2 === 0 ? 1 : -1);
    const legs = [{ market: MARKETS[at], size: size.toFixed(6) }];
    const { body } = await this.post(traders, 'quotes', { account, legs });
    const stolen = await this.post(bot, `quotes/${String(body.id)}/accept`, {});
    if (stolen.status < 400) this.problems.push('a bot has accepted a quote of another');
    await this.post(traders, `quotes/${String(body.id)}/accept`, {});
    const fills = [
      {
        ...{ buyer: account, seller: other, market: MARKETS[at], size: '1', maker: 'buyer' },
        price: (this.prices[at] * (1 + 0.019 * (i % 2 === 0 ? 1 : -1))).toFixed(6),
      },
    ];
    await this.post(traders, 'matches', { fills, pool: [], releases: [] });
    await this.post(traders, `accounts/${account}/reservations`, { legs });
    if (round % 5 === 0) await this.post(traders, `accounts/${account}/withdrawals`, { amount: 'available' });
    const theft = await this.post(traders, `accounts/${HONEST[0]}/withdrawals`, { amount: '1' });
    if (theft.status < 400) this.problems.push('a key has withdrawn for an account that it is not bound to');
    const minted = await this.post(traders, `accounts/${account}/deposits`, { amount: '1000000' });
    if (minted.status < 400) this.problems.push('a trader’s key has credited a deposit');
  }

  /** The gang's bot reports false executions of open plans, three of them at most. */
  private async plans(): Promise<void> {
    const { body } = await this.get(this.keys.bot, 'liquidations?status=open', this.liquidator);
    for (const { planId } of ((body.liquidations ?? []) as { planId: string }[]).slice(0, 3))
      for (const report of [
        { status: 'expired' },
        { status: 'full', claims: true },
        { status: 'full', penaltyRate: 1 },
        { status: 'partial', fills: [{ market: 'M0', size: '0.00000001' }] },
      ])
        await this.post(
          this.keys.bot,
          `liquidations/${planId}/executions`,
          { liquidator: BOT, ...report },
          this.liquidator,
        );
  }

  /** The API's document with a key that is bound to an account of its own, again and again, and without a key. */
  private async fuzzed(signal: AbortSignal): Promise<void> {
    const missing = noSchemathesis();
    if (missing !== undefined) {
      this.count(`the API is not fuzzed: ${missing}`);
      return;
    }
    for (let seed = 1; !signal.aborted; seed++) {
      const key =
        seed % 3 === 0
          ? []
          : ['-H', `Authorization: Bearer ${seed % 3 === 1 ? this.keys.bound : this.keys.bot}`];
      const { url } = seed % 2 === 1 ? this.pricer : this.liquidator;
      const args = ['--max-examples', '10', '--seed', String(seed), ...key];
      const { code, output } = await fuzz(url, this.topology.database.directory, args, signal);
      if (signal.aborted) return;
      this.count(`fuzzed, code ${code}`);
      if (/Server error|[^\d]50[0-24-9][^\d]/.test(output) && code !== 0)
        this.problems.push(output.slice(-3000));
    }
  }

  private async trades(account: string, key: string): Promise<Answer> {
    const size = ((this.random.uniform() - 0.5) * 10).toFixed(4);
    const legs = [{ market: MARKETS[0], size }];
    const { body } = await this.post(key, 'quotes', { account, legs });
    return this.post(key, `quotes/${String(body.id)}/accept`, {});
  }

  private async isTraded(): Promise<boolean> {
    const legs = [{ market: MARKETS[0], size: '1' }];
    return (await this.post(this.keys.honest, 'quotes', { account: HONEST[0], legs })).status < 300;
  }

  private get(key: string, path: string, service = this.pricer): Promise<Answer> {
    return this.call(service, 'GET', key, path);
  }

  private post(key: string, path: string, body: object, service = this.pricer): Promise<Answer> {
    return this.call(service, 'POST', key, path, body);
  }

  private async call(
    service: ServiceProcess,
    method: string,
    key: string,
    path: string,
    body?: object,
  ): Promise<Answer> {
    const response = await fetch(`${service.url}/v1/${path}`, {
      ...{ method, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' } },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answered = (await response.json().catch(() => ({}))) as Record<string, unknown>;
    this.count(
      `REST ${response.status}${response.status < 400 ? '' : ` ${String(answered.code ?? answered.type)}`}`,
    );
    if (response.status >= 500 && response.status !== 503)
      this.problems.push(`${method} ${path}: ${response.status} ${JSON.stringify(answered).slice(0, 300)}`);
    return { status: response.status, body: answered };
  }

  private tick(): Promise<void> {
    return this.outsiders.tick(MARKETS, this.prices);
  }

  private async until(what: string, done: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + 120_000;
    while (!(await done())) {
      if (Date.now() > end) throw new Error(`${what} did not come: ${this.pricer.output().slice(-2000)}`);
      await sleep(300);
    }
  }

  private count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}

/** Money that the gang's fills of an event have won by the marks at the end, all 100. */
function wonAtMarks(event: BookEvent): number {
  const won = (legs: readonly { readonly size: string; readonly price: string }[]) =>
    legs.reduce((sum, { size, price }) => sum + Number(size) * (100 - Number(price)), 0);
  if (event.kind === 'match-booked')
    return event.accounts.reduce(
      (sum, { account, legs }) => sum + (account.startsWith('gang') ? won(legs) : 0),
      0,
    );
  if (event.kind === 'dust-closed') return event.account.startsWith('gang') ? won([event]) : 0;
  return event.kind === 'trade-booked' && event.account.startsWith('gang') ? won(event.legs) : 0;
}
