import {
  formatDecimal,
  formatMoney,
  MONEY_DECIMALS,
  PRICE_DECIMALS,
  SIZE_DECIMALS,
  toNumber,
} from '#lib/amounts';
import {
  CHUNK_ACCOUNTS,
  checkDeleverage,
  deleverage,
  type DeleverageProblem,
  type LossShares,
  lossSharesFailures,
  lossStatement,
  shareLoss,
  waterLevel,
} from '#lib/margin';
import { covarianceEntry } from '#lib/risk';
import type { LossShare } from '../accounts/loss-share.js';
import type { BookEvent, GainsCut, HaircutSettled, PositionsReduced } from '../book/book-event.js';
import type { Exchange } from './exchange.js';

/** One account's part in a loss past the pool, money. */
export interface LossPart {
  readonly account: string;
  readonly equity: bigint;
  readonly gain: bigint;
  readonly cut: bigint;
}

/** Who bears a loss past the pool's capital, as it would be settled at the marks of now. */
export interface LossSettlement {
  /** D */
  readonly need: bigint;
  readonly shares: LossShares;
  /** of accounts with equity, ids ascending */
  readonly parts: readonly LossPart[];
}

/**
 * Shares the shortfall at marks, D = (Σ E_a⁺ + notes set aside − deposits)⁺: pro rata of gains of the last day, then
 * of the accounts' equity. Debts of accounts that are not liquidated yet are counted: the pool has to bear them. O(accounts).
 *
 * Source: margin-adl.md §3.
 */
export function lossSettlement({ ledger, accounts }: Exchange): LossSettlement {
  const names = [...ledger.accountNames()].sort((a, b) => (a < b ? -1 : 1));
  let claims = 0n;
  const held = names.flatMap((account) => {
    const equity = accounts.exactEquity(account);
    if (equity <= 0n) return [];
    claims += equity;
    return [{ account, equity, gain: ledger.gainOf(account, equity) }];
  });
  const missing = claims + ledger.notes.fund - ledger.netDeposits;
  const need = missing > 0n ? missing : 0n;
  const shares = shareLoss(need, held);
  const failures = lossSharesFailures(need, held, shares);
  if (failures.length > 0) throw new Error(`a loss cannot be shared: ${failures.join('; ')}`);
  return { need, shares, parts: held.map((part, i) => ({ ...part, cut: shares.cuts[i] })) };
}

/** The sums that a loss would be shared by now. O(accounts). */
export function lossShareNow(exchange: Exchange): LossShare {
  const { need, shares, parts } = lossSettlement(exchange);
  const equity = parts.reduce((sum, part) => sum + part.equity, 0n);
  return { at: exchange.board.now, need, gains: shares.gains, principal: equity - shares.gains };
}

/** The events of a settlement: its cuts in parts, then its sums. */
export function settleLosses(exchange: Exchange, at: number): BookEvent[] {
  const { need, shares, parts } = lossSettlement(exchange);
  if (need === 0n) return [];
  const settlementId = `settlement-${exchange.ledger.settlements + 1}`;
  const statement = lossStatement(need, parts);
  const events: (GainsCut | HaircutSettled)[] = [];
  // A part is a chunk of the statement, with its leaves: the journal is enough to prove an account's share.
  for (let from = 0; from < parts.length; from += CHUNK_ACCOUNTS) {
    const chunk = parts.slice(from, from + CHUNK_ACCOUNTS);
    events.push({
      ...{ kind: 'gains-cut', at, settlementId },
      cuts: chunk
        .filter(({ cut }) => cut > 0n)
        .map(({ account, cut }) => [account, formatMoney(cut)] as const),
      held: chunk.map(
        ({ account, gain, equity }) => [account, formatMoney(gain), formatMoney(equity)] as const,
      ),
    });
  }
  events.push({
    ...{ kind: 'haircut-settled', at, settlementId },
    need: formatMoney(need),
    gains: formatMoney(shares.gains),
    fromGains: formatMoney(shares.fromGains),
    fromPrincipal: formatMoney(shares.fromPrincipal),
    accounts: parts.filter(({ cut }) => cut > 0n).length,
    root: statement.chunks.at(-1)?.root ?? '',
    chunks: statement.chunks.map(({ accounts, gains, principal, cuts, last, leaves, root }) => ({
      ...{ accounts, gains: formatMoney(gains), principal: formatMoney(principal), cuts: formatMoney(cuts) },
      ...{ last, leaves, root },
    })),
  });
  return events;
}

