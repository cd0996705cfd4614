import type { Tone } from '../../parts/figures.js';

const TONES: Readonly<Record<string, Tone>> = {
  proven: 'good',
  settled: 'good',
  confirmed: 'good',
  final: 'good',
  running: 'warn',
  queued: 'quiet',
  failed: 'bad',
  refused: 'bad',
  reverted: 'bad',
};

/** Tone of the status of a proof, an epoch or a transaction. */
export function statusTone(status: string): Tone {
  return TONES[status] ?? 'quiet';
}
