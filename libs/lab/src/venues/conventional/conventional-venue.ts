import { YEAR_MS } from '#lib/amounts';
import { type BarInput, type Listener, type TradeIntent, type TradeOutcome, type Venue } from '../venue.js';
import { AccountTable } from './account-table.js';
import { BookForecast } from './book-forecast.js';
import { deleverage } from './deleveraging.js';
import { MarketLoads } from './market-loads.js';
import type { ConventionalRules } from './rules.js';

export interface ConventionalSettings {
  /** capital of the market maker, or pool, that takes the traders' net position */
  readonly liquidity: number;
  /** the insurance fund's share */
  readonly insuranceShare: number;
  /** of the EVaR that capital is held against */
  readonly alpha: number;
}

const REFERENCE_NOTIONAL = 100_000;
const TENTHS = 10;
/** Room for rounding where a bound lets an account be passed over. */
const CERTAIN = 1 + 1e-9;

/**
 * An exchange as most are: traders against an order book whose maker takes the net, margin by rule, liquidations at the mark, an
 * insurance fund, then ranked auto-deleveraging or the pool. Liquidations have no slippage here, which flatters these rules.
 */
export class ConventionalVenue implements Venue {
  private readonly table: AccountTable;
  private readonly loads: MarketLoads;
  private readonly prices: Float64Array;
  private readonly rates: Float64Array;
  private forecast: BookForecast | undefined;
  private makerCash: number;
  private fund: number;
  private fees = 0;
  private time: number | undefined;
  private last: { exchange: number; liquidity: number; uncovered: number };

  constructor(
    readonly markets: readonly string[],
    private readonly rules: ConventionalRules,
    private readonly settings: ConventionalSettings,
    private readonly tell: Listener,
  ) {
    const n = markets.length;
    this.table = new AccountTable(n);
    this.loads = new MarketLoads(this.table);
    this.prices = this.loads.prices;
    this.rates = new Float64Array(n);
    this.fund = settings.liquidity * settings.insuranceShare;
    this.makerCash = settings.liquidity - this.fund;
    this.last = { exchange: this.fund, liquidity: this.makerCash, uncovered: 0 };
  }

  open({ time, values, forecast }: BarInput): void {
    const elapsed = this.time === undefined ? 0 : (time - this.time) / YEAR_MS;
    this.time = time;
    this.loads.price(values);
    if (forecast !== undefined) this.forecast = new BookForecast(forecast, this.markets);
    if (elapsed > 0) this.accrue(elapsed);
    this.liquidate('all');
  }

  close(): void {
    this.liquidate('changed');
    const net = this.net();
    const liquidity = this.makerCash - net.reduce((sum, value) => sum + value, 0);
    const exchange = this.fund + this.fees;
    const uncovered = Math.max(0, -(liquidity + this.fund));
    if (uncovered > this.last.uncovered)
      this.tell({ kind: 'uncovered', amount: uncovered - this.last.uncovered });
    const { alpha } = this.settings;
    const undercapitalised =
      this.forecast === undefined ? 0 : this.forecast.risk(net, alpha) - Math.max(0, liquidity + this.fund);
    const reference = {
      count: 1,
      markets: Uint16Array.of(0),
      notionals: Float64Array.of(REFERENCE_NOTIONAL),
    };
    const referenceMargin = this.rules.margin(reference, 'initial', this.loads.of) / REFERENCE_NOTIONAL;
    this.tell({
      kind: 'capital',
      exchange: exchange - this.last.exchange,
      liquidity: liquidity - this.last.liquidity,
      undercapitalised,
      referenceMargin,
      gross: this.markets.reduce((sum, _, i) => {
        const { openInterest, skew } = this.loads.of(i);
        return sum + 2 * openInterest - Math.abs(skew);
      }, 0),
    });
    this.last = { exchange, liquidity, uncovered: Math.max(uncovered, this.last.uncovered) };
  }

  ready(): boolean {
    return this.forecast !== undefined;
  }

