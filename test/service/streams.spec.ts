import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type ApiKeys, type Scope } from '#lib/host';
import { applyPatch, type JsonObject, serverMessage, type ServerMessage } from '#lib/messages';
import { type KeyedEngine, startKeyedEngine } from '../support/keyed-engine.js';

/** A client that mirrors its subscriptions and checks the engine's schemas and numbers. */
class Mirror {
  readonly messages: ServerMessage[] = [];
  readonly documents = new Map<string, JsonObject>();
  private readonly places = new Map<string, number>();

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      const message = serverMessage.parse(JSON.parse(data.toString()));
      this.messages.push(message);
      if (message.type !== 'snapshot' && message.type !== 'delta') return;
      const key = [message.channel, message.market ?? message.account].filter(Boolean).join(' ');
      if (message.type === 'delta') expect(message.sequence).toBe(this.places.get(key)! + 1);
      this.places.set(key, message.sequence);
      const patch = message.data as JsonObject;
      this.documents.set(key, message.type === 'delta' ? applyPatch(this.documents.get(key)!, patch) : patch);
    });
  }
  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }
  async answer(id: string): Promise<ServerMessage> {
    const find = () => this.messages.find((message) => 'id' in message && message.id === id);
    await expect.poll(find).toBeDefined();
    return find()!;
  }
  document(key: string): Promise<JsonObject> {
    return expect
      .poll(() => this.documents.get(key))
      .toBeDefined()
      .then(() => this.documents.get(key)!);
  }
}

/** The code it closes with. */
async function closing({ socket }: Mirror): Promise<number> {
  const [code] = (await once(socket, 'close')) as [number];
  return code;
}

