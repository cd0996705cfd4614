import { WebSocket } from 'ws';
import { messageOf } from '#lib/errors';
import type { ServiceProcess } from '../topology.js';
import { count, type Findings } from './calls.js';
import { HONEST, MARKETS } from './names.js';

const CONNECTIONS = 12;
/** Messages that a socket must refuse, and stay; a frame that is too long closes it. */
const HOSTILE = [
  'rubbish',
  '[]',
  '['.repeat(8000),
  '{"op":"subscribe","id":"1","channel":"__proto__"}',
  '{"op":"subscribe","id":"1","channel":"marks","market":"constructor"}',
  '{"op":"authenticate","key":"zk_none"}',
  `{"op":"quote","id":"1","account":"gang-0","legs":[{"market":"M0","size":"1e400"}]}`,
  `{"x":"${'x'.repeat(20_000)}"}`,
];

/** Sockets of the gang: some never read what they have subscribed to, all send what is no message, or asks for another's account. */
export class Sockets {
  private open: WebSocket[] = [];

  constructor(
    private readonly pricer: ServiceProcess,
    private readonly key: string,
    private readonly found: Findings,
  ) {}

  act(round: number): void {
    this.open = this.open.filter(({ readyState }) => readyState <= WebSocket.OPEN);
    while (this.open.length < CONNECTIONS) this.open.push(this.connect());
    for (const [i, socket] of this.open.entries()) {
      if (socket.readyState !== WebSocket.OPEN) continue;
      if (i % 3 === 0) socket.pause();
      for (const [at, channel] of ['marks', 'risk', 'book', 'funding', 'status'].entries())
        socket.send(JSON.stringify({ op: 'subscribe', id: `${round}-${at}`, channel }));
      socket.send(JSON.stringify({ op: 'subscribe', id: 'theirs', channel: 'account', account: HONEST[0] }));
      socket.send(
        JSON.stringify({
          op: 'quote',
          id: 'theirs',
          account: HONEST[0],
          legs: [{ market: MARKETS[0], size: '1' }],
        }),
      );
      socket.send(HOSTILE[(round + i) % HOSTILE.length]);
    }
  }

  close(): void {
    for (const socket of this.open) socket.terminate();
  }

  private connect(): WebSocket {
    const socket = new WebSocket(`${this.pricer.url.replace('http', 'ws')}/v1/ws`, {
      headers: { authorization: `Bearer ${this.key}` },
    });
    socket.on('error', (error) => {
      count(this.found, `socket: ${messageOf(error).slice(0, 60)}`);
    });
    socket.on('close', (code) => {
      count(this.found, `socket closed: ${code}`);
    });
    socket.on('message', (data: Buffer) => {
      const { type, channel, account, id } = JSON.parse(data.toString()) as Record<string, string>;
      count(this.found, `socket: ${type}`);
      if (channel === 'account' && account === HONEST[0])
        this.found.problems.push(`a socket was told about the account ${account}`);
      if (type === 'quote' && id === 'theirs')
        this.found.problems.push('a socket was quoted for another’s account');
    });
    return socket;
  }
}
