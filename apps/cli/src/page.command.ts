import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { servePage } from '#lib/host';
import { UsageError } from '#lib/terminal';
import { Forwarder } from './page/forward.js';

export interface PageOptions {
  /** address of the engine */
  readonly engine: string;
  readonly port: number;
}
export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
/** Paths of the engine; every other path is the page's. */
const OF_THE_ENGINE = ['/v1/*', '/metrics', '/healthz', '/readyz', '/docs', '/docs/*'];

/**
 * Serves the page of this checkout on this machine, and forwards its requests to an engine elsewhere. The engine need not allow anything,
 * and the checks that run in the browser are this checkout's own, not those of whoever runs the engine.
 *
 * Answers only those who call it by its own name: a page of another host that resolves its name to this machine is refused, and so is
 * a WebSocket of such a page, from which the engine could not tell it any more.
 *
 * @throws {UsageError} where the address is invalid, or the page is not built
 */
export async function pageCommand({ engine, port }: PageOptions): Promise<PageServer> {
  const to = engineAt(engine);
  const forwarder = new Forwarder(to);
  const fastify = Fastify();
  const own = () => {
    const { port: listening } = fastify.server.address() as AddressInfo;
    return new Set([`${HOST}:${listening}`, `localhost:${listening}`]);
  };
  fastify.addHook('onRequest', async (request, reply) => {
    if (!own().has(request.headers.host ?? ''))
      await reply.code(421).send({ code: 'other-host', detail: `this server is ${HOST} alone` });
  });
  if (!servePage(fastify)) throw new UsageError('the page is not built; npm run build makes it');
  // Bodies are the engine's to read.
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _payload, done) => {
    done(null);
  });
  for (const path of OF_THE_ENGINE)
    fastify.all(path, (request, reply) => {
      reply.hijack();
      forwarder.forward(request.raw, reply.raw);
    });
  fastify.server.on('upgrade', (request: IncomingMessage, socket, head: Buffer) => {
    const { host = '', origin } = request.headers;
    const ours = own().has(host) && (origin === undefined || sameHost(origin, host));
    if (ours && new URL(request.url!, `http://${host}`).pathname === '/v1/ws')
      forwarder.upgrade(request, socket, head);
    else socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
  await fastify.listen({ host: HOST, port });
  return {
    url: `http://${HOST}:${(fastify.server.address() as AddressInfo).port}/`,
    close: async () => {
      fastify.server.closeAllConnections();
      await fastify.close();
    },
  };
}

function sameHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** @throws {UsageError} */
function engineAt(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.search !== '' ||
    url.hash !== ''
  )
    throw new UsageError(`--engine: ${JSON.stringify(text)} is no address such as https://risk.example.com/`);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