  deposit(_id: string, account: string, amount: number): void {
    const at = this.table.of(account);
    this.table.pay(at, amount);
    this.tell({ kind: 'paid-in', account, amount });
  }

  withdraw(_id: string, account: string, amount: number | 'available'): void {
    const at = this.table.of(account);
    const free = this.equityOf(at) - this.margin(at, 'initial');
    // Gains are paid when they are realised.
    const most = Math.max(0, Math.min(free, this.table.collateral(at)));
    const asked = amount === 'available' ? most : amount;
    if (asked > most || asked <= 0) {
      this.tell({ kind: 'refused', account, code: 'insufficient-margin' });
      return;
    }
    this.table.pay(at, -asked);
    this.tell({ kind: 'paid-out', account, amount: asked });
  }

  trade({ account, market, size: text, reduceOnly, maximumCost }: TradeIntent): TradeOutcome {
    const { table, rules } = this;
    const at = table.of(account);
    const mark = this.prices[market];
    const refuse = (code: string): TradeOutcome => {
      this.tell({ kind: 'refused', account, code });
      return 'refused';
    };
    if (!(mark > 0)) return refuse('unknown-market');
    let size = Number(text);
    const held = table.size(at, market);
    if (reduceOnly) {
      if (held === 0 || held > 0 === size > 0) return refuse('nothing-to-reduce');
      if (Math.abs(size) > Math.abs(held)) size = -held;
    }
    const notional = Math.abs(size) * mark;
    const share = rules.impact(size * mark, this.loads.of(market)) + rules.takerFee;
    if (!reduceOnly && share > maximumCost) {
      this.tell({ kind: 'too-dear', account, market: this.markets[market], cost: share * notional });
      return 'too-dear';
    }
    const reduces = held !== 0 && held > 0 !== size > 0 && Math.abs(size) <= Math.abs(held);
    const fee = rules.takerFee * notional;
    const price = mark * (1 + Math.sign(size) * (share - rules.takerFee));
    this.move(at, market, size, price);
    table.pay(at, -fee);
    if (!reduces && this.equityOf(at) < this.margin(at, 'initial')) {
      table.pay(at, fee);
      this.move(at, market, -size, price);
      return refuse('insufficient-margin');
    }
    this.fees += fee;
    this.tell({ kind: 'traded', account, market: this.markets[market], notional, cost: share * notional });
    if (reduces) this.settleBankrupt(at, new Float64Array(this.markets.length));
    return 'booked';
  }

  equity(account: string): number {
    return this.equityOf(this.table.of(account));
  }

  claims(): number {
    let claims = 0;
    for (let account = 0; account < this.table.count; account++) claims += this.equityOf(account);
    return claims;
  }

  size(account: string, market: number): number {
    return this.table.size(this.table.of(account), market);
  }

  fundingRate(market: number): number {
    return this.rates[market];
  }

  /** Funding between the traders, and the maker for the net. */
  private accrue(elapsed: number): void {
    const { table, prices, rates } = this;
    const n = this.markets.length;
    const due = new Float64Array(n);
    const paid = new Float64Array(n);
    for (let market = 0; market < n; market++) {
      if (!(prices[market] > 0)) continue;
      rates[market] = this.rules.funding(market, this.loads.of(market), elapsed);
      due[market] = rates[market] * elapsed * prices[market];
    }
    table.accrue(due, paid);
    for (const amount of paid) this.makerCash += amount;
  }

  /** @param which accounts are looked at: between two bars the prices stay, and so does everybody's health who has not traded */
  private liquidate(which: 'all' | 'changed'): void {
    const { mostMaintenance } = this.rules;
    for (let account = 0; account < this.table.count; account++) {
      if (!this.table.seen(account) && which === 'changed') continue;
      const gross = this.table.gross(account, this.prices);
      if (gross === 0) continue;
      const equity = this.equityOf(account);
      if (equity >= mostMaintenance * gross * CERTAIN) continue;
      if (equity < this.margin(account, 'maintenance')) this.liquidateAccount(account);
    }
  }

