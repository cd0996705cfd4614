import type { ChannelName } from '#lib/messages';

/** Where a channel's documents come from: the service that has them. */
export interface StreamChannel {
  readonly name: ChannelName;
  /** least time between two readings, milliseconds; the hub's interval where it is longer */
  readonly intervalMs?: number;
  /** Changes whenever a document may have changed: only then are documents read again. */
  version(): string | Promise<string>;
  /**
   * The document of a subject as it is now; of everything without one.
   *
   * @throws {ZkriskError} where there is none: subscribers see it as `unavailable`
   */
  read(subject: string | undefined): object | Promise<object>;
}
