// Long because it is one list: every promise to a subscriber, over one session in memory.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { applyPatch, type JsonObject, serverMessage, type ServerMessage } from '#lib/messages';
import { type Caller, type Connection, type Door, type StreamChannel, Session, StreamHub } from './index.js';

const OPEN: Caller = { keyId: null, scopes: null, accounts: null, holder: 'test', ratePerSecond: null };
const OPTIONS = {
  ...{ intervalMs: 5, share: 1, bufferBytes: 2000, pendingMessages: 8 },
  ...{ connectionsPerHolder: 3, subscriptionsPerHolder: 4 },
};

/** A client of a session, whose network can be stopped. */
class Client implements Connection {
  readonly messages: ServerMessage[] = [];
  readonly documents = new Map<string, JsonObject>();
  readonly places = new Map<string, { stream: string; sequence: number }>();
  private unread: string[] = [];
  stopped = false;
  reading = true;
  most = 0;
  closed: number | undefined;

  /** frames of each shared write */
  readonly writes: number[] = [];

  send(text: string): void {
    this.take([text]);
  }
  sendShared(frames: readonly Buffer[]): void {
    this.writes.push(frames.length);
    this.take(frames);
  }
  private take(frames: readonly (Buffer | string)[]): void {
    this.unread.push(...frames.map((frame) => frame.toString()));
    this.most = Math.max(this.most, this.bufferedBytes);
    if (!this.stopped) this.read();
  }
  get bufferedBytes(): number {
    return this.unread.reduce((sum, frame) => sum + frame.length, 0);
  }
  pause(): void {
    this.reading = false;
  }
  resume(): void {
    this.reading = true;
  }
  close(code: number): void {
    this.closed = code;
  }

  /** Takes everything that has come; every frame must be as its schema says, without a gap and without a repetition. */
  read(): void {
    for (const frame of this.unread.splice(0)) {
      const message = serverMessage.parse(JSON.parse(frame));
      this.messages.push(message);
      if (message.type !== 'snapshot' && message.type !== 'delta') continue;
      const { channel, market, account, stream, sequence, data } = message;
      const key = [channel, market ?? account ?? ''].join(' ').trim();
      if (message.type === 'delta') {
        expect(this.places.get(key)).toEqual({ stream, sequence: sequence - 1 });
        this.documents.set(key, applyPatch(this.documents.get(key)!, data as JsonObject));
      } else this.documents.set(key, data as JsonObject);
      this.places.set(key, { stream, sequence });
    }
  }
  of<Type extends ServerMessage['type']>(type: Type): Extract<ServerMessage, { type: Type }>[] {
    return this.messages.filter(
      (message): message is Extract<ServerMessage, { type: Type }> => message.type === type,
    );
  }
}

