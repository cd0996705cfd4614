import { Metrics } from '#lib/host';
import type { ProverRepository } from './prover.repository.js';

export function proverMetrics(metrics: Metrics, prover: ProverRepository): void {
  metrics.gauges(
    'zkrisk_proof_jobs',
    'statements by what has become of them; queued is the depth of the queue',
    ['status'],
    async () =>
      Object.entries(await prover.depth()).map(([status, value]) => ({
        labels: { status },
        value: Number(value),
      })),
  );
  metrics.gauges(
    'zkrisk_proof_seconds',
    'time a proof takes, mean of the last hundred of its statement',
    ['statement'],
    async () =>
      (await prover.times()).map(({ statement, seconds }) => ({ labels: { statement }, value: seconds })),
  );
}
