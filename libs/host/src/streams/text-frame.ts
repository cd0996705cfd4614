const FINAL_TEXT = 0x81;
const LENGTH_IN_2_BYTES = 126;
const LENGTH_IN_8_BYTES = 127;

const framed = new WeakMap<Buffer, Buffer>();

/**
 * The unmasked WebSocket text frame of a payload (RFC 6455, 5.2), as servers send it. Framed once for each payload, however many
 * connections it is written to.
 */
export function textFrame(payload: Buffer): Buffer {
  const known = framed.get(payload);
  if (known !== undefined) return known;
  const frame = Buffer.concat([headerOf(payload.length), payload]);
  framed.set(payload, frame);
  return frame;
}

function headerOf(length: number): Buffer {
  if (length < LENGTH_IN_2_BYTES) return Buffer.from([FINAL_TEXT, length]);
  if (length < 1 << 16) return Buffer.from([FINAL_TEXT, LENGTH_IN_2_BYTES, length >> 8, length & 0xff]);
  const header = Buffer.alloc(10);
  header[0] = FINAL_TEXT;
  header[1] = LENGTH_IN_8_BYTES;
  header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}
