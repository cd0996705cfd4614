import {
  divide,
  formatDecimal,
  formatMoney,
  magnitude,
  MONEY_DECIMALS,
  NOTIONAL_SCALE,
  PRICE_DECIMALS,
  SIZE_DECIMALS,
  toNumber,
} from '#lib/amounts';
import {
  checkDeleverage,
  deleverage,
  type DeleverageProblem,
  LARGEST_LEVERAGE,
  LEVERAGE_UNIT,
  REDUCTION_CHUNK_ACCOUNTS,
  reductionStatement,
  waterLevel,
} from '#lib/margin';
import { covarianceEntry } from '#lib/risk';
import type { BookEvent, PositionsReduced } from '../book/book-event.js';
import type { Exchange } from './exchange.js';
import { reductionLeavesOf, reductionTermsOf } from './settled-losses.js';

/** A reduction of more markets has no statement: its matrix would be longer than a message. */
const STATEMENT_MARKETS = 64;

/** An account on a side that is reduced. */
interface Holder {
  readonly account: string;
  /** by which its positions are weighed: its equity, or a 256th of its positions where that is more */
  readonly equity: bigint;
  readonly sizes: readonly bigint[];
}

/**
 * Makes positions smaller, at their marks and without a premium, so that the pool carries no more risk than its capital after a
 * settlement: in each market those of the side that the pool has against it. Positions with most risk per equity are closed first.
 *
 * @param share of the pool's position in each market that must go
 */
export function reducePositions(exchange: Exchange, at: number, share: number): BookEvent[] {
  const { ledger, board, accounts } = exchange;
  if (share <= 0) return [];
  const markets = board.markets.filter((market) => ledger.market(market).size !== 0n);
  const marks = markets.map((market) => board.mark(market)!);
  const prices = marks.map(({ price }) => formatDecimal(price, PRICE_DECIMALS));
  const everybody = [...ledger.openAccounts()]
    .sort((a, b) => (a < b ? -1 : 1))
    .flatMap((account) => {
      const equity = accounts.exactEquity(account);
      if (equity <= 0n) return [];
      const sizes = markets.map((market) => ledger.position(account, market).size);
      const gross = sizes.reduce((sum, size, i) => sum + magnitude(size) * marks[i].price, 0n);
      const least = divide(gross, NOTIONAL_SCALE * LARGEST_LEVERAGE, 'up');
      return [{ account, equity: equity > least ? equity : least, sizes }];
    });
  const wanted = markets.map((market, i) => {
    const { size } = ledger.market(market);
    const room = everybody.reduce((sum, { sizes }) => (sizes[i] * size > 0n ? sum + sizes[i] : sum), 0n);
    const asked = (size * BigInt(Math.ceil(Math.min(share, 1) * 1e9))) / 1_000_000_000n;
    return size > 0n === asked < room ? asked : room;
  });
  const holders = everybody.filter(({ sizes }) => sizes.some((size, i) => size * wanted[i] > 0n));
  if (holders.length === 0) return [];
  const covariance = covarianceUnits(exchange, markets);
  const solved = optimalSizes(problemOf(covariance, holders, marks, wanted), holders, marks);
  const kept = solved?.kept ?? keptByMarket(holders, wanted);
  const program: PositionsReduced['program'] =
    markets.length > STATEMENT_MARKETS
      ? undefined
      : {
          markets: markets.map((market, i) => ({
            market,
            price: prices[i],
            reduce: formatDecimal(wanted[i], SIZE_DECIMALS),
          })),
          covariance: covariance.flatMap((row, i) => row.slice(i).map(String)),
          prices: solved?.prices.map(String) ?? [],
        };
  const settlementId = `settlement-${ledger.settlements}`;
  return reductionEvents({ at, settlementId }, markets, prices, holders, kept, program);
}

