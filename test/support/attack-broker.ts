import { setTimeout as sleep } from 'node:timers/promises';
import { forecastOf } from '../../bench/decisions.js';
import type { BookEvent } from '#lib/exchange';
import { ApiKeys, type Scope } from '#lib/host';
import { randomStream } from '#lib/runtime';
import { ADMIN_SECRET, LoneAdministrator } from './broker-attack/administrator.js';
import { Bounds } from './broker-attack/bounds.js';
import { Calls, count, type Findings } from './broker-attack/calls.js';
import { Gang, type GangKeys } from './broker-attack/gang.js';
import { Honest } from './broker-attack/honest.js';
import { broughtAndWon, judgeEvents } from './broker-attack/judgement.js';
import { DEPOSIT, FUZZED, GANG, GANG_BOT, GANG_PROVIDER, HONEST, MARKETS } from './broker-attack/names.js';
import { Sockets } from './broker-attack/sockets.js';
import { narrowMargins } from './narrow-margins.js';
import { Outsiders } from './outsiders.js';
import { fuzz, noSchemathesis } from './schemathesis.js';
import { startSecuredBroker } from './secured-broker.js';
import { type ServiceProcess, startTopology, type Topology } from './topology.js';

/** Mark of every market at the beginning and at the end. */
const MARK = 100;
/** A print that is wrong by this factor comes now and then, once. */
const WRONG = 0.5;

/** Result of an attack; each problem is a law that did not hold. */
export type BrokerAttack = Findings;

/**
 * Attacks services, broker and database as an exchange runs them: a broker with access lists, keys of five scopes, a gang of levered accounts
 * with a provider and a bot of its own, a lone administrator, sockets that do not read, a feed with wrong prints, outsiders who write what
 * they may and try what they may not, and the API's document fuzzed with bound keys, all at once, while prices move there and back. Honest
 * traders trade and withdraw beside, and have to be answered in time.
 *
 * @param minutes how long
 * @param seed of prices and messages
 */
export async function attackBroker(minutes: number, seed: number): Promise<BrokerAttack> {
  const found: Findings = { counts: new Map(), problems: [] };
  const broker = await startSecuredBroker();
  const topology = await startTopology(
    {
      ...narrowMargins(),
      ...{ KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'zkrisk', KAFKA_SASL_PASSWORD: 'of-zkrisk' },
      ...{ API_KEYS: 'required', RATE_LIMIT_PER_SECOND: '100000', ADMIN_SECRET, LOG_LEVEL: 'warn' },
      ...{ MARKET_ORDER_SECRET: 'z'.repeat(40), TOPIC_PARTITIONS: '1', HOUSE_LIQUIDATOR: 'backstop' },
    },
    { broker },
  );
  const attack = new Attack(topology, broker.address, seed, found);
  try {
    await attack.begin();
    await attack.run(minutes * 60_000);
    await attack.judge();
  } finally {
    await attack.end();
    await topology.stop();
  }
  return found;
}

class Attack {
  private readonly random;
  private readonly outsiders: Outsiders;
  private readonly calls: Calls;
  private readonly prices = MARKETS.map(() => MARK);
  private pricer!: ServiceProcess;
  private liquidator!: ServiceProcess;
  private keys!: GangKeys & { readonly honest: string; readonly fuzzed: string };
  private gang!: Gang;
  private honest!: Honest;
  private administrator!: LoneAdministrator;
  private sockets!: Sockets;
  private bounds!: Bounds;
  /** why the API's document is not fuzzed */
  private unfuzzed: string | undefined;

  constructor(
    private readonly topology: Topology,
    address: string,
    seed: number,
    private readonly found: Findings,
  ) {
    this.random = randomStream(seed);
    this.calls = new Calls(found);
    this.outsiders = new Outsiders(address, this.random, {
      count: (name) => {
        count(found, name);
      },
      problem: (text) => found.problems.push(text),
    });
  }

