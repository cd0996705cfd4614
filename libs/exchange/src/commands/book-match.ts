import { InvalidInputError } from '#lib/errors';
import {
  divide,
  formatDecimal,
  formatMoney,
  fromNumber,
  MONEY_DECIMALS,
  notionalOf,
  parseDecimal,
  positive,
  PRICE_DECIMALS,
  SIZE_DECIMALS,
  toNumber,
} from '#lib/amounts';
import type { MatchPayload } from '#lib/messages';
import { covarianceEntry, jointPremium } from '#lib/risk';
import type { AccountStanding } from '../accounts/account-standing.js';
import type { AccountChange } from '../accounts/credit-book.js';
import type { BookedLeg, MatchBooked, MatchedAccount } from '../book/book-event.js';
import { InsolventError, InsufficientMarginError, MatchPriceError, UnknownAccountError } from '../errors.js';
import type { Exchange } from './exchange.js';
import { requireInterest, requireLimits, requireTradeLimit } from './limits.js';
import { reducesOnly } from './margin-check.js';
import { requireVersion } from './set-parameters.js';
import { shareText } from './withdraw.js';

const RATE_DECIMALS = 12;
const SHARE_DECIMALS = 15;

/** One account's part of a match: fills at their prices, its legs against the pool at the mark. */
interface Side {
  readonly legs: { market: string; size: bigint; price: bigint }[];
  fee: bigint;
  riskPremium: bigint;
  liquidityPremium: bigint;
  readonly releases: string[];
}

/** The legs of one account in one market together. */
interface NetLeg {
  readonly name: string;
  readonly exactSize: bigint;
}

/**
 * Books trades that have been matched elsewhere, all or none. Fills between accounts change neither the pool's sizes nor
 * its entry notional, and pay no premium: buyer and seller pay the fees of the schedule. Legs against the pool are at the mark, and
 * their premium is that of all together, shared by Aumann's and Shapley's prices. Each account needs its initial margin
 * afterwards, or lacks no more than before and only makes its positions smaller.
 *
 * @throws {InvalidInputError} for a match of nothing
 * @throws {ZkriskError} naming the refused fill or leg, and its account
 */
export function bookMatch(exchange: Exchange, command: MatchPayload, at: number): MatchBooked {
  const { board, parameters } = exchange;
  if (command.parameters !== undefined) requireVersion(parameters.rules.version, command.parameters);
  const sides = new Map<string, Side>();
  const sideOf = (account: string): Side => {
    const known = sides.get(account);
    if (known !== undefined) return known;
    const side: Side = { legs: [], fee: 0n, riskPremium: 0n, liquidityPremium: 0n, releases: [] };
    sides.set(account, side);
    return side;
  };
  command.fills.forEach((fill, i) => {
    takeFill(exchange, fill, i, sideOf);
  });
  takePool(exchange, command.pool, sideOf);
  for (const { account, reservationId } of command.releases) sideOf(account).releases.push(reservationId);
  if (sides.size === 0) throw new InvalidInputError('fills', 'there is nothing in the match');
  // A name alone makes no account: it would stay in the books for good.
  for (const account of sides.keys())
    if (!exchange.ledger.hasAccount(account)) throw new UnknownAccountError(account);
  requireAccounts(exchange, sides);
  return {
    ...{ kind: 'match-booked', at, matchId: command.matchId },
    ...(command.by === undefined ? {} : { by: command.by }),
    accounts: [...sides].map(([account, side]): MatchedAccount => ({
      account,
      legs: side.legs.map(({ market, size, price }): BookedLeg => ({
        market,
        size: formatDecimal(size, SIZE_DECIMALS),
        price: formatDecimal(price, PRICE_DECIMALS),
      })),
      fee: formatMoney(side.fee),
      riskPremium: formatMoney(side.riskPremium),
      liquidityPremium: formatMoney(side.liquidityPremium),
      ...(side.releases.length > 0 ? { releases: side.releases } : {}),
    })),
    feeAccount: parameters.rules.parameters.fees.account,
    forecastId: board.latestForecast?.forecastId ?? '',
  };
}

