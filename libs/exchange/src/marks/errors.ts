import { ZkriskError } from '#lib/errors';
import { MARKET_ACTIONS, type MarketAction, type MarketState } from './action-table.js';

/** A market the exchange does not know. */
export class UnknownMarketError extends ZkriskError {
  readonly code = 'unknown-market';
  constructor(market: string) {
    super(`market ${market} is not known; GET /v1/markets lists those that are`, { market });
  }
}

const WHY: Readonly<Record<MarketState, string>> = {
  ok: 'its mark is good',
  wide: 'its sources are too far apart',
  uncertain: 'a large move is waiting to be confirmed',
  stale: 'its price is too old',
  'reduce-only': 'positions may only be reduced',
  halted: 'the operator has halted it',
  closed: 'it is delisted',
};

/** A market whose mark, or the operator's restriction, does not allow an action now. */
export class MarketStateError extends ZkriskError {
  readonly code: string;
  constructor(market: string, state: MarketState, action: MarketAction, silentMs: number) {
    super(
      `market ${market} is ${state}: ${WHY[state]} (last price ${Math.round(silentMs / 1000)} s ago); it is not possible to ${MARKET_ACTIONS[action]} there now`,
      { market, state, action, silentMs },
    );
    this.code = `market-${state}`;
  }
}

/** A market with too little history, or one the model had to leave out. */
export class WarmingUpError extends ZkriskError {
  readonly code = 'market-warming-up';
  constructor(market: string, reason: string) {
    super(`market ${market} has no forecast yet: ${reason}`, { market });
  }
}

export class NoForecastError extends ZkriskError {
  readonly code = 'no-forecast';
  constructor() {
    super('there is no covariance forecast yet: the forecaster is still gathering bars');
  }
}
