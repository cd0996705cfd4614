import { Metrics } from '#lib/host';
import type { ForecasterService } from './forecaster.service.js';

export function forecasterMetrics(metrics: Metrics, forecaster: ForecasterService, barSeconds: number): void {
  metrics.gauge('zkrisk_bar_seconds', 'length of a bar', () => barSeconds);
  metrics.gauge(
    'zkrisk_forecast_time_seconds',
    'end of the bar of the last forecast, market time, Unix',
    () => {
      const end = forecaster.forecast()?.barEnd;
      return end === undefined ? undefined : end / 1000;
    },
  );
  metrics.gauge('zkrisk_model_version', 'covariance model in force', () => forecaster.model()?.version);
  metrics.gauge('zkrisk_model_fit_seconds', 'time the last fit took', () => forecaster.model()?.seconds);
  metrics.gauge(
    'zkrisk_rejected_ticks',
    'price ticks refused since the start',
    () => forecaster.rejectedTicks,
  );
}
