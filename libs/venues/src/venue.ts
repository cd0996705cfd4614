/** A price as a venue's ticker has it. */
export interface VenuePrice {
  /** as the venue writes it */
  readonly symbol: string;
  /** mid of the best bid and offer, quote currency, a plain decimal */
  readonly price: string;
  /** half of the spread, price units, a plain decimal */
  readonly confidence: string;
  /** by the venue's clock, milliseconds */
  readonly time: number;
  /** rises within a symbol and connection */
  readonly sequence: number;
}

/** Events of one frame of a venue. */
export type VenueEvent =
  | ({ readonly kind: 'price' } & VenuePrice)
  /** the connection is alive, or a subscription was taken */
  | { readonly kind: 'alive' }
  /** the venue refuses something: a symbol it does not have, a subscription */
  | { readonly kind: 'refused'; readonly reason: string };

/** One connection to a venue, from its subscription on. It has no I/O: frames in, events out. */
export interface VenueSession {
  /** frames to send once connected */
  readonly subscriptions: readonly string[];
  /**
   * Reads a frame.
   *
   * @throws {FrameError} for one that is not as the venue's documentation has it
   */
  read(frame: string): VenueEvent[];
}

/** A public feed of tickers. Another venue is another of these. */
export interface VenueAdapter {
  /** the source that its ticks name */
  readonly name: string;
  readonly url: string;
  /** The address for some symbols. */
  addressOf(base: string, symbols: readonly string[]): string;
  open(symbols: readonly string[]): VenueSession;
}
