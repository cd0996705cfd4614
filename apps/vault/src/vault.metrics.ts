import type { Metrics } from '#lib/host';
import type { VaultService } from './vault.service.js';

export function vaultMetrics(metrics: Metrics, service: VaultService): void {
  const said = () => service.valuation?.payload;
  metrics.gauge(
    'zkrisk_vault_value',
    'fair value of the vault’s pool shares that count, quote currency',
    () => optionally(said()?.value),
  );
  metrics.gauge(
    'zkrisk_vault_haircut',
    'share of the vault’s value that is not counted',
    () => said()?.haircut,
  );
  metrics.gauge('zkrisk_vault_valued_at_seconds', 'market time of the last valuation', () => {
    const { valuation } = service;
    return valuation && valuation.at / 1000;
  });
  metrics.gauge('zkrisk_vault_reading_age_seconds', 'since the chain was read, wall clock', () => {
    const { reading } = service;
    return reading && (Date.now() - reading.readAt) / 1000;
  });
}

function optionally(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
