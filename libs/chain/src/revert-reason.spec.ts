import { BaseError, encodeErrorResult } from 'viem';
import { describe, expect, it } from 'vitest';
import { contractArtifact, revertReason } from './index.js';

describe(revertReason, () => {
  const withData = (key: string, data: unknown) =>
    new BaseError('it reverted', { cause: Object.assign(new Error('cause'), { [key]: data }) });

  it('names an error of the contracts with its arguments, wherever it is kept', () => {
    const { abi } = contractArtifact('RiskOracle');
    const data = encodeErrorResult({ abi, errorName: 'ProofRefused', args: [1n] });
    for (const key of ['data', 'raw']) expect(revertReason(withData(key, data))).toBe('ProofRefused(1)');
    const plain = encodeErrorResult({ abi, errorName: 'NothingInstalled' });
    expect(revertReason(withData('data', plain))).toBe('NothingInstalled()');
  });

  it('is the message of what no node has said', () => {
    expect(revertReason(new Error('a fault'))).toBe('a fault');
    expect(revertReason('text')).toBe('text');
  });

  it('is the short message where the contract is not ours, and undefined for what is no revert', () => {
    expect(revertReason(withData('data', '0xdeadbeef'))).toBe('it reverted');
    expect(revertReason(withData('raw', '0xdeadbeef'))).toBe('it reverted');
    expect(revertReason(new BaseError('execution Reverted: x'))).toBe('execution Reverted: x');
    expect(revertReason(new BaseError('timeout'))).toBeUndefined();
    for (const data of ['0x12', 'deadbeef', 'x0xdeadbeef', '0xdeadbeefzz', ['0xdeadbeef'], 7, null])
      expect(
        revertReason(new BaseError('timeout', { cause: Object.assign(new Error('cause'), { data }) })),
      ).toBeUndefined();
    const withoutCause = Object.assign(new BaseError('timeout'), { cause: null });
    expect(revertReason(withoutCause)).toBeUndefined();
  });
});