/** A fill for both of its accounts, with their fees. */
function takeFill(
  { board, parameters }: Exchange,
  fill: MatchPayload['fills'][number],
  i: number,
  sideOf: (account: string) => Side,
): void {
  const { buyer, seller, market } = fill;
  if (buyer === seller) throw new InvalidInputError(`fills.${i}.seller`, 'is the buyer as well');
  const size = parseDecimal(fill.size, SIZE_DECIMALS, `fills.${i}.size`);
  if (size <= 0n) throw new InvalidInputError(`fills.${i}.size`, 'must be positive');
  const price = parseDecimal(fill.price, PRICE_DECIMALS, `fills.${i}.price`);
  const { mark } = board.tradable(market, 'reduce');
  const { largestDeviation, ...fees } = parameters.rules.parameters.fees;
  // As a difference, not a quotient less one: 102 is 2 % from 100, and 102/100 − 1 rounds to more.
  const deviation = Math.abs(toNumber(price, PRICE_DECIMALS) - mark.value);
  if (!(deviation <= largestDeviation * mark.value))
    throw new MatchPriceError(market, fill.price, mark.text, largestDeviation);
  const notional = notionalOf(size, price, 'up');
  const { maker, taker } = fees.markets[market] ?? fees.default;
  const feeFor = (account: string, rate: number) => feeOf(notional, rate, fees.accounts[account] ?? 1);
  const buys = feeFor(buyer, fill.maker === 'buyer' ? maker : taker);
  const sells = feeFor(seller, fill.maker === 'buyer' ? taker : maker);
  for (const [account, signed, own, other] of [
    [buyer, size, buys, sells],
    [seller, -size, sells, buys],
  ] as const) {
    const side = sideOf(account);
    side.legs.push({ market, size: signed, price });
    // A rebate is a part of the other side's fee, which its tier may have lowered: two accounts of one person would earn the rest.
    side.fee += own + other < 0n && own < 0n ? -other : own;
  }
}

/** Of a notional, rounded up; a rebate is rounded against who gets it, and no tier raises it. */
function feeOf(notional: bigint, rate: number, tier: number): bigint {
  const scaled = fromNumber(rate < 0 ? rate : rate * tier, RATE_DECIMALS, 'up', 'fees');
  return divide(notional * scaled, 10n ** BigInt(RATE_DECIMALS), 'up');
}

/** Legs against the pool: one premium for all, shared by each leg's addition to the pool's risk. */
function takePool(exchange: Exchange, pool: MatchPayload['pool'], sideOf: (account: string) => Side): void {
  if (pool.length === 0) return;
  const { board, standing } = exchange;
  const legs = pool.map(({ account, market, size: text }, j) => {
    const size = parseDecimal(text, SIZE_DECIMALS, `pool.${j}.size`);
    if (size === 0n) throw new InvalidInputError(`pool.${j}.size`, 'must not be zero');
    const { index, mark } = board.tradable(market, 'reduce');
    return { account, market, size, index, price: mark.price };
  });
  for (const { account, market, size, price } of legs) sideOf(account).legs.push({ market, size, price });
  const netted = new Map<string, bigint>();
  for (const { market, size } of legs) netted.set(market, (netted.get(market) ?? 0n) + size);
  const traded = [...netted].filter(([, size]) => size !== 0n);
  if (traded.length === 0) return;
  const price = standing.price(
    traded.map(([market, size]) => ({ market, size: formatDecimal(size, SIZE_DECIMALS) })),
  );
  requireTradeLimit(exchange, price.legs);
  const shares = legs.length === 1 ? [1] : sharesOf(exchange, legs);
  const risk = split(price.riskPremium, shares);
  const liquidity = split(price.liquidityPremium, shares);
  legs.forEach(({ account }, j) => {
    const side = sideOf(account);
    side.riskPremium += risk[j];
    side.liquidityPremium += liquidity[j];
  });
}

/** a_j⁺/Σa⁺ of Aumann's and Shapley's prices; even where no leg adds to the risk. */
function sharesOf(
  { parameters, standing }: Exchange,
  legs: readonly { readonly index: number; readonly size: bigint }[],
): number[] {
  const { forecast, assessment } = standing.assessment();
  const { mean, volatility, covarianceTimesSize } = assessment.exposure;
  const { prices, returns } = forecast;
  const square = assessment.tailFactor ** 2;
  const markets = [...new Set(legs.map(({ index }) => index))];
  const n = markets.length + 1;
  // The whole book is one asset, held once: the change of its risk needs nothing else.
  const covariance = new Array<number>(n * n).fill(0);
  covariance[0] = square * volatility ** 2;
  markets.forEach((a, i) => {
    covariance[i + 1] = covariance[(i + 1) * n] = square * covarianceTimesSize[a];
    markets.forEach((b, j) => {
      covariance[(i + 1) * n + j + 1] = square * prices[a] * prices[b] * covarianceEntry(returns, a, b);
    });
  });
  const { premia, total } = jointPremium({
    ...{ mean, covariance, alpha: parameters.alpha },
    book: [1, ...markets.map(() => 0)],
    legs: legs.map(({ index, size }) => {
      const leg = new Array<number>(n).fill(0);
      leg[markets.indexOf(index) + 1] = toNumber(size, SIZE_DECIMALS);
      return leg;
    }),
  });
  return total > 0 ? premia.map((premium) => premium / total) : legs.map(() => 1 / legs.length);
}

