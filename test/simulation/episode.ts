import { createHash } from 'node:crypto';
import { commandKeyText, exchangeParameters, vestingOf } from '#lib/exchange';
import { liquidatingParameters } from '#lib/liquidating';
import { loadSolvers, type Solvers } from '#lib/liquidation';
import { TOPICS } from '#lib/messages';
import { randomStream } from '#lib/runtime';
import { pricerConfig } from '../../apps/pricer/src/index.js';
import { Bus, type SimulatedRecord } from './bus.js';
import { ExchangeNode } from './exchange-node.js';
import { ForecasterNode } from './forecaster-node.js';
import { LiquidatorNode } from './liquidator-node.js';
import type { Node } from './node.js';
import { BAR_MS, World } from './world.js';

/** The scheduler's decisions in an episode: enough for a model, refits, liquidations and bankruptcies. */
const DECISIONS = 4_000;
const MOST_AT_ONCE = 24;
const COMMAND_TOPICS = [TOPICS.trades, TOPICS.accounts, TOPICS.liquidity].map(({ name }) => name);

/** One batch as it was committed: enough to do it again. */
interface Committed {
  readonly node: string;
  readonly topic: string;
  readonly count: number;
}

export interface EpisodeReport {
  readonly seed: number;
  readonly market: EpisodeMarket;
  /** records handled, crashes, and actions outside */
  readonly steps: number;
  /** records handled once more, by nodes that nothing disturbs */
  readonly stepsAgain: number;
  readonly crashes: number;
  readonly events: number;
  readonly liquidations: number;
  readonly bankruptcies: number;
  /** losses past the pool that were shared */
  readonly settlements: number;
  /** SHA-256 of journal, forecasts and plans */
  readonly digest: string;
}

