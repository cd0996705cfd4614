import { WebSocket } from 'ws';

/** Subscribers of one process: so many connections, of which a share never reads. */
export interface SubscribersRequest {
  readonly url: string;
  readonly connections: number;
  readonly slow: number;
  readonly channels: readonly string[];
}

const { url, connections, slow, channels } = JSON.parse(process.argv[2]) as SubscribersRequest;
let frames = 0;
let snapshots = 0;

async function subscribe(reads: boolean): Promise<void> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, { perMessageDeflate: false });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('message', (data: Buffer) => {
    frames++;
    if (data.includes('"reason":"slow-reader"')) snapshots++;
  });
  for (const channel of channels) socket.send(JSON.stringify({ op: 'subscribe', channel }));
  // Its socket is not read from now on; the kernel's buffers fill up, then the engine leaves it out.
  if (!reads) setTimeout(() => socket.pause(), 500);
}

for (let i = 0; i < connections; i += 50)
  await Promise.all(
    Array.from({ length: Math.min(50, connections - i) }, (_, j) => subscribe((i + j) % connections >= slow)),
  );
process.stdout.write(`${JSON.stringify({ connected: connections })}\n`);
process.on('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify({ frames, snapshots })}\n`, () => process.exit(0));
});
