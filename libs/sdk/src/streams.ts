import { InvalidInputError, messageOf } from '#lib/errors';
import { applyPatch, type ChannelName, type JsonObject, type ServerMessage } from '#lib/messages';
import { ApiError } from './api-error.js';
import type { Leg, Quote } from './types.js';

/** Used part of a WebSocket: browsers have it, so have Node from 22 and, before, the package `ws`. */
export interface StreamSocket {
  readonly readyState: number;
  send(text: string): void;
  close(code?: number): void;
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: never) => void): void;
}
export type StreamSocketConstructor = new (url: string) => StreamSocket;

export interface StreamOptions {
  /** of the engine, such as http://127.0.0.1:8080 */
  readonly url: string;
  readonly apiKey?: string;
  /** the platform's by default */
  readonly WebSocket?: StreamSocketConstructor;
  /** longest pause between two attempts to connect, milliseconds (default 10,000) */
  readonly maximumReconnectMs?: number;
  /** told of every connection that is lost, and why; it is made again */
  readonly onDisconnect?: (reason: string) => void;
}

/** A channel's document, each time it has changed. */
export interface StreamUpdate {
  readonly document: JsonObject;
  readonly sequence: number;
  /** of a snapshot: `slow-reader` and `cannot-resume` say that documents in between were not seen */
  readonly reason: 'subscribed' | 'cannot-resume' | 'slow-reader' | undefined;
}

type StreamSubject = { readonly market?: string } | { readonly account: string };

interface Subscription {
  /** text that the engine repeats in its answer */
  readonly id: string;
  readonly request: { channel: ChannelName; market?: string; account?: string };
  document: JsonObject;
  place: { stream: string; sequence: number } | undefined;
  update: StreamUpdate | undefined;
  failure: Error | undefined;
  wake: () => void;
}

const QUOTE_TIMEOUT_MS = 5_000;
/** Silence after which a connection is given up before the engine has said how often it speaks. */
const FIRST_SILENCE_MS = 30_000;
const FIRST_PAUSE_MS = 100;

/**
 * `/v1/ws`, one connection for everything, made again whenever it is lost: subscriptions go on where they were.
 *
 * @example
 * const stream = new ZkriskStream({ url: 'http://127.0.0.1:8080' });
 * for await (const { document } of stream.subscribe('marks')) console.log(document.marketTime);
 */
export class ZkriskStream {
  private socket: StreamSocket | undefined;
  private ready = false;
  private closed = false;
  private pause = FIRST_PAUSE_MS;
  private counter = 0;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private silenceMs = FIRST_SILENCE_MS;
  private readonly subscriptions = new Map<string, Subscription>();
  private readonly waiting = new Map<
    string,
    { resolve: (message: ServerMessage) => void; reject: (error: Error) => void }
  >();
  private opened: { promise: Promise<void>; resolve: () => void } = gate();

  constructor(private readonly options: StreamOptions) {}

  /**
   * The document of a channel, now and whenever it has changed. A reader that is slower than the changes sees the latest one.
   *
   * @throws {ApiError} where the engine refuses the subscription
   */
  async *subscribe(
    channel: ChannelName,
    subject: StreamSubject = {},
    signal?: AbortSignal,
  ): AsyncGenerator<StreamUpdate> {
    const request = { channel, ...subject };
    const key = keyOf(request);
    if (this.subscriptions.has(key))
      throw new InvalidInputError('channel', `${key} is subscribed to already`);
    const subscription: Subscription = {
      id: `s${++this.counter}`,
      ...{ request, document: {}, place: undefined, update: undefined, failure: undefined },
      wake: () => undefined,
    };
    this.subscriptions.set(key, subscription);
    signal?.addEventListener('abort', () => {
      subscription.wake();
    });
    this.connect();
    if (this.ready) this.ask(subscription);
    try {
      while (!this.closed && !signal?.aborted) {
        if (subscription.failure !== undefined) throw subscription.failure;
        const { update } = subscription;
        if (update === undefined) await new Promise<void>((resolve) => (subscription.wake = resolve));
        else {
          subscription.update = undefined;
          yield update;
        }
      }
    } finally {
      this.subscriptions.delete(key);
      if (this.ready && subscription.failure === undefined) this.send({ op: 'unsubscribe', ...request });
    }
  }

