import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainClient } from './chain-client.js';

describe('the client of a node', () => {
  let head = 0;
  let node: Server;
  beforeAll(async () => {
    node = createServer((request, response) => {
      request.resume().once('end', () => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: `0x${(++head).toString(16)}` }));
      });
    });
    await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => node.close());

  it('gives the head as it is now, each time', async () => {
    const client = chainClient(`http://127.0.0.1:${(node.address() as AddressInfo).port}`);
    expect([await client.getBlockNumber(), await client.getBlockNumber()]).toEqual([1n, 2n]);
  });
});
