import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Abi, Hex } from 'viem';
import { ChainError } from './errors.js';

/** A compiled contract. */
export interface ContractArtifact {
  readonly name: string;
  readonly abi: Abi;
  readonly bytecode: Hex;
  /** as a chain holds it; immutable values are zeros */
  readonly deployedBytecode: Hex;
}

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'contracts');
const cache = new Map<string, ContractArtifact>();

/** @throws {ChainError} where it was not compiled */
export function contractArtifact(name: string): ContractArtifact {
  const known = cache.get(name);
  if (known !== undefined) return known;
  let artifact: ContractArtifact;
  try {
    artifact = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as ContractArtifact;
  } catch {
    throw new ChainError(`the contract ${name} is not compiled; scripts/contracts.mjs does it`);
  }
  cache.set(name, artifact);
  return artifact;
}