  private liquidateAccount(account: number): void {
    const { table, rules } = this;
    const before = table.sizesOf(account);
    const healthy = () => this.equityOf(account) >= this.margin(account, 'maintenance');
    const { count, markets, notionals } = table.holdings(account, this.prices);
    const x = new Map(Array.from({ length: count }, (_, j) => [markets[j], Math.abs(notionals[j])]));
    const largestFirst = [...x.keys()].sort((i, j) => x.get(j)! - x.get(i)! || i - j);
    if (rules.style === 'by-tier') {
      for (let tier = rules.tiers.length - 1; tier > 0 && !healthy(); tier--)
        for (const market of largestFirst) {
          const notional = Math.abs(table.size(account, market)) * this.prices[market];
          if (notional > rules.tiers[tier]) this.shut(account, market, 1 - rules.tiers[tier] / notional);
        }
    } else if (rules.style === 'by-tenths') {
      for (let left = TENTHS; left > 1 && this.equityOf(account) > 0 && !healthy(); left--)
        for (const market of largestFirst) this.shut(account, market, 1 / left);
    } else if (rules.style === 'by-position') {
      for (const market of largestFirst) if (!healthy()) this.shut(account, market, 1);
    }
    if (!healthy()) for (const market of largestFirst) this.shut(account, market, 1);
    this.settleBankrupt(account, before);
  }

  /** Closes a share of a position at the mark, for the fee that the account can pay. */
  private shut(account: number, market: number, share: number): void {
    const { table, rules } = this;
    const held = table.size(account, market);
    const size = share >= 1 ? -held : -held * share;
    if (size === 0) return;
    const notional = Math.abs(size) * this.prices[market];
    this.move(account, market, size, this.prices[market]);
    const fee = Math.max(0, Math.min(rules.liquidationFee * notional, this.equityOf(account)));
    table.pay(account, -fee);
    this.fund += fee;
    this.tell({
      ...{ kind: 'liquidated', account: table.names[account], market: this.markets[market] },
      ...{ notional, cost: fee },
    });
  }

  /** An account without positions that owes: the fund pays, then the others. */
  private settleBankrupt(account: number, closed: Float64Array): void {
    const { table, rules } = this;
    if (!table.isFlat(account)) return;
    const loss = -table.cash[account];
    if (loss <= 0) return;
    table.pay(account, loss);
    this.tell({ kind: 'bankrupt', account: table.names[account], loss });
    const paid = Math.min(Math.max(0, this.fund), loss);
    this.fund -= paid;
    let unpaid = loss - paid;
    if (unpaid > 0 && rules.backstop === 'deleveraging') {
      const outcome = deleverage(table, this.prices, closed, unpaid);
      for (const { account: other, market, size, cut } of outcome.closed) {
        this.move(other, market, size, this.prices[market]);
        table.pay(other, -cut);
        const notional = Math.abs(size) * this.prices[market];
        const event = { account: table.names[other], market: this.markets[market], notional, cut };
        this.tell({ kind: 'deleveraged', ...event });
      }
      unpaid = outcome.unpaid;
    }
    // The maker, or pool, has received less than it was owed.
    this.makerCash -= unpaid;
  }

  /** A trade against the maker. */
  private move(account: number, market: number, size: number, price: number): void {
    this.table.trade(account, market, size, price);
    this.makerCash += size * price;
    this.loads.traded(market);
  }

  /** Traders' net notional by market. */
  private net(): Float64Array {
    return Float64Array.from(this.markets, (_, i) => this.loads.of(i).skew);
  }

  private margin(account: number, level: 'initial' | 'maintenance'): number {
    return this.rules.margin(this.table.holdings(account, this.prices), level, this.loads.of);
  }

  private equityOf(account: number): number {
    return this.table.equity(account, this.prices);
  }
}
