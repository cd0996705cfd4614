// SHA-256 as Node's crypto offers it, for bundles that run where there is no Node.
import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils';

export function createHash(algorithm) {
  if (algorithm !== 'sha256') throw new Error(`${algorithm}: only sha256 is bundled`);
  const hash = sha256.create();
  return {
    update(text) {
      hash.update(utf8ToBytes(text));
      return this;
    },
    digest: () => bytesToHex(hash.digest()),
  };
}
