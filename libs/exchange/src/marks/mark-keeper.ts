// Long because every way in which a price becomes a mark is decided here, and nowhere else.
import { formatDecimal, PRICE_DECIMALS, roundDecimal, toNumber } from '#lib/amounts';
import { InvalidInputError } from '#lib/errors';
import { type MarketMode, type MarkQuality, type MarketState, stateOf } from './action-table.js';
import { commonMove, residualOf } from './common-move.js';
import {
  type ConfirmedMark,
  confirmed,
  type Confirmation,
  type HeldPrice,
  type ObservedPrice,
} from './confirmed-mark.js';
import { UnknownMarketError } from './errors.js';
import type { IndexPrice } from './index-price.js';
import { type MarkParameters, UNNAMED_SOURCE, type WeightedSource } from './mark-parameters.js';
import { type MarketMarkState, MarkedMarket } from './marked-market.js';
import { type MarketOrder, requireMarketOrder } from './market-order.js';
import { MarketTime, type MarketTimeState } from './market-time.js';
import { type RescaleFactor, rescaleFactor } from './rescaled-market.js';
import { TickRefusedError } from './tick-refusal.js';

export interface MarkKeeperState {
  readonly clock: MarketTimeState;
  /** when the last order was issued */
  readonly orderedAt: number;
  readonly markets: readonly MarketMarkState[];
}

/**
 * Observed prices in, marks out: a weighted median over sources, and a band that a move must stay in to follow at once.
 * A larger move is held back until independent sources agree on it, the only source repeats it, the other markets make
 * it too, or the operator confirms it. Everybody who reads the same messages in the same order keeps the same marks.
 */
export class MarkKeeper {
  private readonly markets = new Map<string, MarkedMarket>();
  private readonly clock: MarketTime;
  private readonly heldMarkets = new Set<string>();
  private readonly changed = new Set<string>();
  private orderedAt: number;

  constructor(
    private readonly parameters: MarkParameters,
    state?: MarkKeeperState,
  ) {
    this.clock = new MarketTime(parameters, state?.clock);
    this.orderedAt = state?.orderedAt ?? 0;
    for (const each of state?.markets ?? []) {
      this.markets.set(each.market, this.made(each.market, each.ordinal, each));
      if (each.held !== null) this.heldMarkets.add(each.market);
    }
  }

  get now(): number {
    return this.clock.now;
  }

  /** A keeper of the same marks by other parameters; every market counts as changed. */
  under(parameters: MarkParameters): MarkKeeper {
    const keeper = new MarkKeeper(parameters, this.snapshot());
    for (const name of this.markets.keys()) keeper.changed.add(name);
    return keeper;
  }

  names(): string[] {
    return [...this.markets.keys()].sort();
  }

  /** Whether a market has been seen: it may have no mark yet. */
  isKnown(market: string): boolean {
    return this.markets.has(market);
  }

  mark(market: string): ConfirmedMark | undefined {
    return this.markets.get(market)?.mark;
  }

  held(market: string): HeldPrice | undefined {
    return this.markets.get(market)?.held;
  }

  /** Fresh sources in the index, and how many the market has. */
  sources(market: string): { fresh: number; known: number } {
    const known = this.markets.get(market);
    return { fresh: known?.index?.sources ?? 0, known: this.sourcesOf(market).length };
  }

  /** Half-width of the price, a share: as reported, or half the spread of the middle half of the sources. */
  confidence(market: string): number {
    return this.markets.get(market)?.confidence ?? 0;
  }

  /** Time-weighted average of the confirmed marks. */
  average(market: string): number | undefined {
    return this.markets.get(market)?.average.at(this.now);
  }

  mode(market: string): MarketMode {
    return this.markets.get(market)?.mode ?? 'open';
  }

  /** Factors a market was rescaled by so far, multiplied. */
  scale(market: string): number {
    return this.markets.get(market)?.scale ?? 1;
  }

  /** Market time of a market's last rescaling or delisting: earlier terms are in another unit, or void. */
  termsSince(market: string): number {
    return this.markets.get(market)?.termsSince ?? 0;
  }

  /** How good the mark is now; undefined before there is one. */
  quality(market: string): MarkQuality | undefined {
    return this.markets.get(market)?.quality(this.now);
  }

  state(market: string): MarketState | undefined {
    const quality = this.quality(market);
    return quality === undefined ? undefined : stateOf(quality, this.mode(market));
  }

  /** Silence after which a market is stale: a multiple of the median interval of its marks, within bounds. */
  staleAfter(name: string): number {
    return this.markets.get(name)?.staleAfterMs ?? this.parameters.maximumStaleMs;
  }

  /**
   * Takes a watermark: its source says that nothing at or before `until` will follow.
   *
   * @throws {TickRefusedError}
   */
  watermark(until: number, appendedAt?: number): void {
    this.clock.advance(this.clock.timeOf(until, 'a watermark', appendedAt));
  }

