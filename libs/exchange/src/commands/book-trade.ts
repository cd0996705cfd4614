import { InvalidInputError } from '#lib/errors';
import {
  divide,
  formatDecimal,
  formatMoney,
  isolatedAccount,
  parseDecimal,
  PRICE_DECIMALS,
  SIZE_DECIMALS,
} from '#lib/amounts';
import type { TradePayload } from '#lib/messages';
import type { TradeBooked, TradeRejected } from '../book/book-event.js';
import { InsolventError, NothingToReduceError } from '../errors.js';
import { quotedTerms } from '../trades/quoted-terms.js';
import type { TradePrice } from '../trades/trade-price.js';
import type { Exchange } from './exchange.js';
import { requireLimits, requireTradeLimit } from './limits.js';
import { chargedPremium, reducesOnly } from './margin-check.js';
import { shareText } from './withdraw.js';

/** The margin account a trade is booked on. */
export function marginAccountOf({ account, margin, legs }: TradePayload): string {
  return margin === 'isolated' ? isolatedAccount(account, legs[0].market) : account;
}

/**
 * Books a trade at the marks of now or at a quote's: legs netted by market, within the limits of notional, with the margin it
 * needs. While the exchange is insolvent positions can only be made smaller.
 *
 * @throws {ZkriskError} where it is refused
 */
export function bookTrade(exchange: Exchange, command: TradePayload, at: number): TradeBooked {
  const { quote, margin, legs: asked, reduceOnly = false } = command;
  if (margin === 'isolated' && asked.length !== 1)
    throw new InvalidInputError('legs', `an isolated position has one leg, got ${asked.length}`);
  const marginAccount = marginAccountOf(command);
  const legs = reduceOnly ? reducing(exchange, marginAccount, asked) : asked;
  if (quote && quote.marks.length !== legs.length)
    throw new InvalidInputError(
      'quote.marks',
      `must have ${legs.length} entries, one a leg, got ${quote.marks.length}`,
    );
  const now = exchange.standing.price(legs, quote?.marks);
  const { board, parameters } = exchange;
  const terms = quote ? quotedTerms(quote, now, board, parameters.rules.parameters.quoteTolerance) : now;
  requireTradeLimit(exchange, now.legs);
  requireLimits(exchange, marginAccount, now.legs);
  const solvency = exchange.solvency();
  const reduces = reducesOnly(exchange, marginAccount, now.legs);
  if (!reduces) for (const { name } of now.legs) board.requirePermitted(name, 'increase');
  if (solvency.insolvent && !reduces)
    throw new InsolventError('positions can only be made smaller', shareText(solvency));
  const premium = terms.riskPremium + terms.liquidityPremium;
  const charged = chargedPremium(exchange, marginAccount, now.legs, premium);
  const { riskPremium, liquidityPremium } = premia(terms, charged);
  return booked(now, at, {
    tradeId: command.tradeId,
    account: marginAccount,
    quoteId: quote?.quoteId ?? null,
    riskPremium,
    liquidityPremium,
  });
}

/** The event of a trade at its price. */
export function booked(
  { legs, forecastId }: TradePrice,
  at: number,
  terms: Pick<TradeBooked, 'tradeId' | 'account' | 'riskPremium' | 'liquidityPremium' | 'quoteId'>,
): TradeBooked {
  return {
    kind: 'trade-booked',
    at,
    tradeId: terms.tradeId,
    account: terms.account,
    quoteId: terms.quoteId,
    riskPremium: terms.riskPremium,
    liquidityPremium: terms.liquidityPremium,
    legs: legs.map(({ name, exactSize, exactPrice }) => ({
      market: name,
      size: formatDecimal(exactSize, SIZE_DECIMALS),
      price: formatDecimal(exactPrice, PRICE_DECIMALS),
    })),
    forecastId,
  };
}

/** The charge, split as the premium is. */
export function premia(
  { riskPremium, liquidityPremium }: Pick<TradePrice, 'riskPremium' | 'liquidityPremium'>,
  charged: bigint,
): Pick<TradeBooked, 'riskPremium' | 'liquidityPremium'> {
  const premium = riskPremium + liquidityPremium;
  const risk = charged === premium ? riskPremium : divide(riskPremium * charged, premium, 'down');
  return { riskPremium: formatMoney(risk), liquidityPremium: formatMoney(charged - risk) };
}

/** The refusal of a trade. */
export function tradeRejected(
  { tradeId, planId }: { readonly tradeId: string; readonly planId?: string },
  account: string,
  { code, message }: { readonly code: string; readonly message: string },
  at: number,
): TradeRejected {
  return {
    ...{ kind: 'trade-rejected', at, tradeId, account, code, reason: message },
    ...(planId === undefined ? {} : { planId }),
  };
}

/** Legs of a reduce-only trade: at most the open size. @throws {NothingToReduceError} where it would open a position */
function reducing(
  { ledger }: Exchange,
  marginAccount: string,
  legs: TradePayload['legs'],
): TradePayload['legs'] {
  const left = new Map<string, bigint>();
  return legs.map(({ market, size }) => {
    const asked = parseDecimal(size, SIZE_DECIMALS, 'legs.size');
    const held = left.get(market) ?? ledger.position(marginAccount, market).size;
    if (held === 0n || asked === 0n || held > 0n === asked > 0n)
      throw new NothingToReduceError(marginAccount, market);
    const most = -held;
    const taken = (asked > 0n ? asked < most : asked > most) ? asked : most;
    left.set(market, held + taken);
    return { market, size: formatDecimal(taken, SIZE_DECIMALS) };
  });
}