/**
 * Makes positions smaller, at their marks and without a premium, so that the pool carries no more risk than its capital after a
 * settlement: in each market those of the side that the pool has against it. Who has most risk beside its equity is closed first.
 *
 * @param share of the pool's position in each market that must go
 */
export function reducePositions(exchange: Exchange, at: number, share: number): BookEvent[] {
  const { ledger, board, accounts, standing } = exchange;
  if (share <= 0) return [];
  const markets = board.markets.filter((market) => ledger.market(market).size !== 0n);
  if (markets.length === 0) return [];
  const holders = [...ledger.openAccounts()]
    .sort((a, b) => (a < b ? -1 : 1))
    .flatMap((account) => {
      const equity = toNumber(accounts.exactEquity(account), MONEY_DECIMALS);
      if (equity <= 0) return [];
      const sizes = markets.map((market) => ledger.position(account, market).size);
      return sizes.some((size) => size !== 0n) ? [{ account, equity, sizes }] : [];
    });
  const marks = markets.map((market) => board.mark(market)!);
  const room = markets.map((market, i) => {
    const long = ledger.market(market).size > 0n;
    return holders.reduce((sum, { sizes }) => sum + (sizes[i] > 0n === long ? sizes[i] : 0n), 0n);
  });
  const wanted = markets.map((market, i) => {
    const { size } = ledger.market(market);
    const asked = (size * BigInt(Math.ceil(Math.min(share, 1) * 1e9))) / 1_000_000_000n;
    const most = room[i];
    return size > 0n ? (asked < most ? asked : most) : asked > most ? asked : most;
  });
  const { forecast } = standing.assessment();
  const at_ = markets.map((market) => board.indexOf(market)!);
  const problem: DeleverageProblem = {
    covariance: at_.flatMap((i) => at_.map((j) => covarianceEntry(forecast.returns, i, j))),
    accounts: holders.map(({ equity, sizes }) => ({
      equity,
      notionals: sizes.map((size, i) => toNumber(size, SIZE_DECIMALS) * marks[i].value),
    })),
    reduce: wanted.map((size, i) => toNumber(size, SIZE_DECIMALS) * marks[i].value),
  };
  const kept =
    optimalSizes(
      problem,
      holders,
      marks.map(({ value }) => value),
    ) ?? keptByMarket(holders, wanted);
  const settlementId = `settlement-${ledger.settlements}`;
  const reductions = holders.flatMap(({ account, sizes }, a) =>
    sizes.flatMap((size, i) => {
      const closed = kept[a][i] - size;
      if (closed === 0n) return [];
      return [
        {
          ...{ account, market: markets[i] },
          size: formatDecimal(closed, SIZE_DECIMALS),
          price: formatDecimal(marks[i].price, PRICE_DECIMALS),
        },
      ];
    }),
  );
  const events: PositionsReduced[] = [];
  for (let from = 0; from < reductions.length; from += CHUNK_ACCOUNTS)
    events.push({
      ...{ kind: 'positions-reduced', at, settlementId },
      reductions: reductions.slice(from, from + CHUNK_ACCOUNTS),
    });
  return events;
}

interface Holder {
  readonly account: string;
  readonly equity: number;
  readonly sizes: readonly bigint[];
}

/** The optimum over all markets at once; undefined where its certificate does not hold. */
function optimalSizes(
  problem: DeleverageProblem,
  holders: readonly Holder[],
  marks: readonly number[],
): bigint[][] | undefined {
  try {
    const solved = deleverage(problem);
    if (checkDeleverage(problem, solved).failures.length > 0) return undefined;
    return holders.map(({ sizes }, a) =>
      sizes.map((size, i) => {
        const left = BigInt(Math.trunc((solved.kept[a][i] / marks[i]) * 1e8));
        // Towards zero, and never past the position.
        return size > 0n ? (left < size ? left : size) : left > size ? left : size;
      }),
    );
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
      sizes[i] !== 0n && sizes[i] > 0n === reduce > 0n
        ? [
            {
              a,
              weight: BigInt(Math.max(1, Math.floor(equity * 1e8))),
              cap: sizes[i] < 0n ? -sizes[i] : sizes[i],
            },
          ]
        : [],
    );
    const total = side.reduce((sum, { cap }) => sum + cap, 0n) - (reduce < 0n ? -reduce : reduce);
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
