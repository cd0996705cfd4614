import { randomStream, type RandomStream } from '#lib/runtime';
import { InvalidInputError } from '#lib/errors';
import type { MarketSignals } from '../market/market-signals.js';
import type { Venue } from '../venues/venue.js';
import { type TraderFlow, sizeText } from './flow.js';
import { conviction, TEMPERS, type TraderKind } from './strategy.js';

export interface PopulationOptions {
  readonly seed: number;
  readonly accounts: number;
  readonly markets: number;
  /** expected decisions of ordinary traders in a bar */
  readonly decisionsPerBar: number;
  /** median collateral of an ordinary trader, money */
  readonly medianCollateral: number;
  /** collateral of the whale, and of each of the attacker's accounts; 0: there is none */
  readonly whale: number;
  readonly attacker: number;
}

interface Trader {
  readonly name: string;
  readonly kind: TraderKind;
  readonly collateral: number;
  readonly leverage: number;
  /** the market the trader knows best */
  readonly home: number;
}

const HOLDING_DAYS = 2;
const ATTACK_EVERY = 24;
const WHALE_EVERY = 6;
/** Collateral below which a trader may pay in again, and above which one takes out, in multiples of the first payment. */
const POOR = 0.25;
const RICH = 3;
/** Changes of less than this share of the full position are not worth a trade. */
const LEAST_CHANGE = 0.1;

/**
 * A seeded population whose flow reacts to prices, funding and premia. Who decides in a bar, in which market and in what mood is drawn
 * before anything is asked of the venue, so that two rule sets see the same traders with the same wishes.
 */
export class Population implements TraderFlow {
  readonly traders: readonly Trader[];
  private joined = false;
  private commands = 0;

  /** @throws {InvalidInputError} for no traders */
  constructor(private readonly options: PopulationOptions) {
    const { accounts, seed } = options;
    if (!(Number.isInteger(accounts) && accounts >= 4))
      throw new InvalidInputError('accounts', `must be a whole number of at least 4, got ${accounts}`);
    this.traders = tradersOf(randomStream(seed), options);
  }

  act(bar: number, venue: Venue, signals: MarketSignals): void {
    if (!venue.ready()) return;
    if (!this.joined) {
      this.joined = true;
      for (const { name, collateral } of this.traders) venue.deposit(this.id(), name, collateral);
    }
    const { seed, decisionsPerBar, accounts, markets } = this.options;
    const random = randomStream((seed * 0x9e3779b1 + bar * 0x85ebca6b) >>> 0);
    for (let count = poisson(random, decisionsPerBar); count > 0; count--) {
      const trader = this.traders[Math.floor(accounts * random.uniform())];
      const elsewhere = Math.floor(markets * random.uniform() ** 1.5);
      const market = random.uniform() < 0.6 ? trader.home : elsewhere;
      this.decide(trader, market, venue, signals, random.uniform(), random.uniform());
    }
    for (let i = accounts; i < this.traders.length; i++) {
      const trader = this.traders[i];
      const mood = random.uniform();
      if (trader.kind === 'whale' && bar % WHALE_EVERY === 0)
        this.decide(trader, trader.home, venue, signals, mood, 1);
    }
    if (bar % ATTACK_EVERY === 0) this.attack(venue, signals);
  }

