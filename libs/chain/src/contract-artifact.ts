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
  /** where immutable values stand in the deployed code, bytes */
  readonly immutables: readonly { readonly start: number; readonly length: number }[];
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

/** Whether code on a chain is a compiled contract's, whatever its immutable values. */
export function isCodeOf({ deployedBytecode, immutables }: ContractArtifact, code: Hex | undefined): boolean {
  if (code?.length !== deployedBytecode.length) return false;
  const bytes = Buffer.from(code.slice(2), 'hex');
  for (const { start, length } of immutables) bytes.fill(0, start, start + length);
  return `0x${bytes.toString('hex')}` === deployedBytecode;
}
