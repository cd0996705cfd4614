import { Logger } from '@nestjs/common';
import { messageOf } from '#lib/errors';
import type { EventLog } from '#lib/events';
import { outgoing, TOPICS } from '#lib/messages';
import { parseVenueMarkets, VenueConnection, type VenueTick, VENUES } from '#lib/venues';
import { ConfigurationError } from '#lib/service';
import type { VenuesConfig } from './venues.config.js';

const PUBLISH_EVERY_MS = 20;
const MOST_BACKOFF_MS = 60_000;

/** Reads venues and publishes their prices as ticks that name their source. */
export class VenuesService {
  private readonly logger = new Logger(VenuesService.name);
  readonly connections: readonly VenueConnection[];
  /** latest of each venue and market that is not published: an older one is of no use any more */
  private waiting = new Map<string, VenueTick>();
  private publishing: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private readonly problems = new Map<string, string>();
  published = 0;
  failures = 0;

  constructor(
    private readonly log: EventLog,
    config: VenuesConfig,
    random: () => number = Math.random,
  ) {
    const urls = urlsOf(config.VENUE_URLS);
    const settings = {
      ...{ lagMs: config.VENUE_LAG_MS, skewMs: config.VENUE_SKEW_MS, everyMs: config.VENUE_TICK_MS },
      ...{ widest: config.VENUE_WIDEST, silenceMs: config.VENUE_SILENCE_MS },
      ...{ backoffMs: config.VENUE_BACKOFF_MS, mostBackoffMs: MOST_BACKOFF_MS },
    };
    this.connections = [...parseVenueMarkets(config.VENUES)].map(([name, markets]) => {
      const adapter = VENUES.get(name)!;
      const pass = (tick: VenueTick) => this.waiting.set(`${tick.source}|${tick.market}`, tick);
      return new VenueConnection(adapter, urls.get(name) ?? adapter.url, markets, settings, pass, random);
    });
  }

  start(): void {
    for (const connection of this.connections) connection.start();
    this.timer = setInterval(() => {
      this.publishing = this.publishing.then(() => this.publish());
    }, PUBLISH_EVERY_MS);
  }

  /** Whether at least one venue has sent a price lately. */
  isReady(withinMs: number): boolean {
    return this.connections.some((connection) => connection.quietMs() <= withinMs);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.connections.map((connection) => connection.close()));
    await this.publishing;
  }

  private async publish(): Promise<void> {
    for (const connection of this.connections) this.complain(connection.adapter.name, connection.lastProblem);
    if (this.waiting.size === 0) return;
    const ticks = [...this.waiting.values()];
    this.waiting = new Map();
    try {
      await this.log.publish(ticks.map(messageFor));
      this.published += ticks.length;
      this.problems.delete('log');
    } catch (error) {
      // Those that have not come in the meantime are tried again: the same tick has the same id.
      for (const tick of ticks) {
        const key = `${tick.source}|${tick.market}`;
        if (!this.waiting.has(key)) this.waiting.set(key, tick);
      }
      this.failures++;
      this.complain('log', messageOf(error));
    }
  }

  /** One line until it is another problem. */
  private complain(where: string, problem: string | undefined): void {
    if (problem === undefined || this.problems.get(where) === problem) return;
    this.logger.warn(`${where}: ${problem}`);
    this.problems.set(where, problem);
  }
}

function messageFor({ source, market, price, confidence, time, sequence }: VenueTick) {
  const header = { id: `${source}:${market}:${time}:${sequence}`, sequence, time };
  return outgoing(TOPICS.prices, market, header, { kind: 'tick', market, price, source, confidence });
}

function urlsOf(text: string): Map<string, string> {
  const urls = new Map<string, string>();
  for (const entry of text.split(',').filter((part) => part.trim() !== '')) {
    const at = entry.indexOf('=');
    const [name, url] = [entry.slice(0, at).trim(), entry.slice(at + 1).trim()];
    if (!VENUES.has(name) || !/^wss?:\/\//.test(url))
      throw new ConfigurationError(`VENUE_URLS: "${entry}" is not venue=ws://… or wss://…`);
    urls.set(name, url);
  }
  return urls;
}
