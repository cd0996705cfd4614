import { formatDecimal, parseDecimal, PRICE_DECIMALS, roundDecimal, toNumber } from '#lib/amounts';
import { InvalidInputError } from '#lib/errors';
import { type MarketMode, type MarkQuality, type MarketState, stateOf } from './action-table.js';
import { commonMove, residualOf } from './common-move.js';
import { UnknownMarketError } from './errors.js';
import { type IndexPrice, indexPrice, type SourcePrice } from './index-price.js';
import { type MarkParameters, UNNAMED_SOURCE, type WeightedSource } from './mark-parameters.js';
import { type MarketOrder, requireMarketOrder } from './market-order.js';
import { MarketTime, type MarketTimeState } from './market-time.js';
import { OwnMoves, type OwnMovesState } from './own-moves.js';
import { type RescaleFactor, rescaledPrice, rescaledText, rescaleFactor } from './rescaled-market.js';
import { TickRefusedError } from './tick-refusal.js';
import { TimeWeightedAverage, type TimeWeightedAverageState } from './time-weighted-average.js';

/** An observed price as it comes from the log. */
export interface ObservedPrice {
  readonly market: string;
  readonly price: string;
  readonly source?: string | undefined;
  /** half-width, in price units */
  readonly confidence?: string | undefined;
  readonly time: number;
  /** the source's own counter; decides between ticks of one time */
  readonly sequence: number;
  /** when the log took it */
  readonly appendedAt?: number | undefined;
}

/** Reason for a price to become the mark. */
export type Confirmation = 'first' | 'band' | 'sources' | 'repeated' | 'common' | 'operator';

/** A price that has become the mark. */
export interface ConfirmedMark {
  readonly market: string;
  readonly price: bigint;
  readonly value: number;
  readonly text: string;
  readonly time: number;
  readonly by: Confirmation;
}

/** A price that is held back until it is confirmed. */
export interface HeldPrice {
  readonly price: number;
  readonly text: string;
  /** when the market became uncertain; other prices may have been held since */
  readonly uncertainSince: number;
  /** of the first and the last tick that said so */
  readonly since: number;
  readonly time: number;
  readonly ticks: number;
}

interface Market {
  readonly ordinal: number;
  readonly sources: readonly WeightedSource[];
  readonly last: Map<string, SourcePrice>;
  readonly moves: OwnMoves;
  readonly average: TimeWeightedAverage;
  /** factors it was rescaled by so far */
  scale: number;
  /** market time since which sizes are in the present unit; 0 where always */
  termsSince: number;
  mark: ConfirmedMark | undefined;
  held: HeldPrice | undefined;
  index: IndexPrice | undefined;
  mode: MarketMode;
  /** standardised size of the last move, held ones included, and when it was seen */
  move: number;
  movedAt: number;
  /** intervals between the latest confirmed marks, milliseconds */
  readonly intervals: number[];
  staleAfterMs: number;
}

/** All that a keeper remembers of a market, plain data. */
export interface MarketMarkState {
  readonly market: string;
  /** 0, 1, 2 …: markets in the order in which they were first seen */
  readonly ordinal: number;
  readonly mark: readonly [text: string, time: number, by: Confirmation] | null;
  readonly held: HeldPrice | null;
  readonly mode: MarketMode;
  readonly scale: number;
  readonly termsSince: number;
  readonly moves: OwnMovesState;
  readonly move: readonly [size: number, at: number];
  readonly intervals: readonly number[];
  readonly average: TimeWeightedAverageState | null;
  readonly last: readonly (readonly [source: string, price: SourcePrice])[];
}

export interface MarkKeeperState {
  readonly clock: MarketTimeState;
  /** when the last order was issued */
  readonly orderedAt: number;
  readonly markets: readonly MarketMarkState[];
}

const INTERVALS_KEPT = 15;
const INTERVALS_NEEDED = 3;

