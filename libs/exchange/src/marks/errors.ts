import { ZkriskError } from '#lib/errors';

/** A market the exchange does not know. */
export class UnknownMarketError extends ZkriskError {
  readonly code = 'unknown-market';
  constructor(market: string) {
    super(`market ${market} is not known; GET /v1/markets lists those that are`, { market });
  }
}

/** A market whose price is too old to trade on. */
export class StaleMarketError extends ZkriskError {
  readonly code = 'market-stale';
  constructor(market: string, silentMs: number) {
    super(
      `market ${market} has had no price for ${Math.round(silentMs / 1000)} s; no quote is given until it has`,
      {
        market,
        silentMs,
      },
    );
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
