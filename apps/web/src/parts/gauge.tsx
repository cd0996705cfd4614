import { percentText } from '../format/numbers.js';

/** A part of a whole as a bar; what does not fit into the whole is shown as full and said so. */
export function Gauge({
  label,
  part,
  whole,
  tone = 'plain',
}: {
  label: string;
  part: number;
  whole: number;
  tone?: 'plain' | 'warn' | 'bad';
}) {
  const share = whole > 0 ? part / whole : part > 0 ? Infinity : 0;
  const shown = Math.max(0, Math.min(1, share));
  return (
    <div
      class={`gauge ${tone}`}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(shown * 1000) / 10}
      aria-valuetext={Number.isFinite(share) ? percentText(share, 4) : 'more than there is'}
    >
      <div style={{ width: `${shown * 100}%` }} />
    </div>
  );
}