/**
 * Observed prices in, marks out: a weighted median over sources, and a band that a move must stay in to follow at once.
 * A larger move is held back until independent sources agree on it, the only source repeats it, the other markets make
 * it too, or the operator confirms it. Everybody who reads the same messages in the same order keeps the same marks.
 */
export class MarkKeeper {
  private readonly markets = new Map<string, Market>();
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
    for (const each of state?.markets ?? []) this.restore(each);
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
    const known = this.markets.get(market);
    return known === undefined ? 0 : confidenceOf(known);
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
  quality(name: string): MarkQuality | undefined {
    const market = this.markets.get(name);
    if (market?.mark === undefined) return market?.held === undefined ? undefined : 'uncertain';
    if (this.now - market.mark.time > market.staleAfterMs) return 'stale';
    if (market.held !== undefined) return 'uncertain';
    return confidenceOf(market) > this.parameters.wideConfidence ? 'wide' : 'ok';
  }

  state(market: string): MarketState | undefined {
    const quality = this.quality(market);
    return quality === undefined ? undefined : stateOf(quality, this.mode(market));
  }

  /** Silence after which a market is stale: a multiple of the median interval of its marks, within bounds. */
  staleAfter(name: string): number {
    return this.markets.get(name)?.staleAfterMs ?? this.parameters.maximumStaleMs;
  }

