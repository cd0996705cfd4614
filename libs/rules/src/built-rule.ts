import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseInput, ZkriskError } from '#lib/errors';
import { parseManifest, type RuleManifest } from './manifest.js';
import { programSchema, type RuleProgram } from './program.js';

/** A rule that is not built, or whose files do not belong together. */
export class RuleNotBuiltError extends ZkriskError {
  readonly code = 'rule-not-built';
}

/** Output of the compiler for a rule, or for a learned correction. */
export interface BuiltFiles<Manifest> {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly program: RuleProgram;
  /** SHA-256 of the manifest's file */
  readonly manifestDigest: string;
  /** the one graph: simulated, proven, shown */
  readonly onnx: Uint8Array;
  /** the verification key as the code of a contract */
  readonly verifyingKey: Uint8Array;
}

/** Result of `zkrisk rule build`. */
export type BuiltRule = BuiltFiles<RuleManifest>;

/** Folder of a rule's build. */
export function ruleFolder(file: string): string {
  return `${file.replace(/\.py$/, '')}.rule`;
}

/** @throws {RuleNotBuiltError} where a file is missing, or the graph is not the one that was compiled */
export function loadRule(folder: string): BuiltRule {
  return builtFiles(folder, 'rule', parseManifest);
}

/**
 * The files NAME.json, NAME.onnx, program.json and verifying-key.bin of a folder.
 *
 * @throws {RuleNotBuiltError} where a file is missing, or the graph is not the one that was compiled
 */
export function builtFiles<Manifest extends { readonly graph: string }>(
  folder: string,
  name: string,
  parse: (value: unknown) => Manifest,
): BuiltFiles<Manifest> {
  const read = (file: string) => {
    const path = join(folder, file);
    if (!existsSync(path)) throw new RuleNotBuiltError(`${path} is not there; build it again`);
    return readFileSync(path);
  };
  const described = read(`${name}.json`);
  const manifest = parse(JSON.parse(described.toString()));
  const onnx = read(`${name}.onnx`);
  if (sha256(onnx) !== manifest.graph)
    throw new RuleNotBuiltError(
      `${join(folder, `${name}.onnx`)} is not the graph that was compiled; build it again`,
    );
  return {
    ...{ folder, manifest, onnx },
    program: parseInput(programSchema, JSON.parse(read('program.json').toString()), 'program'),
    manifestDigest: sha256(described),
    verifyingKey: read('verifying-key.bin'),
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