  async begin(): Promise<void> {
    // It may have to be installed, which is no part of the attack.
    this.unfuzzed = noSchemathesis();
    this.pricer = await this.topology.start('pricer');
    this.liquidator = await this.topology.start('liquidator');
    const keys = new ApiKeys(this.topology.connection);
    const make = async (scopes: Scope[], accounts?: string[], holder?: string) =>
      (await keys.create({ label: 'attack', scopes, accounts, holder })).key;
    this.keys = {
      traders: await make(['quote', 'trade'], [...GANG, GANG_BOT]),
      provider: await make(['liquidity'], [GANG_PROVIDER]),
      bot: await make(['liquidator'], [GANG_BOT]),
      treasury: await make(['treasury']),
      honest: await make(['quote', 'trade'], HONEST),
      fuzzed: await make(['quote', 'trade', 'liquidity'], [FUZZED]),
    };
    const lone = [
      await make(['admin'], undefined, 'olga'),
      await make(['admin'], undefined, 'olga'),
    ] as const;
    const { calls, found, pricer, liquidator } = this;
    this.gang = new Gang(calls, { pricer, liquidator }, this.keys, found);
    this.honest = new Honest(calls, pricer, this.keys.honest, found);
    this.administrator = new LoneAdministrator(calls, pricer, lone, found);
    this.sockets = new Sockets(pricer, this.keys.traders, found);
    this.bounds = new Bounds([pricer, liquidator], () => this.topology.connection);
    await this.tick();
    await this.outsiders.forecast({ ...forecastOf(MARKETS.length, 1), barEnd: Date.now() });
    await this.until('a forecast', () => this.isQuoted());
    const { treasury, traders } = this.keys;
    await calls.post(pricer, treasury, 'liquidity/deposits', { provider: 'lp', amount: '2000000' });
    for (const account of [...GANG, GANG_BOT, ...HONEST, FUZZED]) {
      const deposit = { commandId: `fund-${account}`, amount: String(DEPOSIT) };
      await calls.post(pricer, treasury, `accounts/${account}/deposits`, deposit);
    }
    // Providers come at the next marks, and traders find no liquidity before.
    await this.tick();
    await sleep(2000);
    await calls.post(pricer, traders, `accounts/${GANG_BOT}/takeovers`, {
      notional: '1000000',
      discount: -0.02,
    });
  }

  /** Attacks from all sides at once for some milliseconds, and then brings prices back to where they began. */
  async run(milliseconds: number): Promise<void> {
    const begun = Date.now();
    const every = milliseconds / 12;
    let sampled = begun;
    const stopping = new AbortController();
    const fuzzed = this.fuzzed(stopping.signal);
    for (let round = 0; Date.now() < begun + milliseconds; round++) {
      const towards = Math.sin((round * Math.PI) / 40);
      for (const i of this.prices.keys())
        this.prices[i] = MARK * (1 + 0.03 * towards * (i + 1)) * (1 + 0.001 * this.random.normal());
      await this.tick();
      if (round % 25 === 24) await this.wrongPrint(round % MARKETS.length);
      await Promise.all([this.attacks(round), this.honest.act()]);
      if (Date.now() > sampled + every) {
        await this.bounds.sample();
        sampled = Date.now();
      }
      await sleep(200);
    }
    stopping.abort();
    await fuzzed;
    this.sockets.close();
    this.prices.fill(MARK);
    // A move back that is held is confirmed when it has been repeated for a while.
    for (let i = 0; i < 30; i++) {
      await this.tick();
      await sleep(400);
    }
    await this.bounds.sample();
  }

  private async attacks(round: number): Promise<void> {
    const plans = await this.gang.harass();
    await Promise.all([this.gang.act(round, this.prices), this.outsiders.attack(plans)]);
    this.sockets.act(round);
    if (round % 5 === 0) await this.administrator.act(round / 5);
  }

  /** The feed's price of one market is wrong once: it must not become the mark. */
  private async wrongPrint(market: number): Promise<void> {
    await this.outsiders.tick([MARKETS[market]], [this.prices[market] * WRONG]);
    await sleep(300);
    const { body } = await this.calls.get(this.pricer, this.keys.honest, 'markets');
    const listed = body.markets as { market: string; mark: string }[];
    const mark = Number(listed.find((one) => one.market === MARKETS[market])?.mark);
    count(this.found, 'a wrong print');
    if (!(mark > 0.8 * MARK))
      this.found.problems.push(`a wrong print of ${MARKETS[market]} has become the mark: ${mark}`);
    await this.tick();
    await sleep(300);
  }