  private staleAfterOf(intervals: readonly number[]): number {
    const { staleIntervals, minimumStaleMs, maximumStaleMs } = this.parameters;
    if (intervals.length < INTERVALS_NEEDED) return maximumStaleMs;
    const median = medianOf(intervals);
    return Math.min(maximumStaleMs, Math.max(minimumStaleMs, staleIntervals * median));
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
    return this.judge(name, market, time);
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
        // A delisted market is listed anew, from nothing.
        if (this.mode(market) === 'closed') this.begin(market, this.required(market).ordinal);
        else this.setMode(market, 'open');
        return [];
    }
  }

  /**
   * Takes a halted market to another unit: every price times the factor. A held-back move is discarded.
   *
   * @returns the mark in the new unit
   * @throws {InvalidInputError} where the market is not halted or has no mark, or the mark would be out of bounds
   */
  private rescale(name: string, factor: RescaleFactor): ConfirmedMark {
    const market = this.halted(name, 'rescaled');
    const price = rescaledPrice(market.mark.price, factor);
    if (price <= 0n) throw new InvalidInputError('factor', `leaves ${name} without a price`);
    this.changed.add(name);
    market.mark = confirmed(name, price, market.mark.time, 'operator');
    market.moves.rescale(factor.value);
    market.average.rescale(factor.value);
    for (const [source, last] of market.last)
      market.last.set(source, {
        ...last,
        price: last.price * factor.value,
        text: rescaledText(last.text, factor),
        confidence: last.confidence * factor.value,
      });
    market.index = undefined;
    market.scale *= factor.value;
    market.termsSince = this.now;
    this.release(name, market);
    return market.mark;
  }

  /**
   * Ends a halted market at a price. Its name stays, so that a late tick does not open it again.
   *
   * @returns the last mark: the price that positions are settled at
   * @throws {InvalidInputError} where the market is not halted, or no price is stated
   */
  private delist(name: string, price: string | undefined): ConfirmedMark {
    const { mark, ordinal } = this.halted(name, 'delisted');
    if (price === undefined)
      throw new InvalidInputError('price', 'is needed: the price that every position is settled at');
    const settled = confirmed(name, roundDecimal(price, PRICE_DECIMALS, 'price'), mark.time, 'operator');
    if (settled.price <= 0n) throw new InvalidInputError('price', 'must be positive');
    this.heldMarkets.delete(name);
    this.begin(name, ordinal, { mark: settled, mode: 'closed', termsSince: this.now });
    return settled;
  }

  /** A market that is halted and has a mark. @throws {UnknownMarketError | InvalidInputError} */
  private halted(name: string, done: string): Market & { mark: ConfirmedMark } {
    const market = this.required(name);
    if (market.mode !== 'halted')
      throw new InvalidInputError(
        'market',
        `${name} must be halted before it is ${done}; it is ${market.mode}`,
      );
    if (market.mark === undefined) throw new InvalidInputError('market', `${name} has no mark`);
    return market as Market & { mark: ConfirmedMark };
  }

  /** Confirms the move that is held back in a market. @throws {InvalidInputError} where none is */
  confirm(name: string): ConfirmedMark {
    const market = this.required(name);
    if (market.held === undefined) throw new InvalidInputError('market', `${name} has no move to confirm`);
    return this.put(name, market, market.held, market.held.time, 'operator');
  }

  /** Discards the move that is held back in a market. @throws {InvalidInputError} where none is */
  refuse(name: string): void {
    const market = this.required(name);
    this.changed.add(name);
    if (market.held === undefined) throw new InvalidInputError('market', `${name} has no move to refuse`);
    this.release(name, market);
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
      markets: Array.from(names, (name) => {
        const market = this.markets.get(name)!;
        return {
          market: name,
          ordinal: market.ordinal,
          mark: market.mark ? [market.mark.text, market.mark.time, market.mark.by] : null,
          held: market.held ?? null,
          mode: market.mode,
          scale: market.scale,
          termsSince: market.termsSince,
          moves: market.moves.snapshot(),
          move: [market.move, market.movedAt],
          intervals: [...market.intervals],
          average: market.average.snapshot(),
          last: [...market.last],
        };
      }),
    };
  }

  /** Decides whether a market's index, which has just changed, becomes its mark. */
  private judge(name: string, market: Market, time: number): ConfirmedMark[] {
    const { parameters } = this;
    const index = indexPrice(market.sources, market.last, time, parameters.sourceStaleMs, market.mark?.value);
    market.index = index;
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
      if (agree) return [this.put(name, market, index, time, 'first')];
    } else if (Math.abs(move) <= band) {
      return [this.put(name, market, index, time, 'band'), ...this.confirmCommon(market, time)];
    }
    const held = this.hold(name, market, index, time, band);
    if (index.sources > 1) {
      const dissent = index.sources - this.agreeing(index, band / 2);
      // Of n sources (n − 1)/3 may lie in any way and the others still be told apart.
      if (moves.anchor !== null && dissent <= Math.floor((market.sources.length - 1) / 3))
        return [this.put(name, market, index, time, 'sources'), ...this.confirmCommon(market, time)];
    } else if (
      held.ticks >= parameters.confirmations &&
      time - held.since >= parameters.confirmOverMs &&
      // A feed that has changed its unit repeats itself for ever.
      (moves.anchor === null || Math.abs(move) <= parameters.repeatedAtMost)
    ) {
      return [this.put(name, market, index, time, 'repeated'), ...this.confirmCommon(market, time)];
    }
    return this.confirmCommon(market, time);
  }

  /** Holds a price back: counts it with the held price if it is within a band, else starts anew. */
  private hold(name: string, market: Market, index: IndexPrice, time: number, band: number): HeldPrice {
    const { held } = market;
    const same = held !== undefined && Math.abs(Math.log(index.price / held.price)) <= band;
    market.held = {
      price: index.price,
      text: index.text,
      uncertainSince: held?.uncertainSince ?? time,
      since: same ? held.since : time,
      time,
      ticks: same ? held.ticks + 1 : 1,
    };
    this.heldMarkets.add(name);
    return market.held;
  }

  private agreeing({ price, prices }: IndexPrice, within: number): number {
    return prices.filter((each) => Math.abs(Math.log(each / price)) <= within).length;
  }

  /** Confirms the held moves that the other markets share. `changed` has just moved. */
  private confirmCommon(changed: Market, time: number): ConfirmedMark[] {
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
        marks.push(this.put(name, market, market.held!, market.held!.time, 'common'));
    }
    return marks;
  }

  private put(
    name: string,
    market: Market,
    { text }: { text: string },
    time: number,
    by: Confirmation,
  ): ConfirmedMark {
    const mark = confirmed(name, parseDecimal(text, PRICE_DECIMALS, 'price'), time, by);
    this.changed.add(name);
    if (market.mark !== undefined && time > market.mark.time) {
      market.intervals.push(time - market.mark.time);
      if (market.intervals.length > INTERVALS_KEPT) market.intervals.shift();
      market.staleAfterMs = this.staleAfterOf(market.intervals);
    }
    market.mark = mark;
    market.moves.confirm({ price: mark.value, time });
    market.average.set(mark.value, time);
    this.release(name, market);
    this.clock.advance(time);
    return mark;
  }

  private release(name: string, market: Market): void {
    market.held = undefined;
    this.heldMarkets.delete(name);
  }

  private sourcesOf(market: string): readonly WeightedSource[] {
    const { sources } = this.parameters;
    return (Object.hasOwn(sources, market) ? sources[market] : undefined) ?? sources.default;
  }

  private required(name: string): Market {
    const market = this.markets.get(name);
    if (market === undefined) throw new UnknownMarketError(name);
    return market;
  }

  private open(name: string): Market {
    return this.markets.get(name) ?? this.begin(name, this.markets.size);
  }

  /** A new market with the given state; it replaces one of the same name. */
  private begin(
    name: string,
    ordinal: number,
    known: Partial<Pick<Market, 'mark' | 'mode' | 'termsSince'>> = {},
  ): Market {
    this.changed.add(name);
    const market: Market = {
      ordinal,
      sources: this.sourcesOf(name),
      last: new Map(),
      moves: new OwnMoves(this.parameters),
      average: new TimeWeightedAverage(this.parameters.averageOverMs),
      ...{ mark: undefined, held: undefined, index: undefined, mode: 'open', move: 0, movedAt: 0 },
      ...{ scale: 1, termsSince: 0 },
      intervals: [],
      staleAfterMs: this.parameters.maximumStaleMs,
      ...known,
    };
    this.markets.set(name, market);
    return market;
  }

  private restore(state: MarketMarkState): void {
    const { market: name, mark, held } = state;
    const sources = this.sourcesOf(name);
    const market: Market = {
      ordinal: state.ordinal,
      sources,
      last: new Map(state.last),
      moves: new OwnMoves(this.parameters, state.moves),
      average: new TimeWeightedAverage(this.parameters.averageOverMs, state.average ?? undefined),
      mark:
        mark === null
          ? undefined
          : confirmed(name, parseDecimal(mark[0], PRICE_DECIMALS, 'price'), mark[1], mark[2]),
      held: held ?? undefined,
      index: undefined,
      mode: state.mode,
      scale: state.scale,
      termsSince: state.termsSince,
      move: state.move[0],
      movedAt: state.move[1],
      intervals: [...state.intervals],
      staleAfterMs: this.staleAfterOf(state.intervals),
    };
    if (market.last.size > 0) {
      const latest = Math.max(...[...market.last.values()].map(({ time }) => time));
      const reference = market.mark?.value;
      market.index = indexPrice(sources, market.last, latest, this.parameters.sourceStaleMs, reference);
    }
    this.markets.set(name, market);
    if (market.held !== undefined) this.heldMarkets.add(name);
  }
}

/** The upper median of a few numbers, by insertion: every confirmed tick calls it. */
function medianOf(values: readonly number[]): number {
  const sorted: number[] = [];
  for (const value of values) {
    let place = sorted.length;
    for (; place > 0 && sorted[place - 1] > value; place--) sorted[place] = sorted[place - 1];
    sorted[place] = value;
  }
  return sorted[sorted.length >> 1];
}

function confidenceOf({ index }: Pick<Market, 'index'>): number {
  return index === undefined ? 0 : index.confidence / index.price;
}

function confirmed(market: string, price: bigint, time: number, by: Confirmation): ConfirmedMark {
  const text = formatDecimal(price, PRICE_DECIMALS);
  return { market, price, value: toNumber(price, PRICE_DECIMALS), text, time, by };
}