  /**
   * Takes an observed price.
   *
   * @returns the marks that it confirms: its own, those of other markets where a common move becomes plain, or none
   *   where it is held back
   * @throws {TickRefusedError} for a tick that is not taken
   */
  take(tick: ObservedPrice): ConfirmedMark[] {
    const { market: name, source = UNNAMED_SOURCE, sequence } = tick;
    const what = `${name} ${tick.price} of ${source}`;
    const sources = this.sourcesOf(name);
    if (!sources.some((each) => each.source === source))
      throw new TickRefusedError('unknown-source', what, tick.time);
    const exact = roundDecimal(tick.price, PRICE_DECIMALS, `${name}.price`);
    if (exact <= 0n) throw new TickRefusedError('not-positive', what, tick.time);
    const time = this.clock.timeOf(tick.time, what, tick.appendedAt);
    const market = this.open(name);
    if (market.mode === 'closed') throw new TickRefusedError('closed', what, tick.time);
    const last = market.last.get(source);
    this.changed.add(name);
    if (last !== undefined && (time < last.time || (time === last.time && sequence <= last.sequence))) {
      throw new TickRefusedError(
        time === last.time && sequence === last.sequence ? 'duplicate' : 'late',
        what,
        tick.time,
      );
    }
    market.last.set(source, {
      price: toNumber(exact, PRICE_DECIMALS),
      text: formatDecimal(exact, PRICE_DECIMALS),
      time,
      sequence,
      confidence: tick.confidence === undefined ? 0 : Number(tick.confidence),
    });
    return this.judge(market, time);
  }

  /**
   * Carries out an order of the operator.
   *
   * @returns the marks that it confirms
   * @throws {MarketOrderError | InvalidInputError | UnknownMarketError} where it is not the operator's, or not possible
   */
  order(order: MarketOrder): ConfirmedMark[] {
    this.requireOrder(order);
    const marks = this.carryOut(order);
    this.orderedAt = order.issuedAt;
    return marks;
  }

  /** @throws {MarketOrderError} where an order is not the operator's, or is an old one sent again */
  requireOrder(order: MarketOrder): void {
    requireMarketOrder(this.parameters.orderSecret, order, this.orderedAt);
  }

  private carryOut({ order, market, issuedAt, factor, price }: MarketOrder): ConfirmedMark[] {
    switch (order) {
      case 'rescale':
        return [this.rescale(market, rescaleFactor(factor))];
      case 'delist':
        return [this.delist(market, price)];
      case 'bust':
        // The books' alone: marks do not change.
        return [];
      case 'confirm':
        return [this.confirm(market)];
      case 'refuse':
        this.refuse(market);
        return [];
      case 'accept-time':
        this.clock.accept(issuedAt);
        return [];
      case 'halt':
        this.setMode(market, 'halted');
        return [];
      case 'reduce-only':
        this.setMode(market, 'reduce-only');
        return [];
      case 'resume':
        if (this.mode(market) === 'closed') this.relist(market);
        else this.setMode(market, 'open');
        return [];
    }
  }

  /** A delisted market is listed anew, from nothing: terms of before are void. */
  private relist(name: string): void {
    const { ordinal, termsSince } = this.required(name);
    this.begin(name, ordinal).termsSince = termsSince;
  }

  private rescale(name: string, factor: RescaleFactor): ConfirmedMark {
    const mark = this.required(name).rescale(factor, this.now);
    this.changed.add(name);
    this.heldMarkets.delete(name);
    return mark;
  }

  /**
   * Ends a halted market at a price. Its name stays, so that a late tick does not open it again.
   *
   * @returns the last mark: the price that positions are settled at
   * @throws {InvalidInputError} where the market is not halted, or no price is stated
   */
  private delist(name: string, price: string | undefined): ConfirmedMark {
    const market = this.required(name);
    const mark = market.requireHalted('delisted');
    if (price === undefined)
      throw new InvalidInputError('price', 'is needed: the price that every position is settled at');
    const settled = confirmed(name, roundDecimal(price, PRICE_DECIMALS, 'price'), mark.time, 'operator');
    if (settled.price <= 0n) throw new InvalidInputError('price', 'must be positive');
    this.heldMarkets.delete(name);
    const closed = this.begin(name, market.ordinal);
    [closed.mark, closed.mode, closed.termsSince] = [settled, 'closed', this.now];
    return settled;
  }

  /** Confirms the move that is held back in a market. @throws {InvalidInputError} where none is */
  confirm(name: string): ConfirmedMark {
    const market = this.required(name);
    if (market.held === undefined) throw new InvalidInputError('market', `${name} has no move to confirm`);
    return this.put(market, market.held, market.held.time, 'operator');
  }

  /** Discards the move that is held back in a market. @throws {InvalidInputError} where none is */
  refuse(name: string): void {
    const market = this.required(name);
    this.changed.add(name);
    if (market.held === undefined) throw new InvalidInputError('market', `${name} has no move to refuse`);
    market.held = undefined;
    this.heldMarkets.delete(name);
    market.move = 0;
  }

  /** Sets the operator's restriction of a market. @throws {InvalidInputError} for one that is delisted */
  setMode(name: string, mode: MarketMode): void {
    const market = this.required(name);
    this.changed.add(name);
    if (market.mode === 'closed') throw new InvalidInputError('market', `${name} is delisted`);
    market.mode = mode;
  }

