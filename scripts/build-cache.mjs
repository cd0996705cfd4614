// Files built by a recipe (OSQP, the pools' kernel, contracts), kept by the digest of the recipe beside the user's other
// caches, so that neither a second checkout nor a new lock file builds them again.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Builds of one recipe that are kept. */
const KEPT = 8;
const STAMP = 'recipe.sha256';

/** The cache's folder: ZKRISK_BUILD_CACHE, or `zkrisk` in the user's cache folder. */
export function buildCache(environment = process.env) {
  if (environment.ZKRISK_BUILD_CACHE) return environment.ZKRISK_BUILD_CACHE;
  const caches =
    process.platform === 'win32'
      ? environment.LOCALAPPDATA
      : (environment.XDG_CACHE_HOME ?? join(homedir(), '.cache'));
  return join(caches ?? join(homedir(), '.cache'), 'zkrisk', 'builds');
}

/** SHA-256 of texts and bytes, each with its length, so that no two lists have the same digest. */
export function digestOf(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex');
}

/** Whether a folder holds the output of the recipe of this digest. */
export function isBuilt({ folder, digest, files }) {
  const stamp = join(folder, STAMP);
  return (
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === digest &&
    files.every((file) => existsSync(join(folder, file)))
  );
}

/** Marks a folder as built. */
export function stampBuild({ folder, digest }) {
  writeFileSync(join(folder, STAMP), digest);
}

/** Copies an earlier build into its folder; false where there is none. */
export function restoreBuild({ name, folder, digest, files, keeps }) {
  const from = join(buildCache(), `${name}-${digest}`);
  if (!isBuilt({ folder: from, digest, files })) return false;
  mkdirSync(folder, { recursive: true });
  // A copy that is cut off counts as none: the stamp goes first and comes back last.
  rmSync(join(folder, STAMP), { force: true });
  // Files of an earlier build whose names hold their digests would stay beside the new ones.
  for (const file of readdirSync(folder)) if (keeps.test(file)) rmSync(join(folder, file), { force: true });
  for (const file of readdirSync(from))
    if (file !== STAMP) copyFileSync(join(from, file), join(folder, file));
  stampBuild({ folder, digest });
  return true;
}

/** Keeps the files of a build whose names `keeps` matches for other checkouts. A cache that cannot be written is no error: the build itself is there. */
export function keepBuild({ name, folder, digest, keeps }) {
  const cache = buildCache();
  try {
    mkdirSync(cache, { recursive: true });
    const part = mkdtempSync(join(cache, '.part-'));
    for (const file of readdirSync(folder))
      if (keeps.test(file) || file === STAMP) copyFileSync(join(folder, file), join(part, file));
    const to = join(cache, `${name}-${digest}`);
    rmSync(to, { recursive: true, force: true });
    renameSync(part, to);
    const age = (entry) => statSync(join(cache, entry)).mtimeMs;
    const own = readdirSync(cache).filter((entry) => entry.startsWith(`${name}-`));
    for (const old of own.sort((a, b) => age(b) - age(a)).slice(KEPT))
      rmSync(join(cache, old), { recursive: true, force: true });
  } catch (error) {
    process.stderr.write(`the build of ${name} is not kept: ${error.message}\n`);
  }
}
