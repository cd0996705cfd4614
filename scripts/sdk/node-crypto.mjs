// SHA-256 as Node's crypto offers it, for bundles that run where there is no Node.
import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex } from '@noble/hashes/utils';

/** A surrogate without its other half, which UTF-8 writes as U+FFFD. */
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** A bare JavaScript engine, as the Python package has it, knows no TextEncoder. */
function utf8(text) {
  const escaped = encodeURIComponent(text.replace(LONE_SURROGATE, '\ufffd'));
  const bytes = [];
  for (let i = 0; i < escaped.length; i++)
    if (escaped[i] === '%') {
      bytes.push(parseInt(escaped.slice(i + 1, i + 3), 16));
      i += 2;
    } else bytes.push(escaped.charCodeAt(i));
  return Uint8Array.from(bytes);
}

export function createHash(algorithm) {
  if (algorithm !== 'sha256') throw new Error(`${algorithm}: only sha256 is bundled`);
  const hash = sha256.create();
  return {
    update(text) {
      hash.update(utf8(text));
      return this;
    },
    digest: () => bytesToHex(hash.digest()),
  };
}

/** Of bytes, as a string of a character a byte: the one form in which the libraries ask for it. */
export function hash(algorithm, bytes, encoding) {
  if (algorithm !== 'sha256' || encoding !== 'binary')
    throw new Error(`${algorithm} as ${encoding} is not bundled`);
  return String.fromCharCode(...sha256(bytes));
}
