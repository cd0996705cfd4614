import { z } from 'zod';

const count = (fallback: number) => z.coerce.number().int().positive().default(fallback);

/** Streams of a process: their largest cost, and each caller's limits. */
export const streamsEnvironment = z.object({
  STREAM_INTERVAL_MS: count(250).describe(
    'least time between two deltas of a stream, milliseconds: changes in between go together',
  ),
  STREAM_SHARE: z.coerce
    .number()
    .gt(0)
    .max(1)
    .default(0.02)
    .describe(
      'largest share of the main thread’s time that streams may take; with more subscribers deltas come more seldom',
    ),
  STREAM_BUFFER_BYTES: count(256 << 10).describe(
    'bytes a connection may leave unread before it is left out, and gets a snapshot once it has read them',
  ),
  STREAM_CONNECTIONS_PER_KEY: count(100).describe(
    'stream connections a key may have to a process; an address, where there is no key',
  ),
  STREAM_SUBSCRIPTIONS_PER_KEY: count(2000).describe('subscriptions of a key, over all its connections'),
  STREAM_ORIGINS: z
    .string()
    .default('')
    .describe(
      'origins of web pages on other hosts that may open streams, separated by commas; those of our own host always may',
    ),
});
export type StreamsConfig = z.output<typeof streamsEnvironment>;
