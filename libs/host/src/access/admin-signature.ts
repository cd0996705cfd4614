import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { ReplayedError, SignatureError } from './errors.js';

/** An admin call may be this old, or this early, when it comes. */
const TOLERANCE_MS = 30_000;

export const TIMESTAMP_HEADER = 'x-zkrisk-timestamp';
export const NONCE_HEADER = 'x-zkrisk-nonce';
export const SIGNATURE_HEADER = 'x-zkrisk-signature';

export interface SignedCall {
  readonly method: string;
  /** path and query */
  readonly url: string;
  /** milliseconds since the epoch */
  readonly timestamp: string;
  readonly nonce: string;
  readonly body: Buffer;
}

/** HMAC-SHA-256 over everything that makes the call, hexadecimal. */
export function signatureOf(secret: string, { method, url, timestamp, nonce, body }: SignedCall): string {
  const digest = createHash('sha256').update(body).digest('hex');
  return createHmac('sha256', secret)
    .update([method, url, timestamp, nonce, digest].join('\n'))
    .digest('hex');
}

/** Headers of a signed admin call. */
export function signedHeaders(
  secret: string,
  call: Pick<SignedCall, 'method' | 'url' | 'body' | 'nonce'>,
  now = Date.now(),
): Record<string, string> {
  const timestamp = String(now);
  return {
    [TIMESTAMP_HEADER]: timestamp,
    [NONCE_HEADER]: call.nonce,
    [SIGNATURE_HEADER]: signatureOf(secret, { ...call, timestamp }),
  };
}

/** Checks that admin calls are signed, and made once. */
export class AdminSignatures {
  constructor(
    private readonly database: DataSource,
    private readonly secret: string | undefined,
  ) {}

  /** @throws {SignatureError | ReplayedError} */
  async require(
    call: Omit<SignedCall, 'timestamp' | 'nonce'>,
    headers: NodeJS.Dict<string | string[]>,
  ): Promise<void> {
    if (this.secret === undefined)
      throw new SignatureError('admin calls are not possible here: ADMIN_SECRET is not set');
    const [timestamp, nonce, signature] = [TIMESTAMP_HEADER, NONCE_HEADER, SIGNATURE_HEADER].map((name) => {
      const value = headers[name];
      if (typeof value !== 'string') throw new SignatureError(`the header ${name} is missing`);
      return value;
    });
    if (!/^[\w-]{16,100}$/.test(nonce))
      throw new SignatureError(`${NONCE_HEADER} must be 16 to 100 letters, digits and _-`);
    if (!(Math.abs(Date.now() - Number(timestamp)) <= TOLERANCE_MS))
      throw new SignatureError(
        `${TIMESTAMP_HEADER} is more than ${TOLERANCE_MS / 1000} s away from our time`,
      );
    const expected = Buffer.from(signatureOf(this.secret, { ...call, timestamp, nonce }), 'hex');
    const given = Buffer.from(signature, 'hex');
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      throw new SignatureError('the signature does not hold');
    await this.database.query(`delete from admin_nonce where at < now() - interval '10 minutes'`);
    const [fresh] = await this.database.query<object[]>(
      'insert into admin_nonce (nonce) values ($1) on conflict do nothing returning nonce',
      [nonce],
    );
    if (fresh === undefined) throw new ReplayedError('this call was made before: its nonce has been used');
  }
}