describe('streams of a running engine', () => {
  let engine: KeyedEngine;
  let keys: ApiKeys;

  beforeAll(async () => {
    engine = await startKeyedEngine({
      STREAM_INTERVAL_MS: '20',
      STREAM_CONNECTIONS_PER_KEY: '8',
      ADMIN_SECRET: 'x'.repeat(40),
    });
    ({ keys } = engine);
  }, 60_000);
  afterAll(async () => {
    await engine.stop();
  });

  const key = async (scopes: Scope[], more: { accounts?: string[]; ratePerSecond?: number } = {}) =>
    keys.create({ label: scopes.join(), scopes, ...more });
  async function connect(apiKey?: string, headers: Record<string, string> = {}): Promise<Mirror> {
    const socket = new WebSocket(`${engine.url.replace('http', 'ws')}/v1/ws`, {
      headers: { ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }), ...headers },
    });
    const mirror = new Mirror(socket);
    await once(socket, 'open');
    return mirror;
  }
  const get = async (path: string, apiKey: string) =>
    (await (
      await fetch(`${engine.url}${path}`, { headers: { authorization: `Bearer ${apiKey}` } })
    ).json()) as Record<string, unknown>;

  it('show what REST shows', async () => {
    const { key: apiKey } = await key(['quote']);
    const mirror = await connect(apiKey);
    for (const channel of ['marks', 'book', 'risk', 'funding', 'status'])
      mirror.send({ op: 'subscribe', id: channel, channel });
    const [marks, book, risk, funding, status] = await Promise.all(
      ['marks', 'book', 'risk', 'funding', 'status'].map((name) => mirror.document(name)),
    );
    const markets = (await get('/v1/markets', apiKey)).markets as { market: string; mark: string }[];
    expect(markets.length).toBeGreaterThan(1);
    const marked = marks.markets as Record<string, { mark: string }>;
    for (const { market, mark } of markets) expect(marked[market].mark).toBe(mark);
    expect(book.capital).toBe((await get('/v1/book', apiKey)).capital);
    expect(risk.riskMeasure).toBe((await get('/v1/risk', apiKey)).riskMeasure);
    expect(funding.collected).toEqual((await get('/v1/funding', apiKey)).collected);
    expect(status).toMatchObject({ solvency: 'solvent', markets: markets.length });
    const one = markets[0].market;
    mirror.send({ op: 'subscribe', channel: 'marks', market: one });
    expect(Object.keys((await mirror.document(`marks ${one}`)).markets as object)).toEqual([one]);
    mirror.socket.close();
  });

  it('give quotes that REST accepts, for the account of the key alone', async () => {
    const { key: treasury } = await key(['treasury']);
    const { key: apiKey } = await key(['quote', 'trade'], { accounts: ['streamer'] });
    await fetch(`${engine.url}/v1/accounts/streamer/deposits`, {
      method: 'POST',
      headers: { authorization: `Bearer ${treasury}`, 'content-type': 'application/json' },
      body: '{"amount":"100000"}',
    });
    const mirror = await connect(apiKey);
    mirror.send({ op: 'subscribe', channel: 'account', account: 'streamer' });
    await mirror.document('account streamer');
    const legs = [{ market: 'SIM-A', size: '0.1' }];
    mirror.send({ op: 'quote', id: 'mine', account: 'streamer', legs });
    mirror.send({ op: 'quote', id: 'yours', account: 'somebody', legs });
    mirror.send({ op: 'quote', id: 'nobody', legs });
    mirror.send({ op: 'quote', id: 'nothing', account: 'streamer', legs: [{ market: 'NONE', size: '1' }] });
    const answer = await mirror.answer('mine');
    if (answer.type !== 'quote') throw new Error(JSON.stringify(answer));
    for (const id of ['yours', 'nobody'])
      expect(await mirror.answer(id)).toMatchObject({ type: 'error', code: 'forbidden' });
    expect(await mirror.answer('nothing')).toMatchObject({ type: 'error', code: 'unknown-market' });
    const accepted = await fetch(`${engine.url}/v1/quotes/${answer.quote.id as string}/accept`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}` },
    });
    expect(accepted.status).toBe(200);
    // The documented fields of a trade, and no others.
    const told = Object.keys((await accepted.json()) as object).sort();
    expect(told).toEqual(['account', 'bookedAt', 'legs', 'premium', 'quoteId', 'tradeId']);
    // The trade shows on the stream.
    await expect
      .poll(() => mirror.documents.get('account streamer'), { timeout: 5000 })
      .toMatchObject({ cross: { positions: { 'SIM-A': { size: 0.1 } } } });
    mirror.socket.close();
  });

  it('end with the key, at once, and with nobody else’s', async () => {
    const first = await key(['quote']);
    const second = await key(['quote']);
    const [ended, other] = [await connect(first.key), await connect()];
    other.send({ op: 'authenticate', id: 'a', key: second.key });
    expect(await other.answer('a')).toMatchObject({ type: 'authenticated', keyId: second.id });
    for (const mirror of [ended, other]) {
      mirror.send({ op: 'subscribe', channel: 'marks' });
      await mirror.document('marks');
    }
    const closed = closing(ended);
    const before = performance.now();
    await keys.revoke(first.id);
    expect(await closed).toBe(4401);
    expect(performance.now() - before).toBeLessThan(1000);
    await sleep(50);
    expect(other.socket.readyState).toBe(WebSocket.OPEN);
    other.socket.close();
    await expect(connect(first.key)).rejects.toThrow('401');
  });

  it('of server-sent events end with the key too', async () => {
    const { key: apiKey, id } = await key(['liquidator']);
    const response = await fetch(`${engine.url}/v1/liquidations/stream?after=0`, {
      headers: { authorization: `Bearer ${apiKey}` },
    });
    expect(response.status).toBe(200);
    const ended = (async () => {
      for await (const _ of response.body as unknown as AsyncIterable<Uint8Array>);
    })().then(
      () => 'ended',
      () => 'ended',
    );
    await sleep(300);
    expect(await Promise.race([ended, Promise.resolve('open')])).toBe('open');
    await keys.revoke(id);
    expect(await Promise.race([ended, sleep(1500, 'open')])).toBe('ended');
  });

  it('let nobody in without a key, but to what is public', async () => {
    const mirror = await connect();
    for (const channel of ['marks', 'liquidations']) mirror.send({ op: 'subscribe', id: channel, channel });
    mirror.send({ op: 'authenticate', id: 'made-up', key: `zk_${'0'.repeat(16)}_${'A'.repeat(43)}` });
    for (const id of ['marks', 'liquidations', 'made-up'])
      expect(await mirror.answer(id)).toMatchObject({ type: 'error', code: 'unauthenticated' });
    mirror.send({ op: 'subscribe', channel: 'status' });
    expect(await mirror.document('status')).toHaveProperty('checks');
    mirror.socket.close();
  });

  it('are closed to pages of other hosts', async () => {
    await expect(connect(undefined, { origin: 'https://elsewhere.example' })).rejects.toThrow('403');
    await expect(connect(undefined, { origin: 'null' })).rejects.toThrow('403');
    (await connect(undefined, { origin: engine.url })).socket.close();
  });

  it('take no message that is too large, and no binary one', async () => {
    const large = await connect();
    large.socket.send(`{"op":"ping","id":"${'x'.repeat(17_000)}"}`);
    expect(await closing(large)).toBe(1009);
    const binary = await connect();
    binary.socket.send(Buffer.from([1, 2, 3]));
    expect(await closing(binary)).toBe(1003);
  });

  it('are as many as a key may have', async () => {
    const { key: apiKey } = await key(['quote']);
    const mirrors: Mirror[] = [];
    for (let i = 0; i < 8; i++) mirrors.push(await connect(apiKey));
    const refused = await connect(apiKey);
    expect(await closing(refused)).toBe(4429);
    for (const { socket } of mirrors) socket.close();
    await expect
      .poll(async () => {
        const again = await connect(apiKey);
        const welcomed = await expect
          .poll(() => again.messages.length)
          .toBe(1)
          .then(() => again.messages[0].type);
        again.socket.close();
        return welcomed;
      })
      .toBe('welcome');
  });

  it('count what is sent with what REST is asked', async () => {
    const { key: apiKey } = await key(['quote'], { ratePerSecond: 5 });
    const mirror = await connect(apiKey);
    for (let i = 0; i < 12; i++) mirror.send({ op: 'ping', id: String(i) });
    expect(await mirror.answer('11')).toMatchObject({ type: 'error', code: 'rate-limited' });
    expect(mirror.messages.filter(({ type }) => type === 'pong').length).toBeLessThanOrEqual(10);
    expect((await fetch(`${engine.url}/v1/markets`, { headers: { 'x-api-key': apiKey } })).status).toBe(429);
    mirror.socket.close();
  });

  it('are no page: a plain request is told so', async () => {
    const response = await fetch(`${engine.url}/v1/ws`);
    expect(response.status).toBe(426);
    expect(await response.json()).toMatchObject({ code: 'upgrade-required' });
  });
});
