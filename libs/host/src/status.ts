import type { StreamChannel } from '#lib/streams';
import { Readiness } from './metrics.js';

/** The process's health, for outsiders. */
export interface StatusView {
  readonly status: 'operational' | 'degraded';
  readonly since: string;
  /** by check: whether it passes */
  readonly checks: Readonly<Record<string, boolean>>;
  readonly [detail: string]: unknown;
}

const LOOK_EVERY_MS = 2_000;

/** How the process is, for anyone: no figure of an account, no address, no version of a library. Looked at every two seconds at most. */
export class Status {
  private readonly details: (() => Record<string, unknown>)[] = [];
  private view: StatusView | undefined;
  private lookedAt = -Infinity;
  private since = new Date().toISOString();

  constructor(private readonly readiness: Readiness) {}

  /** Adds facts of a service. */
  add(facts: () => Record<string, unknown>): void {
    this.details.push(facts);
  }

  async look(): Promise<StatusView> {
    if (this.view !== undefined && performance.now() - this.lookedAt < LOOK_EVERY_MS) return this.view;
    this.lookedAt = performance.now();
    const checks = await this.readiness.look();
    const status = Object.values(checks).every(Boolean) ? 'operational' : 'degraded';
    if (this.view !== undefined && this.view.status !== status) this.since = new Date().toISOString();
    const facts = this.details.map((detail) => detail());
    const view = { ...(Object.assign({}, ...facts) as object), status, since: this.since, checks } as const;
    this.view = view;
    return view;
  }

  channel(): StreamChannel {
    return {
      name: 'status',
      intervalMs: LOOK_EVERY_MS,
      version: async () => JSON.stringify(await this.look()),
      read: () => this.look(),
    };
  }
}
