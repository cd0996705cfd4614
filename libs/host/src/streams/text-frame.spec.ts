import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import * as ws from 'ws';
import { textFrame } from './text-frame.js';

/** Exported by ws, and left out of its types. */
const { Receiver } = ws as unknown as {
  Receiver: new (options: { isServer: boolean }) => NodeJS.WritableStream;
};

describe(textFrame, () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])(
    'of %i bytes is read by ws as it was',
    async (n) => {
      const payload = Buffer.from('é'.repeat(Math.ceil(n / 2)).slice(0, Math.ceil(n / 2))).subarray(
        0,
        n - (n % 2),
      );
      const receiver = new Receiver({ isServer: false });
      const read = new Promise<{ data: Buffer; binary: boolean }>((resolve, reject) => {
        receiver.on('message', (data: Buffer, binary: boolean) => {
          resolve({ data, binary });
        });
        receiver.on('error', reject);
      });
      new PassThrough().end(textFrame(payload)).pipe(receiver);
      const { data, binary } = await read;
      expect(data.equals(payload)).toBe(true);
      expect(binary).toBe(false);
    },
  );

  it('is made once for a payload', () => {
    const payload = Buffer.from('{}');
    expect(textFrame(payload)).toBe(textFrame(payload));
  });
});
