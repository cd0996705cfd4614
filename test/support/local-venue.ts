import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';

/** A venue on this machine: a test sends its frames and reads its subscriptions. */
export class LocalVenue {
  readonly clients: WebSocket[] = [];
  readonly subscribed: string[] = [];
  private constructor(private readonly server: WebSocketServer) {
    server.on('connection', (client) => {
      this.clients.push(client);
      client.on('message', (data) => this.subscribed.push((data as Buffer).toString()));
    });
  }
  static async open(): Promise<LocalVenue> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    return new LocalVenue(server);
  }
  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  send(frame: string): void {
    this.clients.at(-1)!.send(frame);
  }
  close(): void {
    for (const client of this.clients) client.terminate();
    this.server.close();
  }
}

/** A frame of Coinbase's ticker channel. */
export function coinbaseFrame(
  sequence: number,
  mid: number,
  changes: { age?: number; symbol?: string; spread?: number } = {},
): string {
  const { age = 0, symbol = 'ETH-USD', spread = 0.02 } = changes;
  return JSON.stringify({
    ...{ type: 'ticker', sequence, product_id: symbol, time: new Date(Date.now() - age).toISOString() },
    ...{ best_bid: (mid - spread / 2).toFixed(4), best_ask: (mid + spread / 2).toFixed(4) },
  });
}

/** Waits until a condition holds. */
export async function until(met: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 300 && !met(); i++) await sleep(10);
  if (!met()) throw new Error(`${what}: not within 3 s`);
}
