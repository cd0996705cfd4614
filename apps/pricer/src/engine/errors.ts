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

export class UnknownQuoteError extends ZkriskError {
  readonly code = 'unknown-quote';
  constructor(quoteId: string) {
    super(`quote ${quoteId} is not known: it was never given, or it expired and was forgotten`, { quoteId });
  }
}

export class QuoteExpiredError extends ZkriskError {
  readonly code = 'quote-expired';
  constructor(quoteId: string, expiresAt: number) {
    super(`quote ${quoteId} expired at ${new Date(expiresAt).toISOString()}; ask for a new one`, { quoteId });
  }
}

/** The premium has risen past the tolerance since the quote was given. */
export class QuoteStaleError extends ZkriskError {
  readonly code = 'quote-stale';
  constructor(quoteId: string, quoted: string, now: string) {
    super(
      `quote ${quoteId} was for a premium of ${quoted}, the same trade now costs ${now}; ask for a new one`,
      {
        quoteId,
        quoted,
        now,
      },
    );
  }
}

export class InsufficientBalanceError extends ZkriskError {
  readonly code = 'insufficient-balance';
  constructor(provider: string, available: string, asked: string) {
    super(`${provider} can withdraw ${available}, not ${asked}`, { provider, available, asked });
  }
}

/** The command was taken; what came of it is not known yet. Asking again with the same id is safe. */
export class OutcomePendingError extends ZkriskError {
  readonly code = 'outcome-pending';
  constructor(commandId: string) {
    super(`command ${commandId} has been taken but not been booked yet; ask again with the same id`, {
      commandId,
    });
  }
}

/** A command that was refused when it was booked; carries the refusal's own code. */
export class CommandRejectedError extends ZkriskError {
  constructor(
    readonly code: string,
    reason: string,
    commandId: string,
  ) {
    super(reason, { commandId });
  }
}
