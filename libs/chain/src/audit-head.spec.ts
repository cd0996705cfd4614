import { encodeFunctionData, keccak256 } from 'viem';
import { describe, expect, it } from 'vitest';
import { auditHeadOf, withAuditHead } from './audit-head.js';
import { innerCall } from './inner-call.js';
import { ORACLE_ABI } from './oracle-abi.js';

describe('the audit log’s head behind a call', () => {
  const call = encodeFunctionData({ abi: ORACLE_ABI, functionName: 'propose', args: ['0x123456'] });
  const head = { sequence: 2 ** 40 + 7, hash: 'ab'.repeat(32) };

  it('is read back, and leaves the call what it was', () => {
    const carried = withAuditHead(call, head);
    expect(carried.startsWith(call)).toBe(true);
    expect(auditHeadOf(carried)).toEqual(head);
  });

  it('is covered by the digest that the oracle’s event has of the call', () => {
    const carried = withAuditHead(call, head);
    const selector = call.slice(0, 10) as `0x${string}`;
    expect(innerCall(carried, selector, keccak256(carried))).toBe(carried);
    const other = withAuditHead(call, { ...head, hash: 'ac'.repeat(32) });
    expect(innerCall(other, selector, keccak256(carried))).toBeUndefined();
  });

  it('is none where there is nothing, or something else', () => {
    expect(auditHeadOf(call)).toBeUndefined();
    expect(auditHeadOf(`${call}00`)).toBeUndefined();
  });
});