  /** Laws that must hold afterwards. */
  async judge(): Promise<void> {
    const { counts, problems } = this.found;
    const require = (holds: boolean, problem: string) => {
      if (!holds) problems.push(problem);
    };
    for (const { name, child } of [this.pricer, this.liquidator])
      require(child.exitCode === null && child.signalCode === null, `${name} has ended`);
    const answer = await this.honest.act();
    require(answer.status <
      300, `an honest trade is answered ${answer.status} ${JSON.stringify(answer.body)}`);
    const { commands, p50, p99, longest } = this.honest.latency();
    counts.set('honest commands', commands);
    for (const [name, value] of Object.entries({ p50, p99, longest }))
      counts.set(`honest commands, ms, ${name}`, value);
    this.bounds.judge(this.found);
    const worth = await this.worth();
    const rows = await this.topology.connection.query<{ payload: BookEvent }[]>(
      'select payload from book_event order by sequence',
    );
    const events = rows.map(({ payload }) => payload);
    judgeEvents(events, this.honest.asked, this.found);
    const { brought, won, paid } = broughtAndWon(events, MARK);
    for (const [name, value] of Object.entries({ brought, won, paid, worth }))
      counts.set(`the gang: ${name}`, Math.round(value));
    require(worth > 0 && worth + paid < brought + won, `the gang has won ${worth + paid - brought - won}`);
    const open = await this.gang.harass();
    require(open.length === 0, `plans are open still: ${open.join(', ')}`);
  }

  async end(): Promise<void> {
    this.sockets.close();
    await this.outsiders.close();
  }

  /** What the gang could take at the marks: equity of its accounts and isolated positions, debts left out, and its provider's shares. */
  private async worth(): Promise<number> {
    const { traders, provider, fuzzed } = this.keys;
    let worth = 0;
    for (const account of [...GANG, GANG_BOT, FUZZED]) {
      const key = account === FUZZED ? fuzzed : traders;
      const { body } = await this.calls.get(this.pricer, key, `accounts/${account}`);
      const { cross, isolated } = body as { cross: Standing; isolated: readonly Standing[] };
      for (const { equity, liquidatable } of [cross, ...isolated]) {
        worth += Math.max(0, equity);
        if (liquidatable) this.found.problems.push(`${account} is below its maintenance margin still`);
      }
    }
    const shares = await this.calls.get(this.pricer, provider, `liquidity/providers/${GANG_PROVIDER}`);
    return worth + Number(shares.body.worth ?? 0);
  }

  /** The API's document with a key that is bound to an account of its own, a liquidator's, and none, again and again. */
  private async fuzzed(signal: AbortSignal): Promise<void> {
    if (this.unfuzzed !== undefined) {
      count(this.found, `the API is not fuzzed: ${this.unfuzzed}`);
      return;
    }
    for (let seed = 1; !signal.aborted; seed++) {
      const key = [this.keys.fuzzed, this.keys.bot, undefined][(seed - 1) % 3];
      const headers = key === undefined ? [] : ['-H', `Authorization: Bearer ${key}`];
      const { url } = seed % 2 === 1 ? this.pricer : this.liquidator;
      const args = ['--max-examples', '10', '--seed', String(seed), ...headers];
      const { code, output } = await fuzz(url, this.topology.database.directory, args, signal);
      if (signal.aborted) return;
      count(this.found, `fuzzed, code ${code}`);
      // Of 503 there is one that is no fault: a price is held back.
      const fault = /\[5(?!03)\d\d\]/.exec(output);
      if (fault !== null)
        this.found.problems.push(output.slice(Math.max(0, fault.index - 1500), fault.index + 1500));
    }
  }

  private async isQuoted(): Promise<boolean> {
    await this.tick();
    const asked = { account: HONEST[0], legs: [{ market: MARKETS[0], size: '1' }] };
    return (await this.calls.post(this.pricer, this.keys.honest, 'quotes', asked)).status < 300;
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
}

/** Margin of an account, or of an isolated position. */
interface Standing {
  readonly equity: number;
  readonly liquidatable: boolean;
}
