import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { messageOf } from '#lib/errors';
import { FrameError } from './frame.js';
import { type GateRefusal, type GateSettings, TickGate } from './tick-gate.js';
import type { VenueAdapter, VenuePrice } from './venue.js';

/** A price that is passed on. */
export interface VenueTick extends VenuePrice {
  readonly source: string;
  readonly market: string;
}

/** How a venue is read. Times are milliseconds. */
export interface ConnectionSettings extends GateSettings {
  /** a connection without a frame for this long is given up */
  readonly silenceMs: number;
  /** wait before the first attempt to connect again; doubled at each, up to the most, with a part at random */
  readonly backoffMs: number;
  readonly mostBackoffMs: number;
}

/** Counts of a venue's frames since the start. */
export interface VenueCounts {
  connections: number;
  disconnections: number;
  passed: number;
  malformed: number;
  refused: Partial<Record<GateRefusal, number>>;
}

/** Longest frame that is read, bytes. */
const LARGEST_FRAME = 1 << 20;

/**
 * Keeps one connection to a venue: subscribes, reads frames, connects again after whatever ends it. A frame that is not as it should be
 * is counted and passed over.
 */
export class VenueConnection {
  readonly counts: VenueCounts = { connections: 0, disconnections: 0, passed: 0, malformed: 0, refused: {} };
  /** reason for the last connection's end, or the venue's refusal */
  lastProblem: string | undefined;
  private readonly gate: TickGate;
  private readonly ending = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private socket: WebSocket | undefined;
  private lastFrameAt = 0;
  private lastTickAt = 0;

  /**
   * @param markets market by symbol
   * @param pass takes a price that is passed on
   * @param random a number from 0 to 1, for the wait before connecting again
   */
  constructor(
    readonly adapter: VenueAdapter,
    private readonly base: string,
    private readonly markets: ReadonlyMap<string, string>,
    private readonly settings: ConnectionSettings,
    private readonly pass: (tick: VenueTick) => void,
    private readonly random: () => number,
  ) {
    this.gate = new TickGate(markets, settings);
  }

  /** Milliseconds since a price was passed on last; Infinity before the first. */
  quietMs(now = Date.now()): number {
    return this.lastTickAt === 0 ? Infinity : now - this.lastTickAt;
  }

  get connected(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  start(): void {
    this.running = this.run();
  }

  async close(): Promise<void> {
    this.ending.abort();
    this.socket?.terminate();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.ending;
    const { backoffMs, mostBackoffMs } = this.settings;
    for (let failures = 0; !signal.aborted;) {
      const passed = this.counts.passed;
      this.lastProblem = await this.connection();
      if (signal.aborted) return;
      failures = this.counts.passed > passed ? 0 : failures + 1;
      const wait = Math.min(mostBackoffMs, backoffMs * 2 ** Math.min(failures, 20));
      await sleep(wait * (0.5 + 0.5 * this.random()), undefined, { signal }).catch(() => undefined);
    }
  }

  /** One connection, to its end. @returns why it ended */
  private connection(): Promise<string> {
    const symbols = [...this.markets.keys()];
    const session = this.adapter.open(symbols);
    const address = this.adapter.addressOf(this.base, symbols);
    const socket = new WebSocket(address, {
      maxPayload: LARGEST_FRAME,
      handshakeTimeout: this.settings.silenceMs,
    });
    this.socket = socket;
    this.gate.reconnected();
    this.lastFrameAt = Date.now();
    return new Promise((resolve) => {
      let problem = 'the venue closed the connection';
      const watch = setInterval(() => {
        if (Date.now() - this.lastFrameAt < this.settings.silenceMs) return;
        problem = `nothing was received for ${this.settings.silenceMs} ms`;
        socket.terminate();
      }, this.settings.silenceMs / 4);
      socket.on('open', () => {
        this.counts.connections++;
        for (const frame of session.subscriptions) socket.send(frame);
      });
      socket.on('error', (error) => (problem = messageOf(error)));
      socket.on('message', (data, binary) => {
        this.lastFrameAt = Date.now();
        // Venues send text; of several fragments ws has made one buffer.
        if (binary) this.counts.malformed++;
        else this.take(session, (data as Buffer).toString('utf8'));
      });
      socket.on('close', () => {
        clearInterval(watch);
        this.counts.disconnections++;
        resolve(problem);
      });
    });
  }

  private take(session: ReturnType<VenueAdapter['open']>, frame: string): void {
    try {
      for (const event of session.read(frame)) {
        if (event.kind === 'refused') this.lastProblem = event.reason;
        if (event.kind !== 'price') continue;
        const judged = this.gate.judge(event, this.lastFrameAt);
        if ('refusal' in judged) {
          this.counts.refused[judged.refusal] = (this.counts.refused[judged.refusal] ?? 0) + 1;
          continue;
        }
        this.counts.passed++;
        this.lastTickAt = this.lastFrameAt;
        this.pass({ ...event, source: this.adapter.name, market: judged.market });
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.counts.malformed++;
      this.lastProblem = error.message;
    }
  }
}