  /** A trader looks at a market: pays in or takes out, then moves its position to where it wants it. */
  private decide(
    { name, kind, collateral, leverage }: Trader,
    market: number,
    venue: Venue,
    signals: MarketSignals,
    mood: number,
    stubbornness: number,
  ): void {
    const price = signals.prices[market];
    if (!(price > 0)) return;
    let equity = venue.equity(name);
    if (equity < POOR * collateral && stubbornness < 0.5) {
      venue.deposit(this.id(), name, collateral);
      equity = venue.equity(name);
    } else if (equity > RICH * collateral) {
      venue.withdraw(this.id(), name, Math.floor(equity - (RICH - 1) * collateral));
      equity = venue.equity(name);
    }
    const volatility = signals.volatility[market];
    const carry = (venue.fundingRate(market) * HOLDING_DAYS) / 365 / volatility;
    const wish = conviction(kind, {
      trend: signals.trend[market],
      deviation: signals.deviation[market],
      carry,
      mood,
    });
    const full = leverage * Math.max(0, Math.min(equity, RICH * collateral));
    const held = venue.size(name, market) * price;
    // Half of the leverage's limit goes into one market.
    const change = 0.5 * full * wish - held;
    if (Math.abs(change) < LEAST_CHANGE * full || change === 0) return;
    const reduceOnly = held !== 0 && held > 0 !== change > 0 && Math.abs(change) <= Math.abs(held);
    const maximumCost = TEMPERS[kind].patience * volatility;
    // A part costs less than its share: the price of a trade is convex.
    for (let share = 1; share > LEAST_CHANGE; share /= 2) {
      const size = sizeText((share * change) / price);
      if (size === undefined) return;
      const intent = { id: this.id(), account: name, market, size, reduceOnly, maximumCost };
      if (venue.trade(intent) !== 'too-dear') return;
    }
  }

  /**
   * Two accounts of one owner hold opposite positions with all the leverage there is, in the market that moves most. Each day the one
   * that won is emptied, the one that lost is left behind with its debt, and both begin again.
   */
  private attack(venue: Venue, signals: MarketSignals): void {
    const pair = this.traders.filter(({ kind }) => kind === 'attacker');
    if (pair.length < 2) return;
    const market = signals.volatility.reduce(
      (most, value, i) => (signals.prices[i] > 0 && value > (signals.volatility[most] ?? 0) ? i : most),
      0,
    );
    const price = signals.prices[market];
    if (!(price > 0)) return;
    pair.forEach(({ name, collateral, leverage }, i) => {
      for (let other = 0; other < this.options.markets; other++) {
        const size = sizeText(-venue.size(name, other));
        if (size === undefined) continue;
        const command = { id: this.id(), account: name, market: other, size };
        venue.trade({ ...command, reduceOnly: true, maximumCost: Infinity });
      }
      if (venue.equity(name) > 0) venue.withdraw(this.id(), name, 'available');
      venue.deposit(this.id(), name, collateral);
      // As much as is taken: a half, then a quarter, where all is refused.
      for (let share = 1; share > 0.1; share /= 2) {
        const size = sizeText(((i === 0 ? 1 : -1) * share * leverage * collateral) / price);
        if (size === undefined) break;
        const intent = { id: this.id(), account: name, market, size, reduceOnly: false };
        if (venue.trade({ ...intent, maximumCost: Infinity }) === 'booked') break;
      }
    });
  }

  private id(): string {
    return `lab-${++this.commands}`;
  }
}

function tradersOf(random: RandomStream, options: PopulationOptions): Trader[] {
  const { accounts, markets, medianCollateral, whale, attacker } = options;
  const kinds = (Object.keys(TEMPERS) as TraderKind[]).filter((kind) => TEMPERS[kind].share > 0);
  const traders: Trader[] = [];
  for (let i = 0; i < accounts; i++) {
    const draw = random.uniform();
    let sum = 0;
    const kind = kinds.find((each) => draw < (sum += TEMPERS[each].share)) ?? 'noise';
    const [low, high] = TEMPERS[kind].leverage;
    traders.push({
      name: `${kind}-${i}`,
      kind,
      collateral: Math.round(medianCollateral * Math.exp(random.normal())),
      leverage: low + (high - low) * random.uniform(),
      home: Math.floor(markets * random.uniform() ** 1.5),
    });
  }
  if (whale > 0)
    traders.push({
      name: 'whale',
      kind: 'whale',
      collateral: whale,
      leverage: 6,
      home: Math.min(3, markets - 1),
    });
  if (attacker > 0)
    for (const name of ['attacker-a', 'attacker-b'])
      traders.push({ name, kind: 'attacker', collateral: attacker, leverage: 20, home: 0 });
  return traders;
}

/** By counting exponential waits. */
function poisson(random: RandomStream, mean: number): number {
  let count = 0;
  for (let wait = -Math.log(1 - random.uniform()); wait < mean; wait -= Math.log(1 - random.uniform()))
    count++;
  return count;
}
