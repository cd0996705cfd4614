/** Sums since the start, read again and again. */
export interface LevelReading {
  readonly quotes: {
    readonly asked: number;
    readonly failed: number;
    readonly all: number;
    readonly slow: number;
  };
  readonly ready: boolean;
}

/** A promise as a share of good over all, and how many times too fast its error budget is being spent. */
export interface ServiceLevel {
  readonly name: 'quotes answered' | 'quotes within 250 ms' | 'ready';
  readonly objective: number;
  /** by window; 1 spends a month's budget in a month; null where nothing has happened in it, or it is longer than the process has run */
  readonly burn: Readonly<Record<Window, number | null>>;
}

const WINDOWS = { '5m': 300_000, '1h': 3_600_000, '6h': 21_600_000 } as const;
export type Window = keyof typeof WINDOWS;

interface Taken {
  readonly at: number;
  /** bad and all, by level */
  readonly sums: readonly (readonly [bad: number, all: number])[];
}

/** As deploy/prometheus/slo.yml has them. */
const LEVELS = [
  { name: 'quotes answered', objective: 0.999 },
  { name: 'quotes within 250 ms', objective: 0.99 },
  { name: 'ready', objective: 0.999 },
] as const;

export const READING_INTERVAL_MS = 15_000;

/** The service levels of a process by its own counts, for operators without Prometheus. */
export class ServiceLevels {
  private readonly kept: Taken[] = [];
  private looks = 0;
  private unready = 0;

  /** @param at milliseconds of a clock that never goes back */
  take(at: number, { quotes, ready }: LevelReading): void {
    this.looks++;
    if (!ready) this.unready++;
    this.kept.push({
      at,
      sums: [
        [quotes.failed, quotes.asked],
        [quotes.slow, quotes.all],
        [this.unready, this.looks],
      ],
    });
    // The last reading before the longest window begins is where it is counted from.
    while (this.kept.length > 1 && this.kept[1].at <= at - WINDOWS['6h']) this.kept.shift();
  }

  levels(): readonly ServiceLevel[] {
    return LEVELS.map(({ name, objective }, i) => ({
      ...{ name, objective },
      burn: Object.fromEntries(
        Object.entries(WINDOWS).map(([window, length]) => [window, this.burn(i, length, objective)]),
      ) as ServiceLevel['burn'],
    }));
  }

  private burn(level: number, length: number, objective: number): number | null {
    const last = this.kept.at(-1);
    const first = last && this.kept.findLast(({ at }) => at <= last.at - length);
    if (first === undefined) return null;
    const [bad, all] = [0, 1].map((part) => last!.sums[level][part] - first.sums[level][part]);
    return all === 0 ? null : bad / all / (1 - objective);
  }
}
