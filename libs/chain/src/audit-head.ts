import {
  type AbiFunction,
  concat,
  decodeFunctionData,
  encodeFunctionData,
  type Hex,
  numberToHex,
  size,
  slice,
} from 'viem';
import { ORACLE_ABI } from './oracle-abi.js';

/** The end of the audit log's chain of hashes. */
export interface PublishedHead {
  readonly sequence: number;
  /** SHA-256, hexadecimal without 0x */
  readonly hash: string;
}

const SEQUENCE_BYTES = 8;
const HASH_BYTES = 32;

/**
 * A call of the oracle that carries the audit log's head behind its arguments: 40 bytes, which contracts do not read and the digest of
 * the call in the oracle's event covers. Whoever alters the log afterwards has to alter the chain.
 */
export function withAuditHead(call: Hex, { sequence, hash }: PublishedHead): Hex {
  return concat([call, numberToHex(sequence, { size: SEQUENCE_BYTES }), `0x${hash}`]);
}

/** The head that a call carries; undefined where it carries none. */
export function auditHeadOf(call: Hex): PublishedHead | undefined {
  const { functionName, args } = decodeFunctionData({ abi: ORACLE_ABI, data: call });
  const item = ORACLE_ABI.find((entry) => entry.type === 'function' && entry.name === functionName);
  const canonical = encodeFunctionData({
    abi: [item as AbiFunction],
    functionName,
    args,
  });
  const behind = size(call) - size(canonical);
  if (behind !== SEQUENCE_BYTES + HASH_BYTES) return undefined;
  const at = size(canonical);
  return {
    sequence: Number(slice(call, at, at + SEQUENCE_BYTES)),
    hash: slice(call, at + SEQUENCE_BYTES).slice(2),
  };
}
