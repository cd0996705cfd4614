const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span in its two largest units: `3 s`, `2 min`, `1 h 5 min`, `3 d 2 h`. */
export function spanText(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  if (ms < 0) return `${spanText(-ms)} ahead`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  const [large, small, names] = ms < DAY ? [HOUR, MINUTE, ['h', 'min']] : [DAY, HOUR, ['d', 'h']];
  const whole = Math.floor(ms / large);
  const rest = Math.floor((ms - whole * large) / small);
  return rest === 0 || whole >= 10 ? `${whole} ${names[0]}` : `${whole} ${names[0]} ${rest} ${names[1]}`;
}

/** `2025-01-05 12:00`, with seconds where there are any. */
export function timeText(time: number): string {
  if (!Number.isFinite(time)) return '–';
  const iso = new Date(time).toISOString();
  const seconds = iso.slice(17, 19);
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)}${seconds === '00' ? '' : `:${seconds}`}`;
}

/** `12:00` or `12:00:05`, UTC. */
export function clockText(time: number): string {
  return timeText(time).slice(11);
}
