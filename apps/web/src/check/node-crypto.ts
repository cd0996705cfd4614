import { Hash } from 'ox';

/** SHA-256 as Node's crypto offers it, for the checker: the digest is synchronous. */
export function createHash(algorithm: 'sha256') {
  if (algorithm !== 'sha256') throw new Error(`no hash but sha256, not ${String(algorithm)}`);
  const parts: Uint8Array[] = [];
  return {
    update(data: string | Uint8Array) {
      parts.push(typeof data === 'string' ? new TextEncoder().encode(data) : data);
      return this;
    },
    digest(encoding: 'hex'): string {
      if (encoding !== 'hex') throw new Error('no encoding but hex');
      const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const part of parts) {
        whole.set(part, at);
        at += part.length;
      }
      return Hash.sha256(whole, { as: 'Hex' }).slice(2);
    },
  };
}

/** The same in one call, as hexadecimal. */
export function hash(algorithm: 'sha256', data: string): string {
  return createHash(algorithm).update(data).digest('hex');
}
