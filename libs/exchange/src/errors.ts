import { ZkriskError } from '#lib/errors';
import type { CreditBreach } from '#lib/margin';

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

/** A trade states terms of a quote without the seal that says whose they are. */
export class UnsealedQuoteError extends ZkriskError {
  readonly code = 'quote-unsealed';
  constructor(quoteId: string) {
    super(
      `the terms of quote ${quoteId} carry no seal: send the quote’s token as quote.seal, or the seal of the matching engine’s producer`,
      { quoteId },
    );
  }
}

/** The seal of a quote's terms is not one that counts, or not of these terms. */
export class QuoteSealError extends ZkriskError {
  readonly code = 'quote-seal-invalid';
  constructor(quoteId: string, why: string) {
    super(`the seal of quote ${quoteId} does not count: ${why}`, { quoteId });
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

/** Cash and a vault's holdings do not mix: the provider's liquidity comes and goes with its vault. */
export class BackedProviderError extends ZkriskError {
  readonly code = 'backed-provider';
  constructor(provider: string) {
    super(`${provider} is either a vault's name or a provider of cash, it cannot be both`, { provider });
  }
}

/** The command was taken; its outcome is not known yet. Asking again with the same id is safe. */
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

/** A trade or withdrawal that would leave an account with less than its initial margin. */
export class InsufficientMarginError extends ZkriskError {
  readonly code = 'insufficient-margin';
  constructor(account: string, equity: number, required: number) {
    super(`${account} would have an equity of ${equity} against an initial margin of ${required}`, {
      account,
      equity,
      required,
    });
  }
}

/** A reduce-only trade without an open position on the other side. */
export class NothingToReduceError extends ZkriskError {
  readonly code = 'nothing-to-reduce';
  constructor(account: string, market: string) {
    super(`${account} has no position in ${market} that this trade would reduce`, { account, market });
  }
}

export class UnknownAccountError extends ZkriskError {
  readonly code = 'unknown-account';
  constructor(account: string) {
    super(`account ${account} is not known: it has never deposited or traded`, { account });
  }
}

/** This process does not write the book and has not seen it for too long. */
export class ReplicaBehindError extends ZkriskError {
  readonly code = 'replica-behind';

  constructor(behindMs: number) {
    super(`this process has not seen the book for ${Math.round(behindMs / 1000)} s`, { behindMs });
  }
}

export class QuoteOfAnotherKeyError extends ZkriskError {
  readonly code = 'quote-of-another-key';

  constructor(quoteId: string) {
    super(`quote ${quoteId} was given to another API key`, { quoteId });
  }
}

/** The id of another command: an id makes one command safe to repeat, and is used for no other. */
export class CommandIdReusedError extends ZkriskError {
  readonly code = 'command-id-reused';

  constructor(commandId: string) {
    super(`the id ${commandId} was used for another command`, { commandId });
  }
}

/** Commands are booked at market time, and nobody knows it yet. */
export class NoMarketTimeError extends ZkriskError {
  readonly code = 'no-market-time';

  constructor() {
    super('no price has come yet: there is no market time to book anything at');
  }
}

/** A provider has too many commands that are not settled, or too many wait in all. */
export class TooManyCommandsError extends ZkriskError {
  readonly code = 'too-many-commands';
  constructor(provider: string) {
    super(`${provider}'s command cannot wait: too many liquidity commands are not settled yet`, { provider });
  }
}

/** The exchange owes more than it has: positions can only be reduced, and payouts are pro rata. */
export class InsolventError extends ZkriskError {
  readonly code = 'insolvent';
  constructor(what: string, payable: string) {
    super(`the exchange is insolvent: ${what}; of every claim ${payable} can be paid`, { payable });
  }
}

/** A price is held back at which the exchange could not pay everybody: a withdrawal now would leave the loss to the other accounts. */
export class HeldLossError extends ZkriskError {
  readonly code = 'loss-held-back';
  constructor(markets: readonly string[]) {
    const names = markets.join(', ');
    super(
      `withdrawals wait until the price of ${names} is confirmed or refused: at it the exchange could not pay everybody`,
      { markets: names },
    );
  }
}

/** A command would raise the pool's loss if an account, or all in one scenario, default. */
export class CreditCapError extends ZkriskError {
  readonly code = 'credit-cap';
  constructor(account: string, { cap, scenario, times, deficit, limit }: CreditBreach) {
    const whose = cap === 'account' ? account : 'all accounts together';
    super(
      `${whose} could leave a debt of ${deficit.toPrecision(6)} in "${scenario}"${times === 2 ? ', twice taken' : ''}: at most ${limit.toPrecision(6)} is taken`,
      { account, cap, scenario, times, deficit, limit },
    );
  }
}

/** A matched trade's price is too far from the mark. */
export class MatchPriceError extends ZkriskError {
  readonly code = 'match-price';
  constructor(market: string, price: string, mark: string, largest: number) {
    super(`${market} is matched at ${price}, more than ${100 * largest} % from its mark of ${mark}`, {
      market,
      price,
      mark,
    });
  }
}

/** A reservation that is not there, or one too many. */
export class ReservationError extends ZkriskError {
  readonly code = 'reservation';
  constructor(account: string, reason: string) {
    super(`${account}: ${reason}`, { account });
  }
}

/** Nothing has been set aside for the notes of an account, or it has none. */
export class NothingToClaimError extends ZkriskError {
  readonly code = 'nothing-to-claim';
  constructor(account: string, outstanding: string) {
    super(`${account} can claim nothing now; its notes are for ${outstanding}`, { account, outstanding });
  }
}

/** A liquidator's prices cost the account more than the penalty of its plan. */
export class LiquidationPriceError extends ZkriskError {
  readonly code = 'liquidation-price';
  constructor(account: string, cost: number, most: number) {
    super(
      `the fills would cost ${account} ${cost.toPrecision(6)} against the marks, at most ${most.toPrecision(6)}`,
      {
        account,
        cost,
        most,
      },
    );
  }
}

/** A report names an account for positions that the account has not accepted. */
export class TakeoverNotAcceptedError extends ZkriskError {
  readonly code = 'takeover-not-accepted';
  constructor(account: string, why: string) {
    super(`${account} ${why}: it accepts takeovers by POST /v1/accounts/${account}/takeovers`, { account });
  }
}

/** An input was made under another version of the risk parameters than the one that holds. */
export class ParametersVersionError extends ZkriskError {
  readonly code = 'parameters-version';
  constructor(made: number, holds: number) {
    super(`made under version ${made} of the risk parameters, version ${holds} holds`, { made, holds });
  }
}

/** A trade, an account or a market would grow past its limit of notional. */
export class NotionalLimitError extends ZkriskError {
  readonly code = 'notional-limit';
  constructor(of: string, notional: number, limit: number) {
    super(`${of} would have a notional of ${notional.toPrecision(6)} at mark, at most ${limit} is taken`, {
      of,
      notional,
      limit,
    });
  }
}
