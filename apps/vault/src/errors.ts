import { ZkriskError } from '#lib/errors';

/** A token of the pool has no price or no forecast: its possible loss is unknown, so the vault counts for zero. */
export class TokenNotValuedError extends ZkriskError {
  readonly code = 'token-not-valued';
  constructor(market: string, missing: 'price' | 'forecast') {
    super(`the pool's token ${market} has no ${missing} yet: the vault keeps its last valuation`, {
      market,
      missing,
    });
  }
}

export class NoVaultError extends ZkriskError {
  readonly code = 'no-vault';
  constructor(file: string) {
    super(`there is no vault: VAULT_ADDRESS is not set and ${file} is not there`);
  }
}
