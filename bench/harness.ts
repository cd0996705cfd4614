import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** One measured figure beside its peer's of the same run. */
export interface Figure {
  readonly name: string;
  /** seconds, or operations per second where `unit` says so */
  readonly ours: number;
  readonly unit: string;
  readonly peer: { readonly name: string; readonly value: number } | null;
  /** how many times better than the peer; below 1 is worse */
  readonly ratio: number | null;
  readonly target: string;
  readonly met: boolean | null;
}

/** Whether figures are only to be made, not to be right: `npm run bench -- --quick`, which CI runs. */
export const QUICK = process.argv.includes('--quick');

/** Median time of one call, seconds; warmed up first, each sample long enough to be measured. */
export function timed(work: () => void, samples = 7, sampleMs = 40): number {
  if (QUICK) [samples, sampleMs] = [1, 0];
  work();
  let calls = 1;
  for (;;) {
    const started = performance.now();
    for (let i = 0; i < calls; i++) work();
    const elapsed = performance.now() - started;
    if (elapsed >= sampleMs) break;
    calls = Math.ceil(calls * Math.min(100, (1.3 * sampleMs) / Math.max(elapsed, 0.01)));
  }
  const times = Array.from({ length: samples }, () => {
    const started = performance.now();
    for (let i = 0; i < calls; i++) work();
    return (performance.now() - started) / calls / 1000;
  });
  return times.sort((a, b) => a - b)[Math.floor(samples / 2)];
}

/** The peers' answers; null, with a word, where their Python environment is absent. */
export function askPeers<T>(request: object): T | null {
  const python = process.env.ZKRISK_PEERS_PYTHON ?? '';
  if (python === '' || !existsSync(python)) return null;
  const script = join(import.meta.dirname, '..', '..', 'bench', 'peers', 'peers.py');
  const { status, stdout, stderr } = spawnSync(python, [script], {
    input: JSON.stringify(request),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`the peers failed: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout) as T;
}

/** A figure measured in time: smaller is better. */
export function timeFigure(
  name: string,
  ours: number,
  peer: Figure['peer'],
  target: string,
  met: (ratio: number | null) => boolean | null,
): Figure {
  const ratio = peer === null ? null : peer.value / ours;
  return { name, ours, unit: 's', peer, ratio, target, met: met(ratio) };
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

export function figureTable(figures: readonly Figure[]): string {
  const show = (value: number, unit: string) => {
    if (unit !== 's') return `${value.toLocaleString('en', { maximumSignificantDigits: 4 })} ${unit}`;
    if (value < 1e-6) return `${(value * 1e9).toFixed(0)} ns`;
    if (value < 1e-3) return `${(value * 1e6).toFixed(2)} µs`;
    return value < 1 ? `${(value * 1e3).toFixed(2)} ms` : `${value.toFixed(2)} s`;
  };
  const rows = figures.map(({ name, ours, unit, peer, ratio, target, met }) => [
    name,
    show(ours, unit),
    peer === null ? 'peer absent' : `${show(peer.value, unit)} (${peer.name})`,
    ratio === null ? '–' : `${ratio.toLocaleString('en', { maximumSignificantDigits: 3 })} ×`,
    target,
    met === null ? '–' : met ? 'met' : 'NOT MET',
  ]);
  const header = ['what', 'ours', 'peer, same run', 'ratio', 'target', ''];
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
