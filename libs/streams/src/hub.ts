import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { messageOf, ZkriskError } from '#lib/errors';
import { type ChannelName, withoutNulls } from '#lib/messages';
import { Allowance } from './allowance.js';
import type { Caller } from './caller.js';
import type { StreamChannel } from './channel.js';
import type { Connection, Quoter } from './connection.js';
import { ChannelNotServedError } from './errors.js';
import { Feed } from './feed.js';

/** A session, as the hub knows it. */
export interface Subscriber {
  readonly caller: Caller;
  /** Sends the news of feeds, those it is subscribed to, if the client keeps up. @returns frames sent */
  deliver(feeds: readonly Feed[]): number;
  /** Sends the snapshots that are owed. @returns whether it waits to be read again */
  catchUp(): boolean;
  close(code: number, reason: string): void;
}

export interface HubOptions {
  /** least time between two rounds, milliseconds */
  readonly intervalMs: number;
  /** largest share of the thread's time that rounds may take: the interval grows with their cost */
  readonly share: number;
  /** bytes a connection may have unsent before it counts as slow */
  readonly bufferBytes: number;
  /** messages a connection may have waiting before it is not read any further */
  readonly pendingMessages: number;
  readonly connectionsPerHolder: number;
  readonly subscriptionsPerHolder: number;
}

interface Member {
  readonly feed: Feed;
  readonly sessions: Set<Subscriber>;
  /** sequence up to which the sessions have been told */
  told: number;
  /** set while the document is being read */
  reading: Promise<void> | undefined;
  /** since when nobody is subscribed, milliseconds of the monotonic clock */
  idleSince: number | undefined;
}

interface Served {
  readonly channel: StreamChannel;
  readonly members: Map<string, Member>;
  version: string | undefined;
  readAt: number;
}

/** How long a feed without subscribers is kept for returning clients. */
const IDLE_MS = 60_000;
/** Work after which others have their turn. */
const SLICE_MS = 2;

/**
 * The channels of a process and their subscribers. In rounds: every document that has subscribers and may have changed is
 * read, compared with the last one sent, and the difference is sent to all. Nothing is queued: a reader that does not keep up
 * is left out, and gets the document as a whole when it has read its backlog.
 */
export class StreamHub {
  readonly connections: Allowance;
  readonly subscriptions: Allowance;
  readonly sessions = new Set<Subscriber>();
  /** rounds, frames sent, snapshots owed to slow readers and milliseconds of the thread's time since the start, for metrics */
  readonly counts = { rounds: 0, frames: 0, slow: 0, spentMs: 0 };
  private readonly served: ReadonlyMap<ChannelName, Served>;
  private readonly owing = new Set<Subscriber>();
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private sliceStart = 0;
  private spent = 0;

  constructor(
    channels: readonly StreamChannel[],
    private readonly quoter: Quoter | undefined,
    readonly options: HubOptions,
    readonly report: (problem: string) => void,
  ) {
    this.served = new Map(
      channels.map((channel) => [
        channel.name,
        { channel, members: new Map(), version: undefined, readAt: -Infinity },
      ]),
    );
    this.connections = new Allowance('connections', options.connectionsPerHolder);
    this.subscriptions = new Allowance('subscriptions', options.subscriptionsPerHolder);
  }

  get channels(): ChannelName[] {
    return [...this.served.keys()];
  }

  start(): void {
    this.running = this.run();
  }

  /** Tells everybody that the process ends. */
  async close(): Promise<void> {
    this.stopping.abort();
    for (const session of [...this.sessions]) session.close(1001, 'the process ends');
    await this.running;
  }

  /** @throws {StreamLimitError} */
  welcome(session: Subscriber, connection: Connection, heartbeatMs: number, messageBytes: number): void {
    this.connections.take(session.caller.holder);
    this.sessions.add(session);
    connection.send(
      JSON.stringify({
        ...{ type: 'welcome', version: 1, heartbeatMs, channels: this.channels },
        limits: { messageBytes, connections: this.connections.most, subscriptions: this.subscriptions.most },
      }),
    );
  }

