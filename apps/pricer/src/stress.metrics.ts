import type { Metrics } from '#lib/host';
import type { StressDesk } from './stress-desk.js';

/** How far the book is from insolvency, as of the last bar whose computation has ended. */
export function stressMetrics(metrics: Metrics, desk: StressDesk): void {
  metrics.gauge(
    'zkrisk_capital_distance',
    'standard deviations (Mahalanobis) that no joint move is nearer than which uses up P: certified',
    () => desk.refreshed()?.distance.capital.atLeast,
  );
  metrics.gauge(
    'zkrisk_insolvency_distance',
    'standard deviations (Mahalanobis) that no joint move is nearer than which uses up P and L, bad debt included: certified',
    () => desk.refreshed()?.distance.insolvency.atLeast,
  );
  metrics.gauge(
    'zkrisk_credit_worst',
    'largest debt that all accounts together could leave in a scenario of the risk parameters, quote currency',
    () => desk.refreshed()?.credit.at(0)?.deficit,
  );
  metrics.gauge(
    'zkrisk_stress_bar_seconds',
    'end of the bar of the distances and debts, seconds since 1970',
    () => {
      const barEnd = desk.known?.barEnd;
      return barEnd === undefined ? undefined : barEnd / 1000;
    },
  );
  metrics.gauge('zkrisk_stress_seconds', 'how long the last stress of the book took', () => desk.lastSeconds);
}
