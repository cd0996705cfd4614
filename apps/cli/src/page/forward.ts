import {
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as requestPlain,
  type ServerResponse,
} from 'node:http';
import { request as requestSecure } from 'node:https';
import type { Duplex } from 'node:stream';

/** Headers that are about one connection and not about the message (RFC 9110, 7.6.1). */
const OF_A_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
]);
const TIMEOUT_MS = 30_000;

/** Sends requests on to an engine, and its answers back, as they are. */
export class Forwarder {
  /** @param engine its address; a path in it comes before those of the requests */
  constructor(private readonly engine: URL) {}

  /** Answers with the engine's response; 502 where the engine does not respond. */
  forward(request: IncomingMessage, response: ServerResponse): void {
    const sent = this.open(request, withoutConnection(request.headers));
    sent.setTimeout(TIMEOUT_MS, () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    sent.on('response', (answer) => {
      response.writeHead(answer.statusCode!, withoutConnection(answer.headers));
      answer.pipe(response);
    });
    sent.on('error', ({ message }) => {
      if (response.headersSent) {
        response.destroy();
        return;
      }
      // No problem document: it is not the engine that speaks, and the page says so.
      response.writeHead(502, { 'content-type': 'text/plain' });
      response.end(`${this.engine.origin} does not answer: ${message}`);
    });
    response.on('close', () => sent.destroy());
    request.pipe(sent);
  }

  /** Joins a client's socket to one of the engine's, for a WebSocket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // The page's origin is not the engine's; whoever calls this has judged it.
    const { origin: _, ...headers } = request.headers;
    const sent = this.open(request, headers);
    sent.on('upgrade', (answer, far, farHead) => {
      const lines = answer.rawHeaders.flatMap((name, i) =>
        i % 2 === 0 ? [`${name}: ${answer.rawHeaders[i + 1]}`] : [],
      );
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
      if (farHead.length > 0) socket.write(farHead);
      if (head.length > 0) far.write(head);
      far.on('error', () => socket.destroy());
      socket.on('close', () => far.destroy());
      far.on('close', () => socket.destroy());
      far.pipe(socket);
      socket.pipe(far);
    });
    const refuse = (status: string) => {
      socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    };
    sent.on('response', ({ statusCode, statusMessage }) => {
      refuse(`${statusCode} ${statusMessage}`);
    });
    sent.on('error', () => {
      refuse('502 Bad Gateway');
    });
    socket.on('error', () => sent.destroy());
    sent.end();
  }

  private open({ method, url }: IncomingMessage, headers: OutgoingHttpHeaders) {
    const target = new URL(url!.replace(/^\/+/, ''), this.engine);
    const request = this.engine.protocol === 'https:' ? requestSecure : requestPlain;
    return request(target, { method, headers: { ...headers, host: target.host } });
  }
}

function withoutConnection(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_A_CONNECTION.has(name)));
}