/** An amount by shares, exactly: cumulative sums are rounded, and the last leg that pays has the rest. */
function split(amount: bigint, shares: readonly number[]): bigint[] {
  const scaled = shares.map((share) => fromNumber(Math.min(share, 1), SHARE_DECIMALS, 'down', 'share'));
  const whole = scaled.reduce((sum, share) => sum + share, 0n);
  let sum = 0n;
  let before = 0n;
  return scaled.map((share) => {
    sum += share;
    const upTo = whole === 0n ? 0n : divide(amount * sum, whole, 'up');
    const own = upTo - before;
    before = upTo;
    return own;
  });
}

/** Limits, states of markets, margins and caps of all accounts as the match leaves them. */
function requireAccounts(exchange: Exchange, sides: ReadonlyMap<string, Side>): void {
  const { board, accounts, ledger, credit } = exchange;
  const changes: AccountChange[] = [];
  const nets = new Map([...sides].map(([account, { legs }]) => [account, nettedOf(legs)]));
  const interest = interestOf(exchange, nets);
  const inUnits = new Map(
    [...interest].map(([market, { long, net }]) => [
      market,
      { long: toNumber(long, SIZE_DECIMALS), net: toNumber(net, SIZE_DECIMALS) },
    ]),
  );
  const solvency = exchange.solvency();
  for (const [account, { legs, fee, riskPremium, liquidityPremium, releases }] of sides) {
    const net = nets.get(account)!;
    const reduces = net.length > 0 && reducesOnly(exchange, account, net);
    if (!reduces) for (const { name } of net) board.requirePermitted(name, 'increase');
    if (solvency.insolvent && !reduces)
      throw new InsolventError('positions can only be made smaller', shareText(solvency));
    requireLimits(exchange, account, net);
    const cost = fee + riskPremium + liquidityPremium;
    const before = accounts.standing(account);
    const after = accounts.standing(account, {
      legs: legs.map(({ market, size, price }) => ({
        market,
        size: toNumber(size, SIZE_DECIMALS),
        price: toNumber(price, PRICE_DECIMALS),
      })),
      cost: toNumber(cost, MONEY_DECIMALS),
      released: toNumber(ledger.reservedBy(account, releases), MONEY_DECIMALS),
      interest: inUnits,
    });
    changes.push({ account, before, after });
    if (after.available >= 0 && after.initialMargin > 0) continue;
    const exact = legs.map(({ market, size, price }) => ({
      name: market,
      exactSize: size,
      exactPrice: price,
    }));
    const lacking = ({ maintenanceMargin, equity, available }: AccountStanding) =>
      Math.max(0, reduces ? maintenanceMargin - equity : -available);
    // Nobody pays a fee or a premium for somebody else: who cannot pay makes the match fail.
    if (lacking(after) > lacking(before) || accounts.exactEquity(account, exact) < positive(cost))
      throw new InsufficientMarginError(account, after.equity, after.initialMargin);
  }
  for (const [market, change] of interest) requireInterest(exchange, market, change);
  credit.requireCapsOfAll(changes);
}

/** Changes of open interest by all sides together. */
function interestOf(
  { ledger }: Exchange,
  nets: ReadonlyMap<string, readonly NetLeg[]>,
): Map<string, { long: bigint; net: bigint }> {
  const interest = new Map<string, { long: bigint; net: bigint }>();
  for (const [account, legs] of nets)
    for (const { name, exactSize } of legs) {
      const held = ledger.position(account, name).size;
      const known = interest.get(name) ?? { long: 0n, net: 0n };
      known.long += positive(held + exactSize) - positive(held);
      known.net += exactSize;
      interest.set(name, known);
    }
  return interest;
}

/** Sizes of legs by market. */
function nettedOf(legs: Side['legs']): NetLeg[] {
  const netted = new Map<string, bigint>();
  for (const { market, size } of legs) netted.set(market, (netted.get(market) ?? 0n) + size);
  return [...netted].map(([name, exactSize]) => ({ name, exactSize }));
}
