import type { Metrics } from '#lib/host';
import type { StressDesk } from './stress-desk.js';

/** How far the book is from insolvency, as of the last bar. */
export function stressMetrics(metrics: Metrics, desk: StressDesk): void {
  metrics.gauge(
    'zkrisk_capital_distance',
    'standard deviations (Mahalanobis) that no joint move is nearer than which uses up P: certified',
    () => desk.scraped()?.distance.capital.atLeast,
  );
  metrics.gauge(
    'zkrisk_insolvency_distance',
    'standard deviations (Mahalanobis) that no joint move is nearer than which uses up P and L, bad debt included: certified',
    () => desk.scraped()?.distance.insolvency.atLeast,
  );
  metrics.gauge('zkrisk_stress_seconds', 'how long the last stress of the book took', () => desk.lastSeconds);
}
