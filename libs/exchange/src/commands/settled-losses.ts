import {
  divide,
  magnitude,
  MONEY_DECIMALS,
  NOTIONAL_SCALE,
  parseDecimal,
  PRICE_DECIMALS,
  SIZE_DECIMALS,
} from '#lib/amounts';
import { InvalidInputError } from '#lib/errors';
import {
  LARGEST_LEVERAGE,
  LEVERAGE_UNIT,
  leverageOf,
  type LossLeaf,
  type LossStatement,
  type ReductionLeaf,
  type ReductionStatement,
  type ReductionTerms,
} from '#lib/margin';
import type { GainsCut, HaircutSettled, PositionsReduced } from '../book/book-event.js';

type Program = NonNullable<PositionsReduced['program']>;

const money = (text: string, field: string) => parseDecimal(text, MONEY_DECIMALS, field);

/** The statement that a settlement's last event has. */
export function lossStatementOf({ need, chunks }: HaircutSettled): LossStatement {
  return {
    need: money(need, 'need'),
    chunks: chunks.map(({ gains, principal, cuts, ...chunk }) => ({
      ...chunk,
      gains: money(gains, 'gains'),
      principal: money(principal, 'principal'),
      cuts: money(cuts, 'cuts'),
    })),
  };
}

/** The leaves of a chunk of a settlement's statement. */
export function lossLeaves({ cuts, held }: GainsCut): LossLeaf[] {
  const cut = new Map(cuts);
  return held.map(([account, gain, equity]) => ({
    account,
    equity: money(equity, 'equity'),
    gain: money(gain, 'gain'),
    cut: money(cut.get(account) ?? '0', 'cut'),
  }));
}

/** The program of a reduction as the terms by which positions are judged. */
export function reductionTermsOf({ markets, covariance, prices }: Program): ReductionTerms {
  const marks = markets.map(({ price }) => parseDecimal(price, PRICE_DECIMALS, 'price'));
  const inUnits = (size: bigint, i: number) => size * marks[i] * LEVERAGE_UNIT;
  return {
    covariance: covariance.map(BigInt),
    prices: prices.map(BigInt),
    reduce: markets.map(({ reduce }, i) =>
      divide(inUnits(parseDecimal(reduce, SIZE_DECIMALS, 'reduce'), i), NOTIONAL_SCALE, 'nearest'),
    ),
    smallest: markets.map((_, i) => divide(inUnits(1n, i), NOTIONAL_SCALE, 'up')),
  };
}

/** The leaves of a part of a reduction: positions over equity. */
export function reductionLeavesOf(
  { markets }: Program,
  { held = [], reductions }: PositionsReduced,
): ReductionLeaf[] {
  const places = new Map(
    markets.map(({ market, price }, i) => [
      market,
      { i, price: parseDecimal(price, PRICE_DECIMALS, 'price') },
    ]),
  );
  const size = (text: string) => parseDecimal(text, SIZE_DECIMALS, 'size');
  const closedOf = new Map<string, [market: string, size: bigint][]>();
  for (const { account, market, size: closed } of reductions) {
    const own = closedOf.get(account) ?? [];
    own.push([market, size(closed)]);
    closedOf.set(account, own);
  }
  return held.map(([account, equityText, keptSizes]) => {
    const equity = money(equityText, 'equity');
    if (equity <= 0n) throw new InvalidInputError('held', `the equity of ${account} must be above 0`);
    const leverages = (sizes: readonly (readonly [market: string, size: bigint])[]) => {
      const row = markets.map(() => 0n);
      for (const [market, value] of sizes) {
        const place = places.get(market);
        if (place === undefined)
          throw new Error(`${account} has a position in ${market}, which the reduction does not have`);
        row[place.i] += leverageOf(value * place.price, NOTIONAL_SCALE, equity);
      }
      return row;
    };
    return {
      ...{ account, equity },
      kept: leverages(keptSizes.map(([market, value]) => [market, size(value)])),
      closed: leverages(closedOf.get(account) ?? []).map(magnitude),
    };
  });
}

/** The statement in a reduction's parts; undefined where they have none. */
export function reductionStatementOf(parts: readonly PositionsReduced[]): ReductionStatement | undefined {
  const program = parts[0]?.program;
  if (program === undefined) return undefined;
  return {
    terms: reductionTermsOf(program),
    chunks: parts.flatMap(({ chunk }) =>
      chunk === undefined ? [] : [{ ...chunk, closed: chunk.closed.map(BigInt) }],
    ),
  };
}

/**
 * Whether positions were weighed by what the settlement has left of each account's equity, or by a 256th of its positions where that is more.
 *
 * @param shares the leaves of the settlement, every account's
 */
export function reductionEquityFailures(
  leaves: readonly ReductionLeaf[],
  shares: readonly LossLeaf[],
): string[] {
  const left = new Map(shares.map(({ account, equity, cut }) => [account, equity - cut]));
  return leaves.flatMap(({ account, equity, kept, closed }) => {
    const own = left.get(account);
    if (own === undefined) return [`${account} was reduced, and is not in the settlement`];
    if (own === equity) return [];
    const gross = kept.reduce((sum, value, i) => sum + magnitude(value) + closed[i], 0n);
    // Two roundings a market.
    const least = LARGEST_LEVERAGE * LEVERAGE_UNIT - 2n * BigInt(kept.length);
    const raised = equity > own && (gross >= least || equity === 1n);
    return raised ? [] : [`${account} was weighed by ${equity}, it had ${own} left`];
  });
}
