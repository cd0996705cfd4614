import type { ProofDocument } from '#lib/proofs';
import { API_BASE } from '../engine/api.js';

export interface ProofCheckRequest {
  readonly document: ProofDocument;
  /** URL below which circuit, settings and srs lie */
  readonly artifacts: string;
}
export type ProofCheckStep = 'loading' | 'key' | 'verifying';
export type ProofCheckReply =
  | { readonly kind: 'step'; readonly step: ProofCheckStep }
  | { readonly kind: 'verdict'; readonly holds: boolean; readonly digest: string; readonly failure?: string }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Verifies a proof by EZKL in WebAssembly, in a worker: the artifacts' digest is that of the proof, the key is made from the circuit,
 * and the proof verifies.
 *
 * @throws {Error} where it cannot be tried
 */
export function checkProof(
  document: ProofDocument,
  onStep: (step: ProofCheckStep) => void,
): Promise<Extract<ProofCheckReply, { kind: 'verdict' }>> {
  const worker = new Worker(new URL('./proof.worker.ts', import.meta.url), { type: 'module' });
  const artifacts = new URL(`v1/proofs/artifacts/${encodeURIComponent(document.statement)}`, API_BASE).href;
  return new Promise<Extract<ProofCheckReply, { kind: 'verdict' }>>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<ProofCheckReply>) => {
      if (data.kind === 'step') onStep(data.step);
      else if (data.kind === 'verdict') resolve(data);
      else reject(new Error(data.reason));
    };
    worker.onerror = ({ message }) => {
      reject(new Error(message === '' ? 'the worker could not be started' : message));
    };
    worker.postMessage({ document, artifacts } satisfies ProofCheckRequest);
  }).finally(() => {
    worker.terminate();
  });
}
