import { createHash, type Hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The compiled libraries of this installation. */
const LIBRARIES = fileURLToPath(new URL('../../../../libs/', import.meta.url));
const IMPORTED_LIBRARY = /(?:from|import) '#lib\/([a-z-]+)'/g;
const IMPORTED_PACKAGE = /(?:from|import) '((?:@[^/']+\/)?[^'#./@:][^'/:]*)(?:\/[^':]*)?'/g;
const CODE = /(?<!\.spec)\.(?:js|wasm)$/;

/**
 * Digest of the code that computes a result: all compiled files of some libraries and of the libraries that they import, the versions of
 * their packages, and the version of the JavaScript engine, since engines round Math.exp and its like differently. A change of any of these
 * changes the digest.
 *
 * @param folder of the compiled libraries
 * @returns SHA-256, hexadecimal
 */
export function codeDigest(libraries: readonly string[], folder = LIBRARIES): string {
  const hash = createHash('sha256').update(process.versions.v8);
  const packages = new Set<string>();
  const reached = new Set(libraries);
  // A set's iteration comes to members that are added during it.
  for (const library of reached)
    for (const file of filesOf(join(folder, library))) {
      const bytes = readFileSync(join(folder, library, file));
      add(hash, `${library}/${file}`, bytes);
      if (!file.endsWith('.js')) continue;
      const text = bytes.toString();
      for (const [, name] of text.matchAll(IMPORTED_LIBRARY)) reached.add(name);
      for (const [, name] of text.matchAll(IMPORTED_PACKAGE)) packages.add(name);
    }
  for (const name of [...packages].sort()) add(hash, name, Buffer.from(versionOf(name, folder)));
  return hash.digest('hex');
}

/** A name and its content with their lengths: no two lists have the same bytes. */
function add(hash: Hash, name: string, content: Buffer): void {
  hash.update(`${name}:${content.length}:`).update(content);
}

/** Files of code below a folder, in one order on every machine. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => CODE.test(file))
    .sort();
}

/** Version of an installed package, by the nearest `node_modules` above a folder; of Node's own modules none. */
function versionOf(name: string, folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, 'node_modules', name, 'package.json');
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
    if (dirname(at) === at) return '';
  }
}
