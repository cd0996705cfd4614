import { signal } from '@preact/signals';
import { applyPatch, type ChannelName, type JsonObject, type ServerMessage } from '#lib/messages';
import { API_BASE, apiKey, heard, unheard } from './api.js';

/** A channel's part: a market's or an account's. */
export interface Topic {
  readonly channel: ChannelName;
  readonly market?: string;
  readonly account?: string;
}

/** Who mirrors a document. */
export interface Reader {
  /** The document as it is now; at most once a frame. */
  changed(document: JsonObject): void;
  /** Nothing comes any more: the socket has ended, or the channel is not served here. */
  lost(): void;
}

interface Mirror {
  readonly topic: Topic;
  readonly readers: Set<Reader>;
  document: JsonObject | undefined;
  /** of the last message, to go on after */
  place: { readonly stream: string; readonly sequence: number } | undefined;
  changed: boolean;
}

export type FeedState = 'connecting' | 'live' | 'broken';

/** The stream of documents: whether it lives, and how often it has come back. */
export const feed = signal<{ readonly state: FeedState; readonly since: number; readonly resumed: number }>({
  ...{ state: 'connecting', since: Date.now(), resumed: 0 },
});

const LONGEST_PAUSE_MS = 5_000;
const STABLE_MS = 10_000;

/**
 * Mirrors documents of `/v1/ws`: a snapshot, then merge patches in order. After a break it goes on where it was; a gap is met by
 * a new snapshot. Whatever comes between two frames of the screen is told once.
 */
class Feed {
  private readonly mirrors = new Map<string, Mirror>();
  private socket: WebSocket | undefined;
  private served: ReadonlySet<string> = new Set();
  private ready = false;
  private lives = 0;
  private pause = 250;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private frame = 0;

  /** Follows a topic until it is released. */
  follow(topic: Topic, reader: Reader): () => void {
    const key = keyOf(topic);
    let mirror = this.mirrors.get(key);
    if (mirror === undefined) {
      mirror = { topic, readers: new Set(), document: undefined, place: undefined, changed: false };
      this.mirrors.set(key, mirror);
      if (this.ready) this.subscribe(mirror);
    } else if (mirror.document !== undefined && this.ready) reader.changed(mirror.document);
    mirror.readers.add(reader);
    if (this.socket === undefined) this.connect();
    return () => {
      mirror.readers.delete(reader);
      if (mirror.readers.size > 0) return;
      this.mirrors.delete(key);
      if (this.ready && this.served.has(topic.channel)) this.send({ op: 'unsubscribe', ...topic });
    };
  }

  /** Ends the connection and begins another, as with another key. */
  restart(): void {
    for (const mirror of this.mirrors.values()) mirror.place = undefined;
    this.socket?.close();
  }

  private connect(): void {
    const url = new URL('v1/ws', API_BASE);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    this.socket = socket;
    let opened = 0;
    socket.onopen = () => {
      opened = Date.now();
    };
    socket.onmessage = ({ data }) => {
      this.take(JSON.parse(data as string) as ServerMessage);
    };
    socket.onclose = () => {
      clearTimeout(this.silence);
      this.ready = false;
      if (opened === 0) unheard();
      if (feed.peek().state !== 'broken') feed.value = { ...feed.peek(), state: 'broken', since: Date.now() };
      for (const { readers } of this.mirrors.values()) for (const reader of readers) reader.lost();
      this.pause =
        opened > 0 && Date.now() - opened > STABLE_MS ? 250 : Math.min(2 * this.pause, LONGEST_PAUSE_MS);
      setTimeout(() => {
        this.connect();
      }, this.pause);
    };
  }

  private take(message: ServerMessage): void {
    if (message.type === 'welcome') {
      this.served = new Set(message.channels);
      this.listen(2 * message.heartbeatMs);
      if (apiKey.peek() === '') this.begin();
      else this.send({ op: 'authenticate', key: apiKey.peek() });
    } else if (message.type === 'authenticated') this.begin();
    else if (message.type === 'snapshot' || message.type === 'delta') this.mirror(message);
    // A key that does not hold, or lacks a scope: REST says so where it is shown.
    else if (message.type === 'error' && !this.ready) this.begin();
  }

  /** A connection that is silent for longer is dead, whatever the network says. */
  private listen(ms: number): void {
    const socket = this.socket!;
    let heard = Date.now();
    socket.addEventListener('message', () => (heard = Date.now()));
    const look = () => {
      if (socket.readyState !== WebSocket.OPEN) return;
      const left = heard + ms - Date.now();
      if (left <= 0) socket.close();
      else this.silence = setTimeout(look, left);
    };
    this.silence = setTimeout(look, ms);
  }

  private begin(): void {
    this.ready = true;
    heard();
    feed.value = { state: 'live', since: Date.now(), resumed: this.lives++ };
    for (const mirror of this.mirrors.values()) this.subscribe(mirror);
  }

  private subscribe({ topic, place, readers }: Mirror): void {
    if (this.served.has(topic.channel))
      this.send({ op: 'subscribe', ...topic, ...(place === undefined ? {} : { resume: place }) });
    else for (const reader of readers) reader.lost();
  }

  private mirror(message: Extract<ServerMessage, { type: 'snapshot' | 'delta' }>): void {
    const { channel, market, account, stream, sequence } = message;
    const mirror = this.mirrors.get(
      keyOf({
        channel,
        ...(market === undefined ? {} : { market }),
        ...(account === undefined ? {} : { account }),
      }),
    );
    if (mirror === undefined) return;
    const data = message.data as JsonObject;
    if (message.type === 'snapshot') mirror.document = data;
    else {
      const { document, place } = mirror;
      if (document === undefined || place?.stream !== stream || sequence !== place.sequence + 1) {
        // Something was missed: begin anew.
        mirror.place = undefined;
        this.send({ op: 'unsubscribe', ...mirror.topic });
        this.subscribe(mirror);
        return;
      }
      mirror.document = applyPatch(document, data);
    }
    mirror.place = { stream, sequence };
    mirror.changed = true;
    this.frame ||= requestAnimationFrame(() => {
      this.tell();
    });
  }

  private tell(): void {
    this.frame = 0;
    for (const mirror of this.mirrors.values()) {
      if (!mirror.changed) continue;
      mirror.changed = false;
      for (const reader of mirror.readers) reader.changed(mirror.document!);
    }
  }

  private send(message: object): void {
    this.socket!.send(JSON.stringify(message));
  }
}

function keyOf({ channel, market, account }: Topic): string {
  return JSON.stringify([channel, market, account]);
}

const documents = new Feed();
let key = apiKey.peek();
apiKey.subscribe((now) => {
  if (now !== key) documents.restart();
  key = now;
});

export function followTopic(topic: Topic, reader: Reader): () => void {
  return documents.follow(topic, reader);
}