  /** The feed of a subject, as of now, for one more session. @throws {ChannelNotServedError} */
  async join(name: ChannelName, subject: string | undefined, session: Subscriber): Promise<Feed> {
    const served = this.served.get(name);
    if (served === undefined)
      throw new ChannelNotServedError(`the channel ${name} is not served by this process`);
    const key = subject ?? '';
    let member = served.members.get(key);
    if (member === undefined) {
      member = {
        feed: new Feed(name, subject),
        sessions: new Set(),
        told: 0,
        reading: undefined,
        idleSince: undefined,
      };
      served.members.set(key, member);
    }
    member.idleSince = undefined;
    // Documents with subscribers are kept up to date by the rounds; others are read now.
    if (member.sessions.size === 0) await this.refresh(served.channel, member);
    member.sessions.add(session);
    member.idleSince = undefined;
    return member.feed;
  }

  leave({ channel, subject }: Feed, session: Subscriber): void {
    const member = this.served.get(channel)?.members.get(subject ?? '');
    if (member === undefined) return;
    member.sessions.delete(session);
    if (member.sessions.size === 0) member.idleSince = performance.now();
  }

  /** @throws {ZkriskError} as REST would answer */
  quote(request: Parameters<Quoter>[0], caller: Caller): string {
    if (this.quoter === undefined) throw new ChannelNotServedError('quotes are not given by this process');
    return this.quoter(request, caller);
  }

  /** A session is owed snapshots, or waits to be read again. */
  owes(session: Subscriber): void {
    if (!this.owing.has(session)) this.counts.slow++;
    this.owing.add(session);
  }

  forget(session: Subscriber): void {
    this.owing.delete(session);
    this.sessions.delete(session);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      this.spent = 0;
      try {
        await this.round();
      } catch (error) {
        this.report(`streams: ${messageOf(error)}`);
      }
      const { intervalMs, share } = this.options;
      const pause = Math.max(intervalMs, this.spent / share);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  private async round(): Promise<void> {
    this.counts.rounds++;
    this.beginSlice();
    for (const session of [...this.owing]) {
      this.owing.delete(session);
      if (session.catchUp()) this.owing.add(session);
      await this.rest();
    }
    const news = new Map<Subscriber, Feed[]>();
    for (const served of this.served.values()) {
      this.forgetIdle(served);
      const now = performance.now();
      if (now - served.readAt < (served.channel.intervalMs ?? 0)) continue;
      const active = [...served.members.values()].filter(({ sessions }) => sessions.size > 0);
      if (active.length === 0) continue;
      const version = await this.unmeasured(served.channel.version());
      if (version === served.version) continue;
      served.version = version;
      served.readAt = now;
      for (const member of active) {
        await this.refresh(served.channel, member);
        if (member.told === member.feed.sequence) continue;
        member.told = member.feed.sequence;
        for (const session of member.sessions) {
          const feeds = news.get(session);
          if (feeds === undefined) news.set(session, [member.feed]);
          else feeds.push(member.feed);
        }
      }
    }
    // A write costs more than its bytes: what a subscriber is told in a round is one write.
    for (const [session, feeds] of news) {
      this.counts.frames += session.deliver(feeds);
      await this.rest();
    }
    this.endSlice();
  }

  /** Reads a document; of several who ask at once, one does. */
  private refresh(channel: StreamChannel, member: Member): Promise<void> {
    member.reading ??= this.read(channel, member.feed).finally(() => (member.reading = undefined));
    return member.reading;
  }

  private async read(channel: StreamChannel, feed: Feed): Promise<void> {
    let document: object;
    try {
      document = await this.unmeasured(channel.read(feed.subject));
    } catch (error) {
      if (!(error instanceof ZkriskError)) throw error;
      document = { unavailable: { code: error.code, detail: error.message } };
    }
    feed.update(withoutNulls(document));
  }

  private forgetIdle({ members }: Served): void {
    const now = performance.now();
    for (const [key, { idleSince }] of members)
      if (idleSince !== undefined && now - idleSince > IDLE_MS) members.delete(key);
  }

  private beginSlice(): void {
    this.sliceStart = performance.now();
  }

  private endSlice(): void {
    const slice = performance.now() - this.sliceStart;
    this.spent += slice;
    this.counts.spentMs += slice;
  }

  /** Time that others work while this waits is not this thread's. */
  private async unmeasured<T>(value: T | Promise<T>): Promise<T> {
    if (!(value instanceof Promise)) return value;
    this.endSlice();
    try {
      return await value;
    } finally {
      this.beginSlice();
    }
  }

  /** Lets quotes be answered in between. */
  private async rest(): Promise<void> {
    if (performance.now() - this.sliceStart < SLICE_MS) return;
    this.endSlice();
    await nextTurn();
    this.beginSlice();
  }
}
