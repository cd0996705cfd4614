import { parseDecimal, PRICE_DECIMALS } from '#lib/amounts';
import { InvalidInputError } from '#lib/errors';
import type { MarketMode, MarkQuality } from './action-table.js';
import { type ConfirmedMark, confirmed, type Confirmation, type HeldPrice } from './confirmed-mark.js';
import { type IndexPrice, indexPrice, type SourcePrice } from './index-price.js';
import type { MarkParameters, WeightedSource } from './mark-parameters.js';
import { OwnMoves, type OwnMovesState } from './own-moves.js';
import { type RescaleFactor, rescaledPrice, rescaledText } from './rescaled-market.js';
import { TimeWeightedAverage, type TimeWeightedAverageState } from './time-weighted-average.js';

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

const INTERVALS_KEPT = 15;
const INTERVALS_NEEDED = 3;

/** One market as a keeper of marks knows it: its sources' prices, its index, its mark, and a price that is held back. */
export class MarkedMarket {
  readonly last: Map<string, SourcePrice>;
  readonly moves: OwnMoves;
  readonly average: TimeWeightedAverage;
  mark: ConfirmedMark | undefined;
  held: HeldPrice | undefined;
  index: IndexPrice | undefined;
  mode: MarketMode;
  /** factors it was rescaled by so far, multiplied */
  scale: number;
  /** market time since which sizes are in the present unit; 0 where always */
  termsSince: number;
  /** standardised size of the last move, held ones included, and when it was seen */
  move: number;
  movedAt: number;
  staleAfterMs: number;
  /** between the latest confirmed marks, milliseconds */
  private readonly intervals: number[];

  /**
   * @param ordinal 0, 1, 2 …: markets in the order in which they were first seen
   * @param state of the same market; without one it begins from nothing
   */
  constructor(
    readonly name: string,
    readonly ordinal: number,
    readonly sources: readonly WeightedSource[],
    private readonly parameters: MarkParameters,
    state?: MarketMarkState,
  ) {
    this.last = new Map(state?.last);
    this.moves = new OwnMoves(parameters, state?.moves);
    this.average = new TimeWeightedAverage(parameters.averageOverMs, state?.average ?? undefined);
    const mark = state?.mark ?? null;
    if (mark !== null)
      this.mark = confirmed(name, parseDecimal(mark[0], PRICE_DECIMALS, 'price'), mark[1], mark[2]);
    this.held = state?.held ?? undefined;
    this.mode = state?.mode ?? 'open';
    this.scale = state?.scale ?? 1;
    this.termsSince = state?.termsSince ?? 0;
    [this.move, this.movedAt] = state?.move ?? [0, 0];
    this.intervals = [...(state?.intervals ?? [])];
    this.staleAfterMs = this.staleAfter();
    if (this.last.size > 0) this.look(Math.max(...[...this.last.values()].map(({ time }) => time)));
  }

  /** Half-width of the price, a share: as reported, or half the spread of the middle half of the sources. */
  get confidence(): number {
    return this.index === undefined ? 0 : this.index.confidence / this.index.price;
  }

  /** How good the mark is at a time; undefined before there is one. */
  quality(now: number): MarkQuality | undefined {
    if (this.mark === undefined) return this.held === undefined ? undefined : 'uncertain';
    if (now - this.mark.time > this.staleAfterMs) return 'stale';
    if (this.held !== undefined) return 'uncertain';
    return this.confidence > this.parameters.wideConfidence ? 'wide' : 'ok';
  }

  /** Makes the index again from the sources that are fresh at a time. */
  look(time: number): IndexPrice | undefined {
    this.index = indexPrice(this.sources, this.last, time, this.parameters.sourceStaleMs, this.mark?.value);
    return this.index;
  }

  /** Holds a price back: counts it with the held price if it is within a band, else starts anew. */
  hold(index: IndexPrice, time: number, band: number): HeldPrice {
    const { held } = this;
    const same = held !== undefined && Math.abs(Math.log(index.price / held.price)) <= band;
    this.held = {
      price: index.price,
      text: index.text,
      uncertainSince: held?.uncertainSince ?? time,
      since: same ? held.since : time,
      time,
      ticks: same ? held.ticks + 1 : 1,
    };
    return this.held;
  }

  /** Makes a price the mark; nothing is held back any more. */
  put(text: string, time: number, by: Confirmation): ConfirmedMark {
    const mark = confirmed(this.name, parseDecimal(text, PRICE_DECIMALS, 'price'), time, by);
    if (this.mark !== undefined && time > this.mark.time) {
      this.intervals.push(time - this.mark.time);
      if (this.intervals.length > INTERVALS_KEPT) this.intervals.shift();
      this.staleAfterMs = this.staleAfter();
    }
    this.mark = mark;
    this.moves.confirm({ price: mark.value, time });
    this.average.set(mark.value, time);
    this.held = undefined;
    return mark;
  }

  /** @throws {InvalidInputError} where it is not halted or has no mark */
  requireHalted(done: string): ConfirmedMark {
    const { name, mode, mark } = this;
    if (mode !== 'halted')
      throw new InvalidInputError('market', `${name} must be halted before it is ${done}; it is ${mode}`);
    if (mark === undefined) throw new InvalidInputError('market', `${name} has no mark`);
    return mark;
  }

  /**
   * Takes a halted market to another unit: every price times the factor. A held-back move is discarded.
   *
   * @param now market time
   * @returns the mark in the new unit
   * @throws {InvalidInputError} where the market is not halted or has no mark, or the mark would be out of bounds
   */
  rescale(factor: RescaleFactor, now: number): ConfirmedMark {
    const mark = this.requireHalted('rescaled');
    const price = rescaledPrice(mark.price, factor);
    if (price <= 0n) throw new InvalidInputError('factor', `leaves ${this.name} without a price`);
    this.mark = confirmed(this.name, price, mark.time, 'operator');
    this.moves.rescale(factor.value);
    this.average.rescale(factor.value);
    for (const [source, last] of this.last)
      this.last.set(source, {
        ...last,
        price: last.price * factor.value,
        text: rescaledText(last.text, factor),
        confidence: last.confidence * factor.value,
      });
    this.index = undefined;
    this.scale *= factor.value;
    this.termsSince = now;
    this.held = undefined;
    return this.mark;
  }

  snapshot(): MarketMarkState {
    const { mark } = this;
    return {
      market: this.name,
      ordinal: this.ordinal,
      mark: mark ? [mark.text, mark.time, mark.by] : null,
      held: this.held ?? null,
      mode: this.mode,
      scale: this.scale,
      termsSince: this.termsSince,
      moves: this.moves.snapshot(),
      move: [this.move, this.movedAt],
      intervals: [...this.intervals],
      average: this.average.snapshot(),
      last: [...this.last],
    };
  }

  /** Silence after which it is stale: a multiple of the median interval of its marks, within bounds. */
  private staleAfter(): number {
    const { staleIntervals, minimumStaleMs, maximumStaleMs } = this.parameters;
    if (this.intervals.length < INTERVALS_NEEDED) return maximumStaleMs;
    return Math.min(maximumStaleMs, Math.max(minimumStaleMs, staleIntervals * medianOf(this.intervals)));
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
