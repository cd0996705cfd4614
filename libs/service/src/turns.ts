import { ZkriskError } from '#lib/errors';

/** Too many ask for the same costly thing at once. */
export class BusyError extends ZkriskError {
  readonly code = 'busy';

  constructor(what: string, waiting: number) {
    super(`${waiting} others wait for ${what}: ask again later`);
  }
}

/**
 * Limits how many do something costly at once; some more wait, in the order in which they came. Whoever asks often delays others who ask for
 * the same, and nothing else of the exchange.
 */
export class Turns {
  private taken = 0;
  private readonly waiting: (() => void)[] = [];

  /**
   * @param what is waited for, for the refusal
   * @param atOnce how many at once
   * @param mostWaiting how many wait for their turn
   */
  constructor(
    private readonly what: string,
    private readonly atOnce: number,
    private readonly mostWaiting: number,
  ) {}

  /** @throws {BusyError} where too many wait already */
  async take<Result>(act: () => Promise<Result>): Promise<Result> {
    if (this.taken < this.atOnce) this.taken++;
    else {
      if (this.waiting.length >= this.mostWaiting) throw new BusyError(this.what, this.waiting.length);
      // Whoever ends hands its turn on.
      await new Promise<void>((begin) => this.waiting.push(begin));
    }
    try {
      return await act();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.taken--;
      else next();
    }
  }
}
