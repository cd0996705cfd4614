import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { PinoLogger } from '#lib/service';
import { type Caller, StreamHub } from '#lib/streams';
import type { ApiKeys, Principal } from '../access/api-keys.js';
import { givenKey, type RouteGuard } from '../access/guard.js';
import type { CallCounts } from '../access/rate-limit.js';
import { Metrics } from '../metrics.js';
import type { OpenedService } from '../service.js';
import { Status } from '../status.js';
import { installStreams } from './stream-gateway.js';
import type { StreamsConfig } from './streams.environment.js';

/** Messages of a connection that may wait for their turn. */
const PENDING_MESSAGES = 64;
const RENEW_MS = 2_000;

export interface OpenStreams {
  start(): void;
  close(): Promise<void>;
}

/** The streams of a process: its services' channels behind `/v1/ws`. */
export async function openStreams(
  app: NestFastifyApplication,
  services: readonly OpenedService[],
  options: {
    readonly guard: RouteGuard;
    /** whether keys are asked for */
    readonly required: boolean;
    readonly counts: CallCounts;
    readonly ratePerSecond: number;
    readonly config: StreamsConfig;
    readonly logger: PinoLogger;
  },
): Promise<OpenStreams> {
  const { guard, required, counts, ratePerSecond, config, logger } = options;
  const keys = () => guard.keys();
  const parts = services.flatMap((service) => service.streams?.(app) ?? []);
  const hub = new StreamHub(
    [...parts.flatMap(({ channels }) => channels), app.get(Status).channel()],
    parts.find(({ quote }) => quote !== undefined)?.quote,
    {
      intervalMs: config.STREAM_INTERVAL_MS,
      share: config.STREAM_SHARE,
      bufferBytes: config.STREAM_BUFFER_BYTES,
      pendingMessages: PENDING_MESSAGES,
      connectionsPerHolder: config.STREAM_CONNECTIONS_PER_KEY,
      subscriptionsPerHolder: config.STREAM_SUBSCRIPTIONS_PER_KEY,
    },
    (problem) => {
      logger.warn(problem);
    },
  );
  const callerWith = async (key: string): Promise<Caller> => callerOf(await keys().principalOf(key));
  const origins = config.STREAM_ORIGINS.split(',').filter((origin) => origin !== '');
  await installStreams(
    app.getHttpAdapter().getInstance(),
    hub,
    {
      authenticate: (key) => (required ? callerWith(key) : Promise.resolve(anyone('', null))),
      admit: ({ holder, ratePerSecond: own }) =>
        !required || counts.admit(holder, Math.ceil(own ?? ratePerSecond)),
      callerOf: async (request) => {
        if (!required) return anyone(request.ip, null);
        const key = givenKey(request);
        return key === undefined ? anyone(request.ip, new Set()) : callerWith(key);
      },
    },
    origins,
  );
  gauges(app.get(Metrics), hub);
  let following: (() => Promise<void>) | undefined;
  let renewing: NodeJS.Timeout | undefined;
  return {
    start: () => {
      hub.start();
      if (!required) return;
      following = keys().follow(() => {
        endRevoked(hub, keys());
        guard.endRevoked();
      });
      // Where the database has told nothing, as after a failover, the keys are read again all the same.
      renewing = setInterval(() => {
        if (hub.sessions.size > 0)
          keys()
            .renew()
            .catch(() => undefined);
      }, RENEW_MS);
    },
    close: async () => {
      clearInterval(renewing);
      await hub.close();
      await following?.();
    },
  };
}

/** Streams of a key end with it. */
function endRevoked(hub: StreamHub, keys: ApiKeys): void {
  for (const session of [...hub.sessions]) {
    const { keyId } = session.caller;
    if (keyId !== null && !keys.isValid(keyId)) session.close(4401, 'the key was revoked');
  }
}

function callerOf({ keyId, scopes, accounts, ratePerSecond }: Principal): Caller {
  return { keyId, scopes, accounts, ratePerSecond, holder: keyId };
}

/** @param scopes null: everything, where no keys are asked for */
function anyone(address: string, scopes: ReadonlySet<string> | null): Caller {
  return { keyId: null, scopes, accounts: null, ratePerSecond: null, holder: address };
}

function gauges(metrics: Metrics, hub: StreamHub): void {
  metrics.gauge('zkrisk_stream_connections', 'connections to /v1/ws', () => hub.sessions.size);
  metrics.gauge(
    'zkrisk_stream_frames_total',
    'deltas sent to subscribers since the start',
    () => hub.counts.frames,
  );
  metrics.gauge(
    'zkrisk_stream_seconds_total',
    'time of the main thread that rounds of streams have taken since the start',
    () => hub.counts.spentMs / 1000,
  );
  metrics.gauge(
    'zkrisk_stream_slow_total',
    'times a connection was left out because it was not read, since the start',
    () => hub.counts.slow,
  );
}
