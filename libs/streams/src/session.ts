import { InvalidInputError, messageOf, ZkriskError } from '#lib/errors';
import {
  type ChannelDefinition,
  type ChannelName,
  CHANNELS,
  clientMessage,
  type ClientMessage,
} from '#lib/messages';
import type { Caller, Door } from './caller.js';
import type { Connection } from './connection.js';
import { StreamAccessError, StreamLimitError } from './errors.js';
import { type Feed, feedKey, type SnapshotReason, subjectField } from './feed.js';
import type { StreamHub, Subscriber } from './hub.js';

interface Subscription {
  readonly feed: Feed;
  /** sequence of the last frame that was sent */
  sent: number;
  /** why a snapshot is owed; until it is sent there are no deltas */
  owed: SnapshotReason | undefined;
}

/** Refused messages in a row after which a connection is closed. */
const MOST_REFUSALS = 100;

/** One connection: its key, its subscriptions, and the frames it is owed. */
export class Session implements Subscriber {
  private readonly subscriptions = new Map<string, Subscription>();
  private refusals = 0;
  private turn: Promise<void> = Promise.resolve();
  private pending = 0;
  private paused = false;
  private ended = false;

  constructor(
    private readonly hub: StreamHub,
    private readonly connection: Connection,
    private readonly door: Door,
    private who: Caller,
  ) {}

  get caller(): Caller {
    return this.who;
  }

  /** Takes a message; of several, one after the other. */
  receive(text: string): void {
    this.pending++;
    this.breathe();
    this.turn = this.turn.then(async () => {
      await this.handle(text);
      this.pending--;
      this.breathe();
    });
  }

  /** Sends the news of feeds, those it is subscribed to, if the client keeps up. @returns frames sent */
  deliver(feeds: readonly Feed[]): number {
    const news: Buffer[] = [];
    const full = this.full();
    for (const feed of feeds) {
      const subscription = this.subscriptions.get(feed.key);
      if (subscription?.feed !== feed || subscription.owed !== undefined) continue;
      const frames = full ? undefined : feed.since({ stream: feed.stream, sequence: subscription.sent });
      if (frames === undefined) {
        subscription.owed = 'slow-reader';
        this.hub.owes(this);
        continue;
      }
      news.push(...frames);
      subscription.sent = feed.sequence;
    }
    if (news.length > 0) this.connection.sendShared(news);
    return news.length;
  }

  /** Sends owed frames, as far as the connection takes them. @returns whether any are still owed */
  catchUp(): boolean {
    if (this.ended) return false;
    // A reader that has made only a little room would be full again at once.
    if (this.full(0.5)) return true;
    for (const subscription of this.subscriptions.values()) {
      if (subscription.owed === undefined) continue;
      if (this.full()) return true;
      this.connection.sendShared([subscription.feed.snapshot(subscription.owed)]);
      subscription.sent = subscription.feed.sequence;
      subscription.owed = undefined;
    }
    this.breathe();
    return this.paused;
  }

  heartbeat(time: number): void {
    if (!this.full()) this.say({ type: 'heartbeat', time });
  }

  /** Ends the session from our side. */
  close(code: number, reason: string): void {
    this.connection.close(code, reason);
    this.end();
  }

  /** The connection is gone. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    for (const { feed } of this.subscriptions.values()) this.hub.leave(feed, this);
    this.hub.subscriptions.giveBack(this.who.holder, this.subscriptions.size);
    this.hub.connections.giveBack(this.who.holder);
    this.subscriptions.clear();
    this.hub.forget(this);
  }

  private async handle(text: string): Promise<void> {
    if (this.ended) return;
    let id: string | undefined;
    try {
      const message = parse(text, (found) => (id = found));
      if (!this.door.admit(this.who)) throw new StreamLimitError('more messages than the key may send');
      await this.act(message);
      this.refusals = 0;
    } catch (error) {
      if (!(error instanceof ZkriskError)) this.hub.report(`a stream's request failed: ${messageOf(error)}`);
      const [code, detail] =
        error instanceof ZkriskError
          ? [error.code, error.message]
          : ['internal-error', 'the request failed on our side; it has been logged'];
      this.say({ type: 'error', ...(id === undefined ? {} : { id }), code, detail });
      if (++this.refusals > MOST_REFUSALS) this.close(4429, 'too many refused messages');
    }
  }

  private async act(message: ClientMessage): Promise<void> {
    const { id } = message;
    const named = id === undefined ? {} : { id };
    switch (message.op) {
      case 'ping':
        this.say({ type: 'pong', ...named });
        return;
      case 'authenticate':
        this.become(await this.door.authenticate(message.key));
        this.say({ type: 'authenticated', ...named, keyId: this.who.keyId });
        return;
      case 'quote':
        this.require('quote', message.account);
        this.connection.send(
          `{"type":"quote","id":${JSON.stringify(message.id)},"quote":${this.hub.quote(message, this.who)}}`,
        );
        return;
      case 'subscribe':
        await this.subscribe(message, named);
        return;
      case 'unsubscribe':
        this.unsubscribe(message, named);
    }
  }

  /** Another key, or the first: subscriptions stay, if the key may see them. */
  private become(caller: Caller): void {
    if (this.ended) return;
    if (caller.holder !== this.who.holder) {
      if (this.subscriptions.size > 0)
        throw new InvalidInputError('op', 'authenticate before the first subscription');
      this.hub.connections.take(caller.holder);
      this.hub.connections.giveBack(this.who.holder);
    }
    this.who = caller;
  }

