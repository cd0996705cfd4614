import { createHmac, timingSafeEqual } from 'node:crypto';
import { QuoteExpiredError, QuoteSealError, UnsealedQuoteError } from '#lib/exchange';
import { ZkriskError } from '#lib/errors';
import type { TradePayload } from '#lib/messages';
import type { QuoteSeal } from './quote-seal.js';

/** An acceptance may be this late: it was in time when it was sent. */
const GRACE_MS = 10_000;
const ENGINE = 'engine.';

/** The matching engine's seal of terms that it states itself, by the secret it shares with the pricers. */
export function engineSeal(secret: string, trade: TradePayload): string {
  const text = engineText(trade);
  return `${ENGINE}${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

function engineText({ tradeId, account, legs, quote }: TradePayload): string {
  const { quoteId, marks, riskPremium, liquidityPremium } = quote!;
  const terms = legs.map(({ market, size }, i) => `|${market}|${size}|${marks[i] ?? ''}`).join('');
  return `${tradeId}|${account}|${quoteId}|${riskPremium}|${liquidityPremium}${terms}`;
}

/**
 * Why a trade may not be booked at the terms it states: they are none that the exchange has quoted, and the matching engine's
 * producer has not sealed them.
 *
 * @param engineSecret of the matching engine's producer; without it only quoted terms are taken
 * @param at when the log took the trade
 * @returns undefined for a trade at mark, and for terms that are taken
 */
export function termsProblem(
  trade: TradePayload,
  seal: QuoteSeal,
  engineSecret: string | undefined,
  at: number,
): ZkriskError | undefined {
  const { quote } = trade;
  if (quote === undefined) return undefined;
  const { quoteId, seal: given } = quote;
  if (given === undefined) return new UnsealedQuoteError(quoteId);
  if (given.startsWith(ENGINE)) {
    if (engineSecret === undefined)
      return new QuoteSealError(quoteId, 'MATCHING_ENGINE_SECRET is not set here');
    const [expected, actual] = [engineSeal(engineSecret, trade), given].map((text) => Buffer.from(text));
    const same = expected.length === actual.length && timingSafeEqual(expected, actual);
    return same ? undefined : new QuoteSealError(quoteId, 'it is not the matching engine’s');
  }
  const opened = seal.read(given);
  if (opened === undefined) return new QuoteSealError(quoteId, 'no pricer of this exchange has made it');
  const [id, , account, riskPremium, liquidityPremium, ...rest] = opened.terms.split('|');
  const legs = trade.legs.flatMap(({ market, size }, i) => [market, size, quote.marks[i]]);
  const stated = [quoteId, trade.account, quote.riskPremium, quote.liquidityPremium, ...legs];
  const sealed = [id, account, riskPremium, liquidityPremium, ...rest];
  if (stated.length !== sealed.length || stated.some((part, i) => part !== sealed[i]))
    return new QuoteSealError(quoteId, 'it is of other terms than the trade states');
  return at > opened.expiresAt + GRACE_MS ? new QuoteExpiredError(quoteId, opened.expiresAt) : undefined;
}
