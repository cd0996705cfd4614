import { type Hex, keccak256, size, slice } from 'viem';

/** Bytes of the word that says how long a call is, where a call is kept as bytes. */
const LENGTH_BYTES = 32;

/**
 * The call with this selector and digest within a transaction's input: the input itself, or bytes that a Safe, a MultiSend or
 * another account contract passes on, each with its length in front. The digest is taken of the called contract's own
 * calldata, so that nothing else can be found.
 *
 * @returns undefined where there is no such call
 */
export function innerCall(input: Hex, selector: Hex, digest: Hex): Hex | undefined {
  if (input.startsWith(selector) && keccak256(input) === digest) return input;
  const wanted = selector.slice(2);
  for (let at = input.indexOf(wanted, 2); at !== -1; at = input.indexOf(wanted, at + 1)) {
    // Half a byte in front: not a selector's place.
    if (at % 2 !== 0) continue;
    const start = (at - 2) / 2;
    if (start < LENGTH_BYTES) continue;
    const length = BigInt(slice(input, start - LENGTH_BYTES, start));
    if (BigInt(start) + length > BigInt(size(input))) continue;
    const call = slice(input, start, start + Number(length));
    if (keccak256(call) === digest) return call;
  }
  return undefined;
}