  snapshot(): MarkKeeperState {
    return this.stateOf(this.markets.keys());
  }

  /** The {@link snapshot} with those markets alone that have changed since this was called last. */
  changes(): MarkKeeperState {
    const state = this.stateOf(this.changed);
    this.changed.clear();
    return state;
  }

  private stateOf(names: Iterable<string>): MarkKeeperState {
    return {
      clock: this.clock.snapshot(),
      orderedAt: this.orderedAt,
      markets: Array.from(names, (name) => this.markets.get(name)!.snapshot()),
    };
  }

  /** Decides whether a market's index, which has just changed, becomes its mark. */
  private judge(market: MarkedMarket, time: number): ConfirmedMark[] {
    const { parameters } = this;
    const index = market.look(time);
    if (index === undefined || index.sources < Math.min(parameters.quorum, market.sources.length)) return [];
    const { moves } = market;
    // While a move is held back the band does not grow: waiting must not make a wrong price right.
    const bandTime = market.held?.uncertainSince ?? time;
    const band = moves.band(bandTime);
    const move = moves.moveTo(index.price);
    const deviation = moves.deviation(bandTime);
    market.move = deviation === 0 ? 0 : move / deviation;
    market.movedAt = time;
    if (moves.anchor === null) {
      const agree = this.agreeing(index, band / 2) === index.sources;
      if (agree) return [this.put(market, index, time, 'first')];
    } else if (Math.abs(move) <= band) {
      return [this.put(market, index, time, 'band'), ...this.confirmCommon(market, time)];
    }
    const held = market.hold(index, time, band);
    this.heldMarkets.add(market.name);
    if (index.sources > 1) {
      const dissent = index.sources - this.agreeing(index, band / 2);
      // Of n sources (n − 1)/3 may lie in any way and the others still be told apart.
      if (moves.anchor !== null && dissent <= Math.floor((market.sources.length - 1) / 3))
        return [this.put(market, index, time, 'sources'), ...this.confirmCommon(market, time)];
    } else if (
      held.ticks >= parameters.confirmations &&
      time - held.since >= parameters.confirmOverMs &&
      // A feed that has changed its unit repeats itself for ever.
      (moves.anchor === null || Math.abs(move) <= parameters.repeatedAtMost)
    ) {
      return [this.put(market, index, time, 'repeated'), ...this.confirmCommon(market, time)];
    }
    return this.confirmCommon(market, time);
  }

  private agreeing({ price, prices }: IndexPrice, within: number): number {
    return prices.filter((each) => Math.abs(Math.log(each / price)) <= within).length;
  }

  /** Confirms the held moves that the other markets share. `changed` has just moved. */
  private confirmCommon(changed: MarkedMarket, time: number): ConfirmedMark[] {
    if (this.heldMarkets.size === 0) return [];
    const { bandDeviations, commonMarkets } = this.parameters;
    // A market that stands still makes no move common.
    if (changed.held === undefined && Math.abs(changed.move) < bandDeviations / 3) return [];
    const marks: ConfirmedMark[] = [];
    for (const name of [...this.heldMarkets]) {
      const market = this.markets.get(name)!;
      const { anchor } = market.moves;
      if (anchor === null) continue;
      const others: number[] = [];
      let known = 0;
      for (const other of this.markets.values()) {
        if (other === market || other.mark === undefined) continue;
        known++;
        if (other.movedAt > anchor.time && time - other.movedAt <= this.parameters.sourceStaleMs)
          others.push(other.move);
      }
      if (others.length < commonMarkets || 2 * others.length < known) continue;
      if (Math.abs(residualOf(market.move, commonMove(others))) <= bandDeviations)
        marks.push(this.put(market, market.held!, market.held!.time, 'common'));
    }
    return marks;
  }

  private put(
    market: MarkedMarket,
    { text }: { text: string },
    time: number,
    by: Confirmation,
  ): ConfirmedMark {
    const mark = market.put(text, time, by);
    this.changed.add(market.name);
    this.heldMarkets.delete(market.name);
    this.clock.advance(time);
    return mark;
  }

  private sourcesOf(market: string): readonly WeightedSource[] {
    const { sources } = this.parameters;
    return (Object.hasOwn(sources, market) ? sources[market] : undefined) ?? sources.default;
  }

  private required(name: string): MarkedMarket {
    const market = this.markets.get(name);
    if (market === undefined) throw new UnknownMarketError(name);
    return market;
  }

  private open(name: string): MarkedMarket {
    return this.markets.get(name) ?? this.begin(name, this.markets.size);
  }

  /** A market that begins from nothing; it replaces one of the same name. */
  private begin(name: string, ordinal: number): MarkedMarket {
    this.changed.add(name);
    const market = this.made(name, ordinal);
    this.markets.set(name, market);
    return market;
  }

  private made(name: string, ordinal: number, state?: MarketMarkState): MarkedMarket {
    return new MarkedMarket(name, ordinal, this.sourcesOf(name), this.parameters, state);
  }
}
