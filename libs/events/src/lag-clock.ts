import type { Lag } from './event-log.js';

/** How long a unit has been behind in a partition. */
export interface LagTime {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly seconds: number;
}

/** An end a partition had, and when it was first seen. */
interface SeenEnd {
  readonly end: bigint;
  readonly at: number;
}

/** Ends remembered of a partition: with more, every second one is forgotten, and times become coarser. */
const MOST_ENDS = 512;

/**
 * Lag as time: a unit is behind by the age of the oldest record that it has not consumed, as far as ends were looked at. Goes by
 * this process's clock alone, so that no client's timestamps count.
 */
export class LagClock {
  private readonly ends = new Map<string, SeenEnd[]>();
  private lags: readonly Lag[] = [];
  private at = 0;

  /** @param now milliseconds of a clock that does not jump */
  observe(lags: readonly Lag[], now: number): void {
    for (const { group, topic, partition, position, records } of lags) {
      const name = `${group} ${topic}/${partition}`;
      const seen = (this.ends.get(name) ?? []).filter(({ end }) => end > position);
      const end = position + records;
      if (end > position && (seen.length === 0 || end > seen[seen.length - 1].end))
        seen.push({ end, at: now });
      // The first stays: it says since when.
      this.ends.set(name, seen.length > MOST_ENDS ? seen.filter((_, i) => i % 2 === 0) : seen);
    }
    this.lags = lags;
    this.at = now;
  }

  /** As of the last look. */
  times(): LagTime[] {
    return this.lags.map(({ group, topic, partition }) => {
      const [first] = this.ends.get(`${group} ${topic}/${partition}`) ?? [];
      const seconds = (first as SeenEnd | undefined) === undefined ? 0 : (this.at - first.at) / 1000;
      return { group, topic, partition, seconds };
    });
  }
}
