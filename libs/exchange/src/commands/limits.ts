import { magnitude, MONEY_DECIMALS, positive, SIZE_DECIMALS, toNumber } from '#lib/amounts';
import { InvalidInputError } from '#lib/errors';
import { fields } from '#lib/messages';
import { NotionalLimitError } from '../errors.js';
import type { PricedLeg } from '../trades/trade-price.js';
import type { Exchange } from './exchange.js';

/** Units of the last place. */
const LARGEST_SIZE = BigInt(fields.LARGEST_AMOUNT) * 10n ** BigInt(SIZE_DECIMALS);

/** The limit of a trade's notional at mark, all legs together. @throws {NotionalLimitError} */
export function requireTradeLimit({ board, parameters }: Exchange, legs: readonly PricedLeg[]): void {
  const traded = legs.reduce((sum, { name, size }) => sum + Math.abs(size) * board.mark(name)!.value, 0);
  const { trade } = parameters.rules.parameters.limits;
  if (traded > trade) throw new NotionalLimitError('the trade', traded, trade);
}

/**
 * Limits of notional at mark, of the account and of each market's open interest after the trade. A trade that grows neither is
 * not refused. A position's size is one that a command can state: no topic would take the order that closes a larger one.
 *
 * @throws {NotionalLimitError}
 * @throws {InvalidInputError} for a position of more units
 */
export function requireLimits(
  { ledger, board, parameters }: Exchange,
  marginAccount: string,
  legs: readonly Pick<PricedLeg, 'name' | 'exactSize'>[],
): void {
  const { limits } = parameters.rules.parameters;
  const valueOf = (market: string, size: bigint) =>
    Math.abs(toNumber(size, SIZE_DECIMALS)) * board.mark(market)!.value;
  let grown = 0;
  for (const { name, exactSize } of legs) {
    const before = ledger.position(marginAccount, name).size;
    const after = before + exactSize;
    if (magnitude(after) > LARGEST_SIZE && magnitude(after) > magnitude(before))
      throw new InvalidInputError(
        'legs.size',
        `would make a position of more than ${fields.LARGEST_AMOUNT} of ${name}`,
      );
    grown += valueOf(name, after) - valueOf(name, before);
    const { size, longSize } = ledger.market(name);
    const long = longSize + positive(after) - positive(before);
    const short = long - (size + exactSize);
    const interest = valueOf(name, long > short ? long : short);
    const was = valueOf(name, longSize > longSize - size ? longSize : longSize - size);
    if (interest > limits.market && interest > was)
      throw new NotionalLimitError(`market ${name}`, interest, limits.market);
  }
  if (grown <= 0) return;
  let notional = grown;
  for (const [market, { size, entryNotional }] of ledger.positionsOf(marginAccount)) {
    const marked = board.mark(market) !== undefined;
    notional += marked ? valueOf(market, size) : Math.abs(toNumber(entryNotional, MONEY_DECIMALS));
  }
  if (notional > limits.account)
    throw new NotionalLimitError(`account ${marginAccount}`, notional, limits.account);
}

/** The limit of a market's open interest, for trades of several accounts at once. @throws {NotionalLimitError} */
export function requireInterest(
  { ledger, board, parameters }: Exchange,
  market: string,
  change: { readonly long: bigint; readonly net: bigint },
): void {
  const { size, longSize } = ledger.market(market);
  const largest = (long: bigint, short: bigint) =>
    toNumber(long > short ? long : short, SIZE_DECIMALS) * board.mark(market)!.value;
  const long = longSize + change.long;
  const interest = largest(long, long - (size + change.net));
  const limit = parameters.rules.parameters.limits.market;
  if (interest > limit && interest > largest(longSize, longSize - size))
    throw new NotionalLimitError(`market ${market}`, interest, limit);
}
