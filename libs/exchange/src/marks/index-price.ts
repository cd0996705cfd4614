import type { WeightedSource } from './mark-parameters.js';

/** The last price of one source. */
export interface SourcePrice {
  readonly price: number;
  /** as the source wrote it */
  readonly text: string;
  readonly time: number;
  readonly sequence: number;
  /** reported half-width of the price, in price units; 0 where none is reported */
  readonly confidence: number;
}

/** The price of a market over its sources. */
export interface IndexPrice {
  readonly price: number;
  readonly text: string;
  /** fresh sources in it */
  readonly sources: number;
  /** half-width, in price units */
  readonly confidence: number;
  /** prices of the fresh sources */
  readonly prices: readonly number[];
}

/**
 * Weighted median of the fresh sources: always a price that a source has reported. Where the median falls between two
 * prices, the one nearer to `reference` counts. A minority of the weight, whatever it reports, cannot move it past the
 * prices of the others.
 *
 * @param last by source
 * @param now a source whose price is older than `staleMs` at this time is left out
 * @param reference the mark in force, where there is one
 * @returns undefined without a fresh source
 */
export function indexPrice(
  sources: readonly WeightedSource[],
  last: ReadonlyMap<string, SourcePrice>,
  now: number,
  staleMs: number,
  reference: number | undefined,
): IndexPrice | undefined {
  if (sources.length === 1) {
    const only = last.get(sources[0].source);
    if (only === undefined || now - only.time > staleMs) return undefined;
    return {
      price: only.price,
      text: only.text,
      sources: 1,
      confidence: only.confidence,
      prices: [only.price],
    };
  }
  // A tick of every source of every market comes through here: sorted by insertion, without objects of its own.
  const fresh: SourcePrice[] = [];
  const prices: number[] = [];
  const weights: number[] = [];
  let total = 0;
  let confidence = 0;
  for (const { source, weight } of sources) {
    const price = last.get(source);
    if (price === undefined || now - price.time > staleMs) continue;
    let place = fresh.length;
    for (; place > 0 && prices[place - 1] > price.price; place--) {
      fresh[place] = fresh[place - 1];
      prices[place] = prices[place - 1];
      weights[place] = weights[place - 1];
    }
    fresh[place] = price;
    prices[place] = price.price;
    weights[place] = weight;
    total += weight;
    if (price.confidence > confidence) confidence = price.confidence;
  }
  if (fresh.length === 0) return undefined;
  let below = 0;
  let at = 0;
  while (2 * (below + weights[at]) < total) below += weights[at++];
  let median = fresh[at];
  if (2 * (below + weights[at]) === total && reference !== undefined) {
    const next = fresh[at + 1];
    if (Math.abs(Math.log(next.price / reference)) < Math.abs(Math.log(median.price / reference)))
      median = next;
  }
  const half = (quantile(prices, 0.75) - quantile(prices, 0.25)) / 2;
  return {
    price: median.price,
    text: median.text,
    sources: fresh.length,
    confidence: Math.max(half, confidence),
    prices,
  };
}

/** Quantile of sorted numbers, linear between them. */
function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.ceil(place);
  return sorted[low] + (place - low) * (sorted[high] - sorted[low]);
}
