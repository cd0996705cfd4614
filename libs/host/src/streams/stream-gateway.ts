import websocket from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { type Caller, type Connection, type Door, Session, type StreamHub } from '#lib/streams';
import { problemOf } from '#lib/service';
import { ForbiddenError } from '../access/errors.js';
import { textFrame } from './text-frame.js';

const PATH = '/v1/ws';
const MESSAGE_BYTES = 16 << 10;
export const HEARTBEAT_MS = 15_000;

/**
 * `/v1/ws`. A route of Fastify's, so that the same hooks see it as see REST; the key may come with the request or, since browsers
 * cannot set headers, as the first message.
 */
export async function installStreams(
  fastify: FastifyInstance,
  hub: StreamHub,
  door: Door & { callerOf(request: FastifyRequest): Promise<Caller> },
  origins: readonly string[],
): Promise<void> {
  await fastify.register(websocket, { options: { maxPayload: MESSAGE_BYTES, perMessageDeflate: false } });
  await fastify.register((scope, _options, done) => {
    scope.route({
      method: 'GET',
      url: PATH,
      config: { access: 'public' },
      preValidation: async (request, reply) => {
        try {
          requireOrigin(request, origins);
          request.streamCaller = await door.callerOf(request);
        } catch (error) {
          const problem = problemOf(error, request.url);
          return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
        }
      },
      handler: (_request, reply) =>
        reply
          .code(426)
          .header('upgrade', 'websocket')
          .type('application/problem+json')
          .send(
            JSON.stringify({
              ...{ type: 'urn:zkrisk:problem:upgrade-required', title: 'Upgrade Required', status: 426 },
              ...{ detail: 'this is a WebSocket', code: 'upgrade-required' },
            }),
          ),
      wsHandler: (socket, request) => {
        serve(socket, request.raw.socket, hub, door, request.streamCaller!);
      },
    });
    done();
  });
}

declare module 'fastify' {
  interface FastifyRequest {
    streamCaller?: Caller;
  }
}

function serve(socket: WebSocket, wire: Socket, hub: StreamHub, door: Door, caller: Caller): void {
  const connection = connectionOf(socket, wire);
  const session = new Session(hub, connection, door, caller);
  try {
    hub.welcome(session, connection, HEARTBEAT_MS, MESSAGE_BYTES);
  } catch (error) {
    socket.close(4429, (error as Error).message);
    return;
  }
  let alive = true;
  const beat = setInterval(() => {
    if (!alive) {
      socket.terminate();
      return;
    }
    alive = false;
    socket.ping();
    session.heartbeat(Date.now());
  }, HEARTBEAT_MS);
  socket.on('pong', () => (alive = true));
  socket.on('message', (data: Buffer, isBinary) => {
    alive = true;
    if (isBinary) session.close(1003, 'messages are text');
    else session.receive(data.toString());
  });
  // Told to the peer by ws itself: a frame that is too large, or none at all.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearInterval(beat);
    session.end();
  });
}

/**
 * Shared frames are written past `ws`, whose sender frames each message anew and writes header and payload apart: a server's frames are
 * not masked, so their bytes are the same for all. Without compression the sender queues nothing, so the order is kept.
 */
function connectionOf(socket: WebSocket, wire: Socket): Connection {
  return {
    send: (text) => {
      if (socket.readyState === socket.OPEN) socket.send(text);
    },
    sendShared: (frames) => {
      if (socket.readyState !== socket.OPEN) return;
      wire.cork();
      for (const frame of frames) wire.write(textFrame(frame));
      wire.uncork();
    },
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    pause: () => {
      socket.pause();
    },
    resume: () => {
      socket.resume();
    },
    close: (code, reason) => {
      socket.close(code, reason);
      // Whoever does not answer a close is not waited for.
      setTimeout(() => {
        socket.terminate();
      }, 1000).unref();
    },
  };
}

/**
 * Browsers let any page open a socket to any host, and where no keys are asked for that page would be let in: pages of other hosts
 * are not, unless they are named.
 *
 * @throws {ForbiddenError}
 */
function requireOrigin({ headers }: FastifyRequest, origins: readonly string[]): void {
  const { origin, host } = headers;
  if (origin === undefined || origins.includes(origin)) return;
  if (!URL.canParse(origin) || new URL(origin).host !== host)
    throw new ForbiddenError(`pages of ${origin.slice(0, 100)} may not open streams here (STREAM_ORIGINS)`);
}
