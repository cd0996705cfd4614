import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ZkriskError } from '#lib/errors';

/** An artifact that is not there, or does not belong to the others. */
export class ArtifactError extends ZkriskError {
  readonly code = 'artifact';
}

/** Artifacts that a statement is proven and verified with. */
export interface Artifacts {
  readonly circuit: Uint8Array;
  readonly settings: Uint8Array;
  readonly srs: Uint8Array;
  readonly srsKind: 'development' | 'ceremony';
  /** SHA-256 of circuit, settings and SRS: keys and proofs of another digest do not fit */
  readonly digest: string;
}

/** Builders, artifacts, and the interpreter of native ezkl. */
export const CIRCUITS = join(import.meta.dirname, '..', '..', '..', '..', 'circuits');
const FOLDER = join(CIRCUITS, 'artifacts');

/**
 * A statement's artifacts, on the development SRS unless ZKRISK_SRS names a ceremony's: a file of the circuit's size, or a folder
 * with `11.srs`, `13.srs` and `14.srs`.
 *
 * @param folder where they are, by default among the repository's
 * @throws {ArtifactError} where a file is missing
 */
export function loadArtifacts(
  name: string,
  environment: NodeJS.ProcessEnv = process.env,
  folder = join(FOLDER, name),
): Artifacts {
  const circuit = read(join(folder, 'circuit.ezkl'));
  const settings = read(join(folder, 'settings.json'));
  const { run_args } = JSON.parse(settings.toString()) as { run_args: { logrows: number } };
  const ceremony = environment.ZKRISK_SRS;
  const srs = read(
    ceremony === undefined
      ? join(FOLDER, 'srs', `development-${run_args.logrows}.srs`)
      : ceremonyFile(ceremony, run_args.logrows),
  );
  const hash = createHash('sha256');
  for (const part of [circuit, settings, srs]) hash.update(createHash('sha256').update(part).digest());
  return {
    circuit,
    settings,
    srs,
    srsKind: ceremony === undefined ? 'development' : 'ceremony',
    digest: hash.digest('hex'),
  };
}

/**
 * A statement's verification key as a contract's code, for the verifier of all circuits. Of a ceremony's SRS it is the key that
 * `npm run circuits` makes with ZKRISK_SRS set.
 *
 * @throws {ArtifactError} where it is missing
 */
export function chainKeyOf(name: string, environment: NodeJS.ProcessEnv = process.env): Uint8Array {
  const folder = environment.ZKRISK_SRS === undefined ? 'artifacts' : 'ceremony';
  return read(join(CIRCUITS, folder, name, 'verifying-key.bin'));
}

function ceremonyFile(path: string, logrows: number): string {
  return existsSync(path) && statSync(path).isDirectory() ? join(path, `${logrows}.srs`) : path;
}

function read(path: string): Buffer {
  if (!existsSync(path)) throw new ArtifactError(`${path} is not there; npm run circuits makes it`, { path });
  return readFileSync(path);
}
