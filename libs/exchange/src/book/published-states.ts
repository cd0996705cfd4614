import type { AccountStatePayload, PoolStatePayload } from '#lib/messages';
import type { PricingEngine } from '../pricing-engine.js';
import type { ExchangeLedger } from './exchange-ledger.js';
import type { MarketBook } from './ledger-state.js';
import { formatDecimal, SIZE_DECIMALS, formatMoney } from '#lib/amounts';

/**
 * A margin account as others see it, less its debt for the default option. Funding since the position's index is theirs to
 * add: size × (market's − position's).
 */
export function accountState(
  ledger: ExchangeLedger,
  account: string,
  causes: AccountStatePayload['causes'],
  now: number,
): AccountStatePayload {
  const { cash, positions } = ledger.account(account);
  const { owed } = ledger.creditOf(account, now);
  return {
    account,
    sequence: ledger.eventCount,
    cash: formatMoney(cash - owed),
    positions: positions.map((position) => stated(ledger, position.market, position)),
    causes,
  };
}

export function poolState({ ledger, marginCapital, parameters }: PricingEngine): PoolStatePayload {
  const { version, digest } = parameters.rules;
  return {
    sequence: ledger.eventCount,
    markets: ledger.marketNames().map((market) => stated(ledger, market, ledger.market(market))),
    capital: formatMoney(ledger.capital),
    liquidity: formatMoney(ledger.liquidity),
    pending: formatMoney(ledger.pendingToCapital),
    shortfall: formatMoney(ledger.shortfall),
    marginCapital,
    parameters: { version, digest },
  };
}

/** A size in a market as messages have it; the market's scale is said only where it was rescaled. */
function stated(
  ledger: ExchangeLedger,
  market: string,
  { size, entryNotional, fundingIndex }: Pick<MarketBook, 'size' | 'entryNotional' | 'fundingIndex'>,
): PoolStatePayload['markets'][number] {
  const state = {
    market,
    size: formatDecimal(size, SIZE_DECIMALS),
    entryNotional: formatMoney(entryNotional),
    fundingIndex: fundingIndex.toString(),
  };
  const { scale } = ledger.market(market);
  return scale === 1 ? state : { ...state, scale };
}