describe('a hub of streams', () => {
  let hub: StreamHub;
  let document: Record<string, unknown> = {};
  let version = 0;
  let reads = 0;
  const set = (next: Record<string, unknown>) => {
    document = next;
    version++;
  };
  const marksChannel: StreamChannel = {
    name: 'marks',
    version: () => String(version),
    read: (market) => {
      reads++;
      return market === undefined ? document : { [market]: document[market] };
    },
  };
  let marks = marksChannel;
  const status: StreamChannel = { ...marksChannel, name: 'status', read: () => Promise.resolve(document) };
  const account: StreamChannel = { ...marksChannel, name: 'account', read: (name) => ({ name, version }) };

  function open(options: Partial<typeof OPTIONS> = {}): void {
    marks = { ...marksChannel };
    set({ A: { mark: '1' }, B: { mark: '2' } });
    hub = new StreamHub(
      [marks, status, account],
      ({ id }) => `{"id":"${id}"}`,
      { ...OPTIONS, ...options },
      () => undefined,
    );
    hub.start();
  }
  afterEach(() => hub.close());

  function connect(caller = OPEN, door: Partial<Door> = {}): { client: Client; session: Session } {
    const client = new Client();
    const session = new Session(
      hub,
      client,
      { authenticate: () => Promise.reject(new Error('no keys')), admit: () => true, ...door },
      caller,
    );
    hub.welcome(session, client, 15_000, 16_384);
    return { client, session };
  }
  const ask = (session: Session, message: object) => {
    session.receive(JSON.stringify(message));
  };
  const seen = (client: Client, key = 'marks') =>
    expect.poll(() => client.documents.get(key), { interval: 2 });

  it('sends a document as a whole and then what changes, so that a client has it at any time', async () => {
    open();
    const { client, session } = connect();
    ask(session, { op: 'subscribe', id: '1', channel: 'marks' });
    await seen(client).toEqual({ A: { mark: '1' }, B: { mark: '2' } });
    set({ A: { mark: '1.5' }, C: { mark: '3', held: null } });
    await seen(client).toEqual({ A: { mark: '1.5' }, C: { mark: '3' } });
    expect(client.of('delta').at(-1)!.data).toEqual({ A: { mark: '1.5' }, B: null, C: { mark: '3' } });
    expect(client.of('subscribed')).toEqual([{ type: 'subscribed', id: '1', channel: 'marks' }]);
  });

  it('reads a document once for all, and only when it may have changed', async () => {
    open();
    const clients = [connect(), connect(), connect()];
    for (const { session } of clients) ask(session, { op: 'subscribe', channel: 'marks' });
    for (const { client } of clients) await seen(client).toBeDefined();
    reads = 0;
    set({ A: { mark: '9' } });
    for (const { client } of clients) await seen(client).toEqual({ A: { mark: '9' } });
    await sleep(30);
    expect(reads).toBe(1);
  });

  it('writes what a subscriber is told in a round at once', async () => {
    open();
    const { client, session } = connect();
    ask(session, { op: 'subscribe', channel: 'marks' });
    ask(session, { op: 'subscribe', channel: 'marks', market: 'A' });
    ask(session, { op: 'subscribe', channel: 'status' });
    await seen(client, 'status').toBeDefined();
    client.writes.length = 0;
    set({ A: { mark: '9' } });
    await seen(client, 'status').toEqual({ A: { mark: '9' } });
    await seen(client, 'marks A').toEqual({ A: { mark: '9' } });
    expect(client.writes).toEqual([3]);
  });

  it('goes on after the last frame a client has seen, or begins anew where that is not kept', async () => {
    open();
    const { client, session } = connect();
    ask(session, { op: 'subscribe', channel: 'marks', market: 'A' });
    await seen(client, 'marks A').toEqual({ A: { mark: '1' } });
    session.end();
    set({ A: { mark: '2' } });
    const again = connect();
    again.client.documents.set('marks A', client.documents.get('marks A')!);
    again.client.places.set('marks A', client.places.get('marks A')!);
    const resume = client.places.get('marks A')!;
    ask(again.session, { op: 'subscribe', channel: 'marks', market: 'A', resume });
    await seen(again.client, 'marks A').toEqual({ A: { mark: '2' } });
    expect(again.client.of('snapshot')).toEqual([]);
    for (const lost of [
      { ...resume, stream: 'another' },
      { ...resume, sequence: 999 },
    ]) {
      const { client: late, session: theirs } = connect();
      ask(theirs, { op: 'subscribe', channel: 'marks', market: 'A', resume: lost });
      await expect.poll(() => late.of('snapshot').map(({ reason }) => reason)).toEqual(['cannot-resume']);
      theirs.end();
    }
  });

  it('leaves out a reader that does not keep up and sends it a snapshot when it reads again', async () => {
    open();
    const { client, session } = connect();
    const { client: quick, session: other } = connect();
    for (const each of [session, other]) ask(each, { op: 'subscribe', channel: 'marks' });
    await seen(client).toBeDefined();
    client.stopped = true;
    for (let i = 0; i < 200; i++) {
      set({ A: { mark: String(i), text: 'x'.repeat(200) } });
      await sleep(6);
    }
    const last = { A: { mark: '199', text: 'x'.repeat(200) } };
    await seen(quick).toEqual(last);
    expect(quick.of('delta').length).toBeGreaterThan(60);
    // The limit and the one frame that passed it.
    expect(client.most).toBeLessThan(OPTIONS.bufferBytes + 700);
    client.stopped = false;
    client.read();
    await seen(client).toEqual(last);
    expect(client.of('snapshot').map(({ reason }) => reason)).toEqual(['subscribed', 'slow-reader']);
    set({ A: { mark: 'next' } });
    await seen(client).toEqual({ A: { mark: 'next' } });
  });

  it('does not read on from who does not read its answers, and answers the rest once it does', async () => {
    open();
    const { client, session } = connect();
    client.stopped = true;
    let asked = 0;
    for (; client.reading && asked < 10_000; asked++) {
      ask(session, { op: 'quote', id: `q${asked}`, legs: [{ market: 'A', size: '1' }] });
      await sleep(0);
    }
    expect(asked).toBeLessThan(100);
    expect(client.most).toBeLessThan(OPTIONS.bufferBytes + 700);
    client.stopped = false;
    client.read();
    await expect.poll(() => client.of('quote').length).toBe(asked);
    await expect.poll(() => client.reading).toBe(true);
  });

  it('a burst on a connection is worked off in order, and stops the reading meanwhile', async () => {
    open();
    const { client, session } = connect();
    for (let i = 0; i < 20; i++) ask(session, { op: 'ping', id: String(i) });
    expect(client.reading).toBe(false);
    await expect.poll(() => client.of('pong').length).toBe(20);
    expect(client.of('pong').map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
    await expect.poll(() => client.reading).toBe(true);
  });

  it('gives every caller so many connections and subscriptions, and no more', async () => {
    open();
    const [{ client, session }] = [connect(), connect(), connect()];
    expect(() => connect()).toThrow('not more than 3 connections');
    for (const market of ['A', 'B', 'C', 'D', 'E'])
      ask(session, { op: 'subscribe', id: market, channel: 'marks', market });
    await expect.poll(() => client.of('error')).toMatchObject([{ id: 'E', code: 'rate-limited' }]);
    ask(session, { op: 'unsubscribe', channel: 'marks', market: 'A' });
    ask(session, { op: 'subscribe', id: 'again', channel: 'marks', market: 'E' });
    await expect.poll(() => client.of('subscribed').map(({ id }) => id)).toContain('again');
    session.end();
    expect(connect().client.of('welcome')).toHaveLength(1);
  });

  it('tells a caller only what its key allows', async () => {
    open();
    const nobody: Caller = { ...OPEN, scopes: new Set() };
    const { client, session } = connect(nobody, {
      authenticate: () =>
        Promise.resolve({
          ...{ keyId: 'k', scopes: new Set(['trade']), accounts: new Set(['mine']) },
          ...{ holder: 'k', ratePerSecond: null },
        }),
    });
    const codes = () => client.of('error').map(({ id, code }) => [id, code]);
    ask(session, { op: 'subscribe', id: '1', channel: 'marks' });
    ask(session, { op: 'quote', id: '2', legs: [{ market: 'A', size: '1' }] });
    await expect.poll(codes).toEqual([
      ['1', 'unauthenticated'],
      ['2', 'unauthenticated'],
    ]);
    ask(session, { op: 'authenticate', id: '3', key: 'zk_' });
    ask(session, { op: 'subscribe', id: '4', channel: 'marks' });
    ask(session, { op: 'subscribe', id: '5', channel: 'account', account: 'yours' });
    ask(session, { op: 'subscribe', id: '6', channel: 'account', account: 'mine' });
    await seen(client, 'account mine').toMatchObject({ name: 'mine' });
    expect(codes().slice(2)).toEqual([
      ['4', 'forbidden'],
      ['5', 'forbidden'],
    ]);
  });

  it.each([
    ['no JSON', '{"op":', 'invalid-input'],
    ['null', 'null', 'invalid-input'],
    ['another operation', '{"op":"shout"}', 'invalid-input'],
    ['a channel that there is not', '{"op":"subscribe","channel":"secrets"}', 'invalid-input'],
    ['what has no market', '{"op":"subscribe","channel":"status","market":"A"}', 'invalid-input'],
    ['an account that is not named', '{"op":"subscribe","channel":"account"}', 'invalid-input'],
    ['what is not subscribed to', '{"op":"unsubscribe","channel":"marks"}', 'invalid-input'],
    ['a channel of another process', '{"op":"subscribe","channel":"proofs"}', 'channel-not-served'],
    ['a field that there is not', '{"op":"ping","more":1}', 'invalid-input'],
  ])('refuses %s by name and goes on', async (_what, text, code) => {
    open();
    const { client, session } = connect();
    session.receive(text);
    ask(session, { op: 'ping', id: 'still' });
    await expect.poll(() => client.of('pong')).toHaveLength(1);
    expect(client.of('error')).toMatchObject([{ code }]);
  });

  it('closes a connection that sends nothing but what is refused', async () => {
    open();
    const { client, session } = connect();
    for (let i = 0; i < 120; i++) session.receive('x');
    await expect.poll(() => client.closed).toBe(4429);
  });

  it('takes no more of the thread than its share, however much there is to do', async () => {
    open({ share: 0.1, intervalMs: 1 });
    const { client, session } = connect();
    ask(session, { op: 'subscribe', channel: 'marks' });
    await seen(client).toBeDefined();
    Object.assign(marks, {
      version: () => String(performance.now()),
      read: () => {
        const until = performance.now() + 10;
        while (performance.now() < until);
        return { now: until };
      },
    });
    const before = hub.counts.rounds;
    await sleep(800);
    // Ten milliseconds of work, ninety of rest: eight rounds, where a millisecond of rest would make seventy.
    expect(hub.counts.rounds - before).toBeLessThanOrEqual(12);
    expect(hub.counts.rounds - before).toBeGreaterThan(1);
  });

  it('shows where a document cannot be had, and the document when it can', async () => {
    open();
    const { client, session } = connect();
    const { UnknownThing } = { UnknownThing: (await import('./errors.js')).ChannelNotServedError };
    let broken = true;
    const read = marks.read.bind(marks);
    Object.assign(status, {
      read: () => {
        if (broken) throw new UnknownThing('not now');
        return read(undefined);
      },
    });
    ask(session, { op: 'subscribe', channel: 'status' });
    await seen(client, 'status').toEqual({ unavailable: { code: 'channel-not-served', detail: 'not now' } });
    broken = false;
    set({ fine: true });
    await seen(client, 'status').toEqual({ fine: true });
  });
});
