import { Metrics } from '#lib/host';
import type { ForecasterService } from './forecaster.service.js';

export function forecasterMetrics(metrics: Metrics, forecaster: ForecasterService): void {
  metrics.gauge('zkrisk_model_version', 'covariance model in force', () => forecaster.model()?.version);
  metrics.gauge('zkrisk_model_fit_seconds', 'time the last fit took', () => forecaster.model()?.seconds);
  metrics.gauge(
    'zkrisk_rejected_ticks',
    'price ticks refused since the start',
    () => forecaster.rejectedTicks,
  );
}