  private async subscribe(
    message: Extract<ClientMessage, { op: 'subscribe' }>,
    named: { id?: string },
  ): Promise<void> {
    const { channel, resume } = message;
    const definition: ChannelDefinition = CHANNELS[channel];
    const subject = subjectOf(message);
    if (definition.scope !== undefined)
      this.require(definition.scope, definition.subject?.kind === 'account' ? subject : undefined);
    const key = feedKey(channel, subject);
    if (this.subscriptions.has(key))
      throw new InvalidInputError('channel', `${key} is subscribed to already`);
    this.hub.subscriptions.take(this.who.holder);
    let feed: Feed;
    try {
      feed = await this.hub.join(channel, subject, this);
    } catch (error) {
      this.hub.subscriptions.giveBack(this.who.holder);
      throw error;
    }
    if (this.ended) {
      this.hub.leave(feed, this);
      this.hub.subscriptions.giveBack(this.who.holder);
      return;
    }
    const subscription: Subscription = { feed, sent: feed.sequence, owed: undefined };
    this.subscriptions.set(key, subscription);
    this.say(`{"type":"subscribed",${idField(named)}${topicFields(channel, subject)}}`);
    const missed = resume === undefined ? undefined : feed.since(resume);
    if (missed !== undefined && !this.full()) {
      if (missed.length > 0) this.connection.sendShared(missed);
      return;
    }
    subscription.owed = resume === undefined ? 'subscribed' : 'cannot-resume';
    if (this.catchUp()) this.hub.owes(this);
  }

  private unsubscribe(message: Extract<ClientMessage, { op: 'unsubscribe' }>, named: { id?: string }): void {
    const subject = subjectOf(message);
    const key = feedKey(message.channel, subject);
    const subscription = this.subscriptions.get(key);
    if (subscription === undefined) throw new InvalidInputError('channel', `${key} is not subscribed to`);
    this.subscriptions.delete(key);
    this.hub.leave(subscription.feed, this);
    this.hub.subscriptions.giveBack(this.who.holder);
    this.say(`{"type":"unsubscribed",${idField(named)}${topicFields(message.channel, subject)}}`);
  }

  /** @throws {StreamAccessError} */
  private require(scope: string, account?: string): void {
    const { scopes, accounts, keyId } = this.who;
    if (scopes !== null && !scopes.has(scope))
      throw keyId === null
        ? new StreamAccessError('unauthenticated', 'an API key is needed: authenticate with one')
        : new StreamAccessError('forbidden', `the key lacks the scope "${scope}"`);
    if (account !== undefined && accounts !== null && !accounts.has(account))
      throw new StreamAccessError('forbidden', 'the key may not act for the account it names');
  }

  private say(message: object | string): void {
    if (!this.ended) this.connection.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  private full(share = 1): boolean {
    return this.connection.bufferedBytes > share * this.hub.options.bufferBytes;
  }

  /** Whoever does not read its answers, or sends faster than they are made, is not read either. */
  private breathe(): void {
    const hold = this.full() || this.pending > this.hub.options.pendingMessages;
    if (hold === this.paused) return;
    this.paused = hold;
    if (hold) {
      this.connection.pause();
      this.hub.owes(this);
    } else this.connection.resume();
  }
}

function topicFields(channel: ChannelName, subject: string | undefined): string {
  return `${subjectField(channel, subject)}"channel":"${channel}"`;
}

function idField({ id }: { id?: string }): string {
  return id === undefined ? '' : `"id":${JSON.stringify(id)},`;
}

/** @throws {InvalidInputError} for a subject of the wrong kind, or none where one is needed */
function subjectOf(message: {
  channel: ChannelName;
  market?: string | undefined;
  account?: string | undefined;
}): string | undefined {
  const definition: ChannelDefinition = CHANNELS[message.channel];
  for (const kind of ['market', 'account'] as const) {
    const given = message[kind];
    if (given !== undefined && definition.subject?.kind !== kind)
      throw new InvalidInputError(kind, `the channel ${message.channel} has no ${kind}`);
    if (given === undefined && definition.subject?.kind === kind && definition.subject.required)
      throw new InvalidInputError(kind, `the channel ${message.channel} needs one`);
  }
  return message.market ?? message.account;
}

/** @param found told the message's id as soon as there is one, also where the rest does not fit */
function parse(text: string, found: (id: string) => void): ClientMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidInputError('message', `is not JSON: ${messageOf(error)}`);
  }
  const id = (value as { id?: unknown } | null)?.id;
  if (typeof id === 'string' && /^[\w.:@+-]{1,100}$/.test(id)) found(id);
  const parsed = clientMessage.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InvalidInputError(issue.path.join('.') || 'message', issue.message);
}
