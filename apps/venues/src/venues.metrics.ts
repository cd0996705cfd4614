import type { Metrics } from '#lib/host';
import { GATE_REFUSALS } from '#lib/venues';
import type { VenuesService } from './venues.service.js';

export function venuesMetrics(metrics: Metrics, service: VenuesService): void {
  const each = (value: (connection: VenuesService['connections'][number]) => number) => () =>
    Promise.resolve(
      service.connections.map((connection) => ({
        labels: { venue: connection.adapter.name },
        value: value(connection),
      })),
    );
  metrics.gauges(
    'zkrisk_venue_connected',
    'whether a venue is connected',
    ['venue'],
    each(({ connected }) => Number(connected)),
  );
  metrics.gauges(
    'zkrisk_venue_quiet_seconds',
    'since a venue has sent a price that was passed on; none before the first',
    ['venue'],
    () =>
      Promise.resolve(
        service.connections
          .filter((connection) => connection.quietMs() !== Infinity)
          .map((connection) => ({
            labels: { venue: connection.adapter.name },
            value: connection.quietMs() / 1000,
          })),
      ),
  );
  metrics.gauges(
    'zkrisk_venue_ticks_total',
    'prices that were passed on',
    ['venue'],
    each(({ counts }) => counts.passed),
  );
  metrics.gauges(
    'zkrisk_venue_disconnections_total',
    'connections that have ended',
    ['venue'],
    each(({ counts }) => counts.disconnections),
  );
  metrics.gauges(
    'zkrisk_venue_refused_total',
    'frames that were not passed on, by why',
    ['venue', 'why'],
    () =>
      Promise.resolve(
        service.connections.flatMap(({ adapter, counts }) => [
          { labels: { venue: adapter.name, why: 'malformed' }, value: counts.malformed },
          ...GATE_REFUSALS.map((why) => ({
            labels: { venue: adapter.name, why },
            value: counts.refused[why] ?? 0,
          })),
        ]),
      ),
  );
}
