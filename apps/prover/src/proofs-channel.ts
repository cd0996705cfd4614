import type { StreamChannel } from '#lib/streams';
import type { ProverRepository } from './prover.repository.js';

const LATEST = 100;
const INTERVAL_MS = 1000;

/** The last proofs, without their bytes, and how many wait. */
export function proofsChannel(repository: ProverRepository): StreamChannel {
  return {
    name: 'proofs',
    intervalMs: INTERVAL_MS,
    version: () => repository.version(),
    read: async () => ({
      queue: await repository.depth(),
      proofs: Object.fromEntries(
        (await repository.latest(LATEST)).map(({ proofId, ...proof }) => [proofId, proof]),
      ),
    }),
  };
}