  /** A quote over the stream. @throws {ApiError} as REST would answer, or `timeout` */
  async quote(account: string, legs: readonly Leg[], timeoutMs = QUOTE_TIMEOUT_MS): Promise<Quote> {
    this.connect();
    const id = `q${++this.counter}`;
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => {
          reject(new ApiError('timeout', 504, `no quote within ${timeoutMs} ms`));
        }, timeoutMs);
      });
      await Promise.race([this.opened.promise, late]);
      const answered = new Promise<ServerMessage>((resolve, reject) =>
        this.waiting.set(id, { resolve, reject }),
      );
      this.send({ op: 'quote', id, account, legs });
      const message = await Promise.race([answered, late]);
      if (message.type === 'quote') return message.quote as unknown as Quote;
      throw refusal(message);
    } finally {
      clearTimeout(timer);
      this.waiting.delete(id);
    }
  }

  /** Ends the connection and every subscription. */
  close(): void {
    this.closed = true;
    clearTimeout(this.silence);
    this.socket?.close(1000);
    for (const { wake } of this.subscriptions.values()) wake();
  }

  private connect(): void {
    if (this.socket !== undefined || this.closed) return;
    const Socket =
      this.options.WebSocket ?? (globalThis as { WebSocket?: StreamSocketConstructor }).WebSocket;
    if (Socket === undefined)
      throw new InvalidInputError('WebSocket', 'this platform has none: pass that of the package "ws"');
    const socket = new Socket(`${this.options.url.replace(/^http/, 'ws').replace(/\/$/, '')}/v1/ws`);
    this.socket = socket;
    let ended = false;
    const end = (reason: string) => {
      if (ended) return;
      ended = true;
      socket.close();
      this.lost(reason);
    };
    socket.addEventListener('message', ({ data }: { data: unknown }) => {
      if (ended) return;
      clearTimeout(this.silence);
      this.silence = setTimeout(() => {
        end('silent for too long');
      }, this.silenceMs);
      try {
        this.take(JSON.parse(String(data)) as ServerMessage);
      } catch (error) {
        end(messageOf(error));
      }
    });
    socket.addEventListener('close', ({ code, reason }: { code?: number; reason?: string }) => {
      end(`closed with ${code ?? 'no code'}${reason ? `: ${reason}` : ''}`);
    });
    socket.addEventListener('error', () => {
      end('the connection failed');
    });
  }

  private lost(reason: string): void {
    clearTimeout(this.silence);
    this.socket = undefined;
    if (this.ready) this.opened = gate();
    this.ready = false;
    for (const { reject } of this.waiting.values()) reject(new ApiError('disconnected', 503, reason));
    this.waiting.clear();
    if (this.closed) return;
    this.options.onDisconnect?.(reason);
    setTimeout(() => {
      this.connect();
    }, this.pause);
    this.pause = Math.min(2 * this.pause, this.options.maximumReconnectMs ?? 10_000);
  }

  private take(message: ServerMessage): void {
    switch (message.type) {
      case 'welcome':
        this.silenceMs = 2 * message.heartbeatMs;
        if (this.options.apiKey === undefined) this.begin();
        else this.send({ op: 'authenticate', id: 'key', key: this.options.apiKey });
        return;
      case 'authenticated':
        this.begin();
        return;
      case 'snapshot':
      case 'delta':
        this.mirror(message);
        return;
      case 'quote':
        this.waiting.get(message.id)?.resolve(message);
        return;
      case 'error':
        this.refused(message);
    }
  }

  private begin(): void {
    this.ready = true;
    this.pause = FIRST_PAUSE_MS;
    for (const subscription of this.subscriptions.values()) this.ask(subscription);
    this.opened.resolve();
  }

  private ask({ id, request, place }: Subscription): void {
    this.send({ op: 'subscribe', id, ...request, ...(place && { resume: place }) });
  }

  /** @throws {Error} for a delta that is not the next one: the connection is made again, and goes on after the last good one */
  private mirror(message: Extract<ServerMessage, { type: 'snapshot' | 'delta' }>): void {
    const subscription = this.subscriptions.get(keyOf(message));
    if (subscription === undefined) return;
    const { stream, sequence } = message;
    const data = message.data as JsonObject;
    if (message.type === 'delta') {
      const { place } = subscription;
      if (place?.stream !== stream || sequence !== place.sequence + 1)
        throw new Error(`sequence ${sequence} of ${message.channel} came after ${place?.sequence ?? 'none'}`);
      subscription.document = applyPatch(subscription.document, data);
    } else subscription.document = data;
    subscription.place = { stream, sequence };
    const missed = subscription.update?.reason;
    const reason = message.type === 'snapshot' ? message.reason : missed;
    subscription.update = { document: subscription.document, sequence, reason };
    subscription.wake();
  }

  private refused(message: Extract<ServerMessage, { type: 'error' }>): void {
    const { id = '' } = message;
    const asked = this.waiting.get(id);
    if (asked !== undefined) {
      asked.reject(refusal(message));
      return;
    }
    // Without a key that holds nothing can go on.
    const concerned =
      id === 'key'
        ? [...this.subscriptions.values()]
        : [...this.subscriptions.values()].filter((subscription) => subscription.id === id);
    for (const subscription of concerned) {
      subscription.failure = refusal(message);
      subscription.wake();
    }
    if (id === 'key') this.close();
  }

  private send(message: object): void {
    this.socket?.send(JSON.stringify(message));
  }
}

function keyOf({ channel, market, account }: Subscription['request']): string {
  return [channel, market ?? account ?? ''].join(' ');
}

function refusal(message: ServerMessage): ApiError {
  const { code = 'unexpected', detail = 'another answer than a quote' } = message as Partial<
    Extract<ServerMessage, { type: 'error' }>
  >;
  return new ApiError(code, 422, detail);
}

function gate(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
