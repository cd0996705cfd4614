import type { Metrics } from '#lib/host';
import type { VaultService } from './vault.service.js';

export function vaultMetrics(metrics: Metrics, service: VaultService): void {
  metrics.gauge(
    'zkrisk_vault_haircut',
    'share of the vault’s value that is not counted',
    () => service.valuation?.payload.haircut,
  );
  metrics.gauge(
    'zkrisk_vault_reading_age_seconds',
    'since the chain was read, or was to be read first, wall clock; told by the process that has the work',
    () => {
      const { readingAge } = service;
      return readingAge && readingAge / 1000;
    },
  );
}
