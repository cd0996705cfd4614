import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from 'viem';
import { z } from 'zod';
import {
  addressSchema,
  chainProof,
  type CorrectionAddresses,
  type CorrectionTerms,
  deployCorrection,
  marketName,
  parseDeployment,
  publishCorrection,
} from '#lib/chain';
import { parseInput } from '#lib/errors';
import { barRows, barStatement, createProver, parseProof } from '#lib/proofs';
import {
  askRules,
  blinding,
  type BuiltCorrection,
  correctionStatement,
  loadCorrection,
  networkRow,
  networkSchema,
} from '#lib/rules';
import { UsageError } from '#lib/terminal';
import { note } from './print.js';
import { readJson } from './read-json.js';
import { existing } from './rule-files.command.js';
import { signer } from './signer.js';

/** The row of a bar's circuit that its next state is in. */
const NEXT_STATE = 2;

export interface BuiltModel {
  readonly graph: string;
  readonly costs: Readonly<Record<string, number>>;
  /** most by which the circuit's multipliers differ from the network's */
  readonly error: number;
  readonly compared: { readonly samples: number; readonly worst: number };
  readonly folder: string;
}

/** Folder of a network's circuit and keys. */
function correctionFolder(file: string): string {
  if (!file.endsWith('.json'))
    throw new UsageError(`${file}: a network is a .json file, written by "model train"`);
  return file.replace(/\.json$/, '.correction');
}

/** Compiles a trained network: graph, circuit, verification key; a new salt blinds its commitment unless it has one. */
export async function buildModelCommand(
  file: string,
  options: { readonly samples: number },
): Promise<BuiltModel> {
  const folder = correctionFolder(existing(file));
  mkdirSync(folder, { recursive: true });
  const args = ['correction-build', file, '--out', folder, '--samples', String(options.samples)];
  const found = await askRules<Omit<BuiltModel, 'folder'>>(args, note);
  const path = join(folder, 'salt');
  if (!existsSync(path)) writeFileSync(path, `${blinding().toString(16)}\n`, { mode: 0o600 });
  return { ...found, folder };
}

/** A built network with its commitment's row. */
function committed(file: string): { built: BuiltCorrection; network: readonly bigint[] } {
  const built = loadCorrection(correctionFolder(file));
  const salt = readFileSync(join(built.folder, 'salt'), 'utf8').trim();
  const row = networkRow(
    built.manifest,
    parseInput(networkSchema, readJson(file), file),
    BigInt(`0x${parseInput(z.string().regex(/^[0-9a-f]{1,30}$/), salt, 'salt')}`),
  );
  return { built, network: row };
}

/** Registers a built network as a correction of an oracle's variances; the chain learns its commitment alone. */
export async function deployModelCommand(
  file: string,
  options: { readonly rpc: string; readonly deployment: string },
): Promise<CorrectionAddresses & { oracle: Address; network: string }> {
  const { built, network } = committed(file);
  const { halo2, oracle } = parseDeployment(readJson(options.deployment));
  const prover = createProver();
  try {
    const commitment = await prover.commit(network);
    const terms: CorrectionTerms = {
      ...{ oracle, network: commitment },
      graph: `0x${built.manifest.graph}`,
      manifest: `0x${built.manifestDigest}`,
    };
    const addresses = await deployCorrection(options.rpc, signer(), halo2, built.verifyingKey, terms);
    return { ...addresses, oracle, network: `0x${commitment.toString(16).padStart(64, '0')}` };
  } finally {
    await prover.close();
  }
}

/** Proves the answer of a built network for the state after a bar; the input is that of "prove --statement bar". */
export async function proveModelCommand(
  file: string,
  options: { readonly bar: string; readonly out: string },
): Promise<{ multipliers: readonly number[]; seconds: number; out: string }> {
  const { built, network } = committed(file);
  const input = barStatement.parse(readJson(options.bar));
  const statement = correctionStatement(built);
  const prover = createProver();
  try {
    const started = performance.now();
    const proof = await prover.prove(statement, { network, state: barRows(input)[NEXT_STATE] });
    const seconds = (performance.now() - started) / 1000;
    const { failures, values } = await prover.verify(statement, proof);
    if (values === undefined || failures.length > 0) throw new Error(failures.join(', '));
    writeFileSync(options.out, `${JSON.stringify(proof)}\n`);
    return {
      multipliers: values.multipliers.slice(0, input.model.units.length),
      seconds,
      out: options.out,
    };
  } finally {
    await prover.close();
  }
}

/** Published corrections of a bar, by market. */
export interface PublishedModel {
  readonly epoch: number;
  /** end of the bar, Unix time */
  readonly bar: number;
  readonly markets: readonly {
    readonly market: string;
    /** volatility over the oracle's horizon, percent: as proven, as corrected */
    readonly proven: number;
    readonly corrected: number;
  }[];
}

/**
 * Publishes corrections of the bar that an oracle has taken last.
 *
 * @throws {ChainError} where the contract refuses the proofs, with its own error
 */
export async function publishModelCommand(
  proofs: readonly string[],
  options: { readonly rpc: string; readonly correction: string },
): Promise<PublishedModel> {
  const correction = parseInput(addressSchema, options.correction, 'correction');
  const { number, bar, variances } = await publishCorrection(
    ...([options.rpc, signer(), correction] as const),
    proofs.map((file) => chainProof(parseProof(readJson(file)))),
  );
  const percent = (variance: bigint) => Math.sqrt(Number(variance) / 2 ** 128);
  return {
    ...{ epoch: Number(number), bar: Number(bar) },
    markets: variances.map(({ market, proven, corrected }) => ({
      ...{ market: marketName(market), proven: percent(proven), corrected: percent(corrected) },
    })),
  };
}
