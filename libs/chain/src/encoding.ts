import { type Hex, hexToString, stringToHex } from 'viem';
import { InvalidInputError } from '#lib/errors';
import { type CircuitName, LAYOUTS, parseFelt, type ProofDocument, SCALE_BITS, toFelt } from '#lib/proofs';

/** A market's name as 32 bytes. @throws {InvalidInputError} for a name of more */
export function marketBytes(market: string): Hex {
  if (!/^[\x21-\x7e]{1,32}$/.test(market))
    throw new InvalidInputError('market', `must be 1 to 32 ASCII characters, got "${market}"`);
  return stringToHex(market, { size: 32 });
}

/** The name that a market's 32 bytes are. */
export function marketName(bytes: Hex): string {
  return hexToString(bytes, { size: 32 });
}

/** A proof as the contracts take it. */
export interface ChainProof {
  readonly proof: Hex;
  readonly instances: readonly bigint[];
}

export function chainProof(document: Pick<ProofDocument, 'instances' | 'proof'>): ChainProof {
  return {
    proof: document.proof as Hex,
    instances: document.instances.map((hex, i) => parseFelt(hex, `instances[${i}]`)),
  };
}

/** A public value of a proof by its name; the n-th where it has several. */
export function publicValue<Circuit extends CircuitName>(
  { instances }: Pick<ChainProof, 'instances'>,
  circuit: Circuit,
  name: keyof (typeof LAYOUTS)[Circuit]['values'],
  at = 0,
): bigint {
  const values: Record<PropertyKey, { readonly first: number }> = LAYOUTS[circuit].values;
  return instances[values[name].first + at];
}

/** The instances of a proof taken from a chain, as the provers have them. */
export function documentInstances(instances: readonly bigint[]): string[] {
  return instances.map(toFelt);
}

/** A price with 18 decimals, from its decimal text. */
export function priceUnits(text: string): bigint {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) throw new InvalidInputError('price', `must be a decimal, got "${text}"`);
  const [, whole, fraction = ''] = match;
  return BigInt(whole) * 10n ** 18n + BigInt(fraction.slice(0, 18).padEnd(18, '0'));
}

/** A number the contracts hold in units of 2^−24. */
export function fromUnits(value: bigint): number {
  return Number(value) / 2 ** SCALE_BITS;
}