/** An invariant that did not hold, with all that is needed to see it again. */
export class SimulationFailure extends Error {
  constructor(seed: number, decision: number, cause: unknown) {
    super(`seed ${seed}, decision ${decision}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

let solvers: Promise<Solvers> | undefined;

const LINEAR = {
  margin: {
    mode: 'linear',
    rates: { default: { maintenance: 0.02, initial: 0.04 }, markets: {} },
  },
  credit: { accountShare: null, poolShare: null, loading: 0 },
};

/**
 * Low linear margins without caps and charge, which make bankrupt; the same over a pool that is small beside the positions; and the
 * defaults: portfolio margin, caps, credit charge.
 */
const MARKETS = {
  linear: { rules: LINEAR, liquidity: 2_000_000 },
  thin: { rules: LINEAR, liquidity: 15_000 },
  portfolio: {
    rules: { margin: { mode: 'portfolio', clusters: { all: ['A', 'B', 'C'] }, worstHours: { C: 0.12 } } },
    liquidity: 2_000_000,
  },
};
export type EpisodeMarket = keyof typeof MARKETS;

/** Of three seeds one has each. */
const marketOf = (seed: number): EpisodeMarket => (['portfolio', 'linear', 'thin'] as const)[seed % 3];

/** Settings of all services: small windows, a short horizon. */
const environment = (market: EpisodeMarket) => ({
  FIRST_PARAMETERS: JSON.stringify({
    model: { horizonBars: 8, barSeconds: BAR_MS / 1000 },
    forecast: { minimumBars: 16, windowBars: 60, refitEveryBars: 60 },
    ...MARKETS[market].rules,
  }),
});

/** The nodes that an episode runs. A test of the simulator itself has one of them with a fault. */
export const NODES = { Exchange: ExchangeNode, Forecaster: ForecasterNode, Liquidator: LiquidatorNode };

/** Exchange, forecaster and liquidator on one bus. */
async function cluster(bus: Bus, market: EpisodeMarket, { Exchange, Forecaster, Liquidator }: typeof NODES) {
  const settings = environment(market);
  const { FIRST_PARAMETERS: rules } = pricerConfig(settings);
  const exchange = new Exchange(bus, exchangeParameters(rules, undefined), vestingOf(rules));
  const forecaster = new Forecaster(bus, rules);
  const liquidator = new Liquidator(
    bus,
    liquidatingParameters(rules, undefined),
    await (solvers ??= loadSolvers()),
    BAR_MS,
  );
  return { exchange, nodes: [exchange, forecaster, liquidator] as readonly Node<object>[] };
}

/**
 * One seeded run: at each step the scheduler lets something happen outside, delivers a batch of some topic to some node, or
 * kills a node between two steps or between its work and its commit. A record may be late for any time; a topic keeps its order
 * and nothing is handled before its causes, as lanes promise. Afterwards everything is delivered, and the steps that were
 * committed is done again by nodes that nothing disturbs: it must come to the same, bit for bit.
 *
 * @throws {SimulationFailure} naming the seed and the decision
 */
export async function runEpisode(
  seed: number,
  decisions = DECISIONS,
  nodeTypes = NODES,
): Promise<EpisodeReport> {
  const random = randomStream(seed);
  const bus = new Bus();
  const world = new World(randomStream(seed + 0x5eed), MARKETS[marketOf(seed)].liquidity);
  const { exchange, nodes } = await cluster(bus, marketOf(seed), nodeTypes);
  const committed: Committed[] = [];
  let decision = 0;
  let steps = 0;
  let crashes = 0;

  const deliver = async (node: Node<object>, topic: string, most: number, crash: boolean) => {
    const records = node.ready(topic, most);
    if (records.length === 0) return false;
    steps += records.length;
    if (crash) {
      crashes++;
      await node.die(topic, records);
    } else {
      await node.consume(topic, records);
      committed.push({ node: node.name, topic, count: records.length });
    }
    return true;
  };
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random.uniform() * values.length)];

  try {
    bus.publish(world.opening(), {});
    while (decision < decisions) {
      const choice = random.uniform();
      if (choice < 0.202) steps++;
      if (choice < 0.06) bus.publish(world.ticks(), {});
      else if (choice < 0.2) bus.publish([world.command()], {});
      else if (choice < 0.202) {
        crashes++;
        const node = pick(nodes);
        node.restart();
      } else {
        const node = pick(nodes);
        const most = 1 + Math.floor(random.uniform() * MOST_AT_ONCE);
        // A topic with nothing to deliver is no decision.
        if (!(await deliver(node, pick(node.subscriptions), most, random.uniform() < 0.004))) continue;
      }
      if (decision++ % 50 === 0) check(exchange);
    }
    for (let busy = true; busy;) {
      busy = false;
      for (const node of nodes)
        for (const topic of node.subscriptions) while (await deliver(node, topic, 500, false)) busy = true;
    }
    check(exchange);
    checkOutcomes(bus, exchange);
    const digest = digestOf(bus, exchange);
    await replay(bus, committed, digest, (again) => cluster(again, marketOf(seed), nodeTypes));
    const kinds = exchange.journal.map((event) => (JSON.parse(event) as { kind: string }).kind);
    const count = (kind: string) => kinds.filter((each) => each === kind).length;
    return {
      ...{ seed, market: marketOf(seed), steps, crashes, digest, events: kinds.length },
      stepsAgain: committed.reduce((sum, { count }) => sum + count, 0),
      liquidations: bus.length(TOPICS.liquidationTrades.name),
      bankruptcies: count('bankruptcy-settled'),
      settlements: count('haircut-settled'),
    };
  } catch (error) {
    throw new SimulationFailure(seed, decision, error);
  }
}

/** Money is neither made nor lost, and a ledger restored from its journal is the ledger. */
function check({ engine, journal }: ExchangeNode): void {
  const imbalance = engine.ledger.imbalance();
  if (imbalance !== 0n) throw new Error(`the ledger is out of balance by ${imbalance}`);
  if (engine.ledger.eventCount !== journal.length)
    throw new Error(`the ledger has ${engine.ledger.eventCount} events, its journal ${journal.length}`);
}

/** Every command has one outcome, however often it was sent. */
function checkOutcomes(bus: Bus, exchange: ExchangeNode): void {
  const keys = new Set<string>();
  for (const topic of COMMAND_TOPICS)
    for (const { body } of recordsOf(bus, topic)) {
      const { tradeId, commandId, account, provider } = JSON.parse(body) as Record<string, string>;
      keys.add(commandKeyText({ topic, owner: account ?? provider, id: tradeId ?? commandId }));
    }
  for (const { body } of recordsOf(bus, TOPICS.liquidationTrades.name)) {
    const { planId, account } = JSON.parse(body) as { planId: string; account: string };
    const key = { topic: TOPICS.liquidationTrades.name, owner: account.split('~')[0], id: planId };
    keys.add(commandKeyText(key));
  }
  for (const key of keys) if (!exchange.outcomes.has(key)) throw new Error(`${key} was never decided`);
  for (const key of exchange.outcomes.keys())
    if (!keys.has(key)) throw new Error(`${key} was decided but never sent`);
}

function* recordsOf(bus: Bus, topic: string): Iterable<SimulatedRecord> {
  for (let offset = 0; offset < bus.length(topic); offset++) yield bus.record(topic, offset);
}

function digestOf(bus: Bus, { journal, engine }: ExchangeNode): string {
  const hash = createHash('sha256');
  for (const event of journal) hash.update(event).update('\n');
  for (const topic of [TOPICS.covariance, TOPICS.liquidationTrades, TOPICS.accountStates, TOPICS.poolStates])
    for (const { body } of recordsOf(bus, topic.name)) hash.update(body).update('\n');
  return hash.update(JSON.stringify(engine.ledger.snapshot())).digest('hex');
}

/** Repeats the committed steps, in one go and without a crash. */
async function replay(
  recorded: Bus,
  committed: readonly Committed[],
  digest: string,
  anew: (bus: Bus) => ReturnType<typeof cluster>,
): Promise<void> {
  const bus = new Bus();
  const { exchange, nodes } = await anew(bus);
  // Messages from outside are there from the start; nodes publish their own again.
  for (const topic of [TOPICS.prices.name, ...COMMAND_TOPICS])
    for (const { causes, ...record } of recordsOf(recorded, topic)) bus.publish([record], causes);
  for (const { node: name, topic, count } of committed) {
    const node = nodes.find((each) => each.name === name)!;
    const records = node.ready(topic, count);
    if (records.length !== count)
      throw new Error(`again, ${name} finds ${records.length} records of ${topic} instead of ${count}`);
    await node.consume(topic, records);
  }
  if (digestOf(bus, exchange) !== digest)
    throw new Error('the same batches without a crash come to something else');
}
