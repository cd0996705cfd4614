export type Scale = 'linear' | 'logarithmic';

/** An axis of values: where each stands, from 0 at the bottom to 1 at the top, and the marks on it. */
export interface ValueAxis {
  readonly scale: Scale;
  /** undefined for a value that the axis cannot show */
  place(value: number): number | undefined;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

/** Largest over smallest value from which a linear axis would press the small ones flat. */
const LOGARITHMIC_FROM = 100;

/**
 * Axis for some values: logarithmic where all are positive and they span two decades or more, unless a scale is asked for.
 *
 * @param values finite
 * @param from a value that a linear axis shows whatever the others are, such as 0 under bars
 */
export function valueAxis(values: readonly number[], asked?: Scale, from?: number): ValueAxis {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const scale = asked ?? (low > 0 && high / low >= LOGARITHMIC_FROM ? 'logarithmic' : 'linear');
  if (scale === 'logarithmic') return logarithmicAxis(values.filter((value) => value > 0));
  if (from !== undefined) {
    low = Math.min(low, from);
    high = Math.max(high, from);
  }
  if (low > high) [low, high] = [0, 1];
  // A constant is drawn in the middle.
  const room = low === high ? Math.max(1e-9, 0.1 * Math.abs(low)) : 0;
  const [bottom, top] = [low - room, high + room];
  const step = roundStep((top - bottom) / 5);
  const ticks: number[] = [];
  for (let k = Math.ceil(bottom / step); k * step <= top + 1e-9 * step; k++) ticks.push(k * step);
  return {
    scale,
    place: (value) => (value - bottom) / (top - bottom),
    ticks: ticks.map((value) => ({ value, label: compact(value, step) })),
  };
}

function logarithmicAxis(values: readonly number[]): ValueAxis {
  const logs = values.map(Math.log10);
  const low = logs.reduce((least, value) => Math.min(least, value), logs[0] ?? 0);
  const high = logs.reduce((most, value) => Math.max(most, value), logs[0] ?? 1);
  const room = high - low < 0.1 ? 0.1 : 0;
  const [bottom, top] = [low - room, high + room];
  // Where there are few decades, their halves and fifths as well.
  const factors = top - bottom <= 3 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil((top - bottom) / 8));
  const ticks: { value: number; label: string }[] = [];
  for (let decade = Math.floor(bottom); decade <= top; decade += every) {
    for (const factor of factors) {
      const value = factor * 10 ** decade;
      if (Math.log10(value) >= bottom && Math.log10(value) <= top)
        ticks.push({ value, label: compact(value, value) });
    }
  }
  return {
    scale: 'logarithmic',
    place: (value) => (value > 0 ? (Math.log10(value) - bottom) / (top - bottom) : undefined),
    ticks,
  };
}

function roundStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw * (1 - 1e-9))!;
}

/** A value short enough for an axis, exact enough to tell it from the next mark. */
function compact(value: number, step: number): string {
  const largest = Math.max(Math.abs(value), step);
  const digits = Math.min(6, Math.max(1, Math.ceil(Math.log10(largest / step)) + 1));
  return new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: digits }).format(value);
}
