import { encodeFunctionData, encodePacked, type Hex, keccak256, parseAbi, size } from 'viem';
import { describe, expect, it } from 'vitest';
import { innerCall } from './inner-call.js';

const ORACLE = '0x00000000000000000000000000000000000000aa';
const PUBLISH = parseAbi(['function publish(uint256 epoch, bytes proof)']);
const SAFE = parseAbi([
  'function execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures) payable returns (bool)',
  'function multiSend(bytes transactions) payable',
]);

const call = (epoch: bigint, proof: Hex = '0x1234') =>
  encodeFunctionData({ abi: PUBLISH, functionName: 'publish', args: [epoch, proof] });
const selector = call(1n).slice(0, 10) as Hex;

/** How a Safe passes a call on. */
function safe(to: Hex, data: Hex, operation = 0): Hex {
  return encodeFunctionData({
    ...{ abi: SAFE, functionName: 'execTransaction' },
    args: [to, 0n, data, operation, 0n, 0n, 0n, ORACLE, ORACLE, `0x${'ab'.repeat(65)}`],
  });
}

function multiSend(calls: readonly Hex[]): Hex {
  const packed = calls.map((data) =>
    encodePacked(
      ['uint8', 'address', 'uint256', 'uint256', 'bytes'],
      [0, ORACLE, 0n, BigInt(size(data)), data],
    ).slice(2),
  );
  return encodeFunctionData({ abi: SAFE, functionName: 'multiSend', args: [`0x${packed.join('')}`] });
}

describe('calls within transactions', () => {
  it('finds a call made directly, by a Safe, and by a Safe through MultiSend beside others', () => {
    const data = call(7n);
    const digest = keccak256(data);
    expect(innerCall(data, selector, digest)).toBe(data);
    expect(innerCall(safe(ORACLE, data), selector, digest)).toBe(data);
    const many = multiSend([call(6n), data, call(8n)]);
    expect(innerCall(safe(ORACLE, many, 1), selector, digest)).toBe(data);
  });

  it('finds no call but the one the contract has seen', () => {
    const shown = call(7n);
    const made = call(8n);
    expect(innerCall(safe(ORACLE, shown), selector, keccak256(made))).toBeUndefined();
    expect(innerCall(shown, selector, keccak256(made))).toBeUndefined();
    // The selector inside another call's arguments, and a length that reaches past the end.
    const hidden = call(1n, `0x${'ff'.repeat(32)}${selector.slice(2)}`);
    expect(innerCall(safe(ORACLE, hidden), selector, keccak256(made))).toBeUndefined();
    expect(innerCall(safe(ORACLE, hidden), selector, keccak256(hidden))).toBe(hidden);
    expect(innerCall('0x', selector, keccak256(made))).toBeUndefined();
  });
});
