import { ZkriskError } from '#lib/errors';

/** No prices are awaited of this bar. */
export class UnknownBarError extends ZkriskError {
  readonly code = 'unknown-bar';
  constructor(bar: number) {
    super(`no prices are awaited of the bar that ends at ${bar}`, { bar });
  }
}

/** Whoever has signed does not report prices to this price source. */
export class NotAReporterError extends ZkriskError {
  readonly code = 'not-a-reporter';
  constructor(account: string) {
    super(`${account} is none of the price source’s reporters`, { account });
  }
}