/** The events of a reduction, with its statement chunk by chunk. */
function reductionEvents(
  settled: Pick<PositionsReduced, 'at' | 'settlementId'>,
  markets: readonly string[],
  prices: readonly string[],
  holders: readonly Holder[],
  kept: readonly (readonly bigint[])[],
  program: PositionsReduced['program'],
): PositionsReduced[] {
  const parts: PositionsReduced[] = [];
  for (let from = 0; from < holders.length; from += REDUCTION_CHUNK_ACCOUNTS) {
    const chunk = holders.slice(from, from + REDUCTION_CHUNK_ACCOUNTS);
    const reductions = chunk.flatMap(({ account, sizes }, a) =>
      sizes.flatMap((size, i) => {
        const closed = kept[from + a][i] - size;
        if (closed === 0n) return [];
        return [
          { account, market: markets[i], size: formatDecimal(closed, SIZE_DECIMALS), price: prices[i] },
        ];
      }),
    );
    const part: PositionsReduced = { kind: 'positions-reduced', ...settled, reductions };
    parts.push(
      program === undefined
        ? part
        : {
            ...part,
            ...(from === 0 ? { program } : {}),
            held: chunk.map(({ account, equity }, a) => [
              account,
              formatMoney(equity),
              kept[from + a].flatMap((size, i) =>
                size === 0n ? [] : [[markets[i], formatDecimal(size, SIZE_DECIMALS)] as const],
              ),
            ]),
          },
    );
  }
  if (program === undefined) return parts.filter(({ reductions }) => reductions.length > 0);
  const { chunks } = reductionStatement(
    reductionTermsOf(program),
    parts.flatMap((part) => reductionLeavesOf(program, part)),
  );
  return parts.map((part, k) => {
    const { closed, ...chunk } = chunks[k];
    return { ...part, chunk: { ...chunk, closed: closed.map(String) } };
  });
}

/**
 * Σ of the forecast in whole units of which its largest entry is 2^30: positions are judged by exactly these. Zeros of a market that the
 * forecast does not have: then Σ is not definite, and the reduction is made market by market.
 */
function covarianceUnits({ board, standing }: Exchange, markets: readonly string[]): bigint[][] {
  const { returns } = standing.assessment().forecast;
  const at = markets.map((market) => board.indexOf(market)!);
  const largest = at.reduce((most, i) => Math.max(most, covarianceEntry(returns, i, i) || 0), 0);
  const units = (i: number, j: number) =>
    Math.round((covarianceEntry(returns, i, j) / largest) * Number(LEVERAGE_UNIT));
  return at.map((i) => at.map((j) => (Number.isFinite(units(i, j)) ? BigInt(units(i, j)) : 0n)));
}

function problemOf(
  covariance: readonly (readonly bigint[])[],
  holders: readonly Holder[],
  marks: readonly { readonly value: number }[],
  wanted: readonly bigint[],
): DeleverageProblem {
  const notional = (size: bigint, i: number) => toNumber(size, SIZE_DECIMALS) * marks[i].value;
  return {
    covariance: covariance.flatMap((row) => row.map((value) => Number(value) / Number(LEVERAGE_UNIT))),
    accounts: holders.map(({ equity, sizes }) => ({
      equity: toNumber(equity, MONEY_DECIMALS),
      notionals: sizes.map(notional),
    })),
    reduce: wanted.map(notional),
  };
}

/** The optimum over all markets at once, and its prices in units of 2^−60; undefined where its certificate does not hold. */
function optimalSizes(
  problem: DeleverageProblem,
  holders: readonly Holder[],
  marks: readonly { readonly value: number }[],
): { kept: bigint[][]; prices: bigint[] } | undefined {
  try {
    const solved = deleverage(problem);
    if (checkDeleverage(problem, solved).failures.length > 0) return undefined;
    const kept = holders.map(({ sizes }, a) =>
      sizes.map((size, i) => {
        const left = BigInt(Math.trunc((solved.kept[a][i] / marks[i].value) * 1e8));
        // Towards zero, and never past the position.
        return size > 0n ? (left < size ? left : size) : left > size ? left : size;
      }),
    );
    return { kept, prices: solved.prices.map((price) => BigInt(Math.round(price * 2 ** 60))) };
  } catch {
    return undefined;
  }
}

/** Market by market, exact: everybody keeps as much as its equity allows. */
function keptByMarket(holders: readonly Holder[], wanted: readonly bigint[]): bigint[][] {
  const kept = holders.map(({ sizes }) => [...sizes]);
  wanted.forEach((reduce, i) => {
    if (reduce === 0n) return;
    const side = holders.flatMap(({ equity, sizes }, a) =>
      sizes[i] * reduce > 0n ? [{ a, weight: equity, cap: magnitude(sizes[i]) }] : [],
    );
    const total = side.reduce((sum, { cap }) => sum + cap, 0n) - magnitude(reduce);
    const level = waterLevel(
      side.map(({ weight }) => weight),
      side.map(({ cap }) => cap),
      total > 0n ? total : 0n,
    );
    side.forEach(({ a }, k) => {
      kept[a][i] = reduce > 0n ? level.kept[k] : -level.kept[k];
    });
  });
  return kept;
}
