import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type PageServer, pageCommand } from '../../apps/cli/src/page.command.js';

/** An engine's side of the wire: requests received, and two answers. */
function startFar() {
  const seen: { method: string; url: string; host: string; key: string; body: string }[] = [];
  const server = createServer((asked, answer) => {
    let body = '';
    asked.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    asked.on('end', () => {
      const { host = '', authorization: key = '' } = asked.headers;
      seen.push({ method: asked.method!, url: asked.url!, host, key, body });
      answer.writeHead(asked.url!.endsWith('/refused') ? 409 : 200, { 'content-type': 'application/json' });
      answer.end('{"from":"engine"}');
    });
  });
  const sockets = new WebSocketServer({ server });
  const origins: (string | undefined)[] = [];
  sockets.on('connection', (socket, asked) => {
    origins.push(asked.headers.origin);
    socket.on('message', (data: Buffer) => {
      socket.send(`heard ${data.toString()}`);
    });
  });
  return { server, seen, origins };
}

describe('the page of an engine elsewhere', () => {
  const far = startFar();
  let page: PageServer;
  let engine: string;

  beforeAll(async () => {
    await new Promise<void>((resolve) => far.server.listen(0, '127.0.0.1', resolve));
    engine = `http://127.0.0.1:${(far.server.address() as AddressInfo).port}`;
    page = await pageCommand({ engine: `${engine}/risk`, port: 0 });
  });
  afterAll(async () => {
    await page.close();
    far.server.closeAllConnections();
    far.server.close();
  });

  it('is this checkout’s, under its own policy', async () => {
    const answer = await fetch(page.url);
    expect(await answer.text()).toContain('<div id="page">');
    expect(answer.headers.get('content-security-policy')).toContain("connect-src 'self'");
  });

  it('sends requests on with their body and key, and brings answers and refusals back', async () => {
    const posted = await fetch(new URL('v1/quotes/refused', page.url), {
      ...{ method: 'POST', body: '{"account":"ann"}' },
      headers: { 'content-type': 'application/json', authorization: 'Bearer zk_1' },
    });
    expect([posted.status, await posted.json()]).toEqual([409, { from: 'engine' }]);
    expect(far.seen.at(-1)).toEqual({
      ...{ method: 'POST', url: '/risk/v1/quotes/refused', host: new URL(engine).host },
      ...{ key: 'Bearer zk_1', body: '{"account":"ann"}' },
    });
  });

  it('joins streams, without the page’s origin, which the engine would refuse', async () => {
    const socket = new WebSocket(new URL('v1/ws', page.url.replace('http', 'ws')), {
      origin: page.url.slice(0, -1),
    });
    const heard = new Promise<string>((resolve) => {
      socket.on('message', (data: Buffer) => {
        resolve(data.toString());
      });
    });
    socket.on('open', () => {
      socket.send('hello');
    });
    expect(await heard).toBe('heard hello');
    expect(far.origins).toEqual([undefined]);
    socket.terminate();
  });

  it('refuses pages of other hosts, by name and by origin', async () => {
    const { port } = new URL(page.url);
    const status = await new Promise((resolve) => {
      request({ port, path: '/v1/book', headers: { host: `evil.example:${port}` } }, ({ statusCode }) => {
        resolve(statusCode);
      }).end();
    });
    expect(status).toBe(421);
    const socket = new WebSocket(new URL('v1/ws', page.url.replace('http', 'ws')), {
      origin: 'http://evil.example',
    });
    const [error] = await new Promise<[Error]>((resolve) => {
      socket.on('error', (refused) => {
        resolve([refused]);
      });
    });
    expect(error.message).toContain('403');
    expect(far.origins).toHaveLength(1);
  });

  it('says which engine does not answer, and refuses an address that is none', async () => {
    const alone = await pageCommand({ engine: 'http://127.0.0.1:9', port: 0 });
    const answer = await fetch(new URL('v1/book', alone.url));
    expect([answer.status, await answer.text()]).toEqual([
      502,
      expect.stringContaining('http://127.0.0.1:9 does not answer'),
    ]);
    await alone.close();
    await expect(pageCommand({ engine: 'risk.example.com', port: 0 })).rejects.toThrow('--engine');
  });
});
