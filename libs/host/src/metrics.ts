import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** Labels of a sample, and its value. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Prometheus metrics of the process, read from the services at every scrape: nothing is counted twice. */
export class Metrics {
  readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** @param read undefined where there is nothing to tell yet */
  gauge(name: string, help: string, read: () => number | undefined): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        const value = read();
        if (value !== undefined) this.set(value);
      },
    });
  }

  /** A gauge with labels; samples of an earlier scrape are forgotten. */
  gauges(name: string, help: string, labelNames: string[], read: () => Promise<Sample[]>): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      async collect() {
        const samples = await read();
        this.reset();
        for (const { labels, value } of samples) this.set(labels, value);
      },
    });
  }
}

/** Whether the process can do its work, asked check by check. */
export class Readiness {
  private readonly checks = new Map<string, () => boolean | Promise<boolean>>();
  /** the process is about to end: it takes no new work */
  ending = false;

  add(name: string, check: () => boolean | Promise<boolean>): void {
    this.checks.set(name, check);
  }

  /** Each check with whether it passes; one that throws does not. */
  async look(): Promise<Record<string, boolean>> {
    const results: Record<string, boolean> = { running: !this.ending };
    for (const [name, check] of this.checks) {
      try {
        results[name] = await check();
      } catch {
        results[name] = false;
      }
    }
    return results;
  }
}
