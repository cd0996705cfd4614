import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A cable between the services and a server, to be cut. */
export interface TcpProxy {
  readonly port: number;
  /** ends every connection, and refuses new ones until it is mended */
  cut(): void;
  mend(): void;
  /** leads to another port from now on */
  leadTo(port: number): void;
  close(): Promise<void>;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  let target = targetPort;
  let isCut = false;
  const open = new Set<Socket>();
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(target, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ]) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        open.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const endAll = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: address.port,
    cut: () => {
      isCut = true;
      endAll();
    },
    mend: () => (isCut = false),
    leadTo: (port) => (target = port),
    close: async () => {
      endAll();
      server.close();
      await once(server, 'close');
    },
  };
}
