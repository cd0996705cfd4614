// Long because it is one list: every promise of the sender against a chain in memory.
import { BaseError, encodeErrorResult, type Hex, parseTransaction } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ZkriskError } from '#lib/errors';
import { FakeChain } from '../../../test/support/fake-chain.js';
import { MemoryTransactionStore } from '../../../test/support/transaction-store.js';
import { type Call, contractArtifact, revertReason, type SenderOptions, TransactionSender } from './index.js';

const account = privateKeyToAccount(`0x${'7'.repeat(64)}`);
const TO = '0x00000000000000000000000000000000000000aa';
const OPTIONS: SenderOptions = { confirmations: 3, replaceAfterMs: 1000, highestFeePerGas: 1000n };
const nameOf = (id: string): Hex => `0x${Buffer.from(id).toString('hex')}`;

class Impossible extends ZkriskError {
  readonly code = 'impossible';
}

let chain: FakeChain;
let store: MemoryTransactionStore;

beforeEach(() => {
  chain = new FakeChain();
  store = new MemoryTransactionStore();
  vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

type CallOf = ConstructorParameters<typeof TransactionSender>[3];
const senderOf = (options: Partial<SenderOptions> = {}, callOf?: CallOf) =>
  new TransactionSender(
    chain.client,
    account,
    store,
    callOf ?? ((id) => Promise.resolve({ to: TO, data: nameOf(id) })),
    { ...OPTIONS, ...options },
  );
const partsOf = (raw: Hex) => parseTransaction(raw as `0x02${string}`);
const later = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);

describe('a transaction that is sent', () => {
  it('is kept as it was signed: nonce, calldata, a third more gas than estimated, hash, time and head', async () => {
    chain.mine(4);
    store.add('a');
    expect(await senderOf().advance()).toBe(true);
    const { status, nonce, attempts } = store.row('a');
    expect([status, nonce, attempts.length]).toEqual(['sent', 0, 1]);
    const [{ raw, hash, ...rest }] = attempts;
    expect(rest).toEqual({ maxFeePerGas: '210', maxPriorityFeePerGas: '10', at: 1_000_000, afterBlock: 4 });
    expect(chain.offered).toEqual([raw]);
    expect(partsOf(raw)).toMatchObject({
      ...{ chainId: 31337, to: TO, data: nameOf('a'), gas: 65_000n },
      ...{ maxFeePerGas: 210n, maxPriorityFeePerGas: 10n },
    });
    chain.mine();
    expect(await chain.client.getTransactionReceipt({ hash })).toMatchObject({ status: 'success' });
  });

  it('is one at a time; the next follows once the one before is mined', async () => {
    store.add('a', 'b', 'c');
    const sender = senderOf();
    await sender.advance();
    await sender.advance();
    expect(store.statuses()).toEqual(['sent', 'waiting', 'waiting']);
    chain.mine();
    await sender.advance();
    expect(store.statuses()).toEqual(['mined', 'sent', 'waiting']);
    expect(store.row('b').nonce).toBe(1);
    chain.mine();
    await sender.advance();
    expect(store.statuses()).toEqual(['mined', 'mined', 'sent']);
  });

  it('is confirmed by as many blocks as are asked for, not by one less', async () => {
    store.add('a');
    const sender = senderOf();
    await sender.advance();
    chain.mine(3);
    expect(await sender.advance()).toBe(true);
    expect(store.row('a')).toMatchObject({ status: 'mined', blockNumber: 1, gasUsed: 40_000, reason: null });
    chain.mine();
    expect(await sender.advance()).toBe(false);
    const { status, hash, attempts, blockHash } = store.row('a');
    expect([status, hash]).toEqual(['confirmed', attempts[0].hash]);
    expect(blockHash).toBe((await chain.client.getBlock({ blockNumber: 1n })).hash);
    expect(await sender.advance()).toBe(false);
    expect(chain.taken()).toEqual([nameOf('a')]);
  });

  it('is refused where it reverts, once that is confirmed, with the reason; the next goes on', async () => {
    store.add('a', 'b');
    const sender = senderOf();
    await sender.advance();
    chain.revert(store.row('a').attempts[0].hash);
    chain.mine();
    chain.answers.call = () => {
      throw new BaseError('execution reverted: no');
    };
    await sender.advance();
    expect(store.row('a')).toMatchObject({ status: 'mined', reason: null });
    chain.mine(3);
    await sender.advance();
    expect(store.row('a')).toMatchObject({ status: 'refused', reason: 'execution reverted: no' });
    chain.mine(3);
    expect(await sender.advance()).toBe(false);
    expect(store.statuses()).toEqual(['refused', 'confirmed']);
  });

  it('says so where it would not have reverted a block earlier, and what else the node says', async () => {
    for (const [id, answer, reason] of [
      ['a', () => ({ data: '0x' }), 'it reverted, but would not have a block earlier'],
      ['b', () => Promise.reject(new BaseError('the node is tired')), 'the node is tired'],
    ] as const) {
      store.add(id);
      const sender = senderOf({ confirmations: 0 });
      await sender.advance();
      chain.revert(store.row(id).attempts[0].hash);
      chain.mine();
      chain.answers.call = answer;
      await sender.advance();
      expect(store.row(id).reason?.split('\n')[0]).toBe(reason);
    }
  });

  it('is on its way again when its block is taken back', async () => {
    store.add('a');
    const sender = senderOf();
    await sender.advance();
    chain.mine(2);
    await sender.advance();
    chain.takeBack(2);
    chain.dropPending();
    await sender.advance();
    expect(store.row('a')).toMatchObject({
      ...{ status: 'sent', nonce: 0, hash: null, blockNumber: null, blockHash: null, gasUsed: null },
    });
    expect(new Set(chain.offered).size).toBe(1);
    chain.mine(4);
    await sender.advance();
    expect(store.statuses()).toEqual(['confirmed']);
    expect(chain.taken()).toEqual([nameOf('a')]);
  });
});

describe('fees', () => {
  it('are twice the base fee and the tip, and never above the highest', async () => {
    store.add('a');
    chain.baseFee = 600n;
    await senderOf().advance();
    expect(store.row('a').attempts[0]).toMatchObject({ maxFeePerGas: '1000', maxPriorityFeePerGas: '10' });
  });

  it('of exactly the highest are paid; one wei more is waited out', async () => {
    store.add('a');
    chain.baseFee = 991n;
    await senderOf().advance();
    expect(store.statuses()).toEqual(['waiting']);
    expect(chain.offered).toEqual([]);
    chain.baseFee = 990n;
    await senderOf().advance();
    expect(store.row('a').attempts[0].maxFeePerGas).toBe('1000');
  });

  it('take a tip of one gwei from a node that names none, and a base fee of nothing where there is none', async () => {
    store.add('a');
    chain.baseFee = null;
    chain.answers.estimateMaxPriorityFeePerGas = () => Promise.reject(new Error('not supported'));
    await senderOf({ highestFeePerGas: 10n ** 10n }).advance();
    expect(store.row('a').attempts[0]).toMatchObject({
      ...{ maxFeePerGas: '1000000000', maxPriorityFeePerGas: '1000000000' },
    });
  });

  it('rise by an eighth and a wei once the time is over, not before', async () => {
    store.add('a');
    const sender = senderOf();
    await sender.advance();
    later(999);
    await sender.advance();
    expect(store.row('a').attempts).toHaveLength(1);
    expect(chain.offered).toHaveLength(2);
    later(1);
    await sender.advance();
    const { attempts, nonce } = store.row('a');
    expect(nonce).toBe(0);
    expect(
      attempts.map(({ maxFeePerGas, maxPriorityFeePerGas }) => [maxFeePerGas, maxPriorityFeePerGas]),
    ).toEqual([
      ['210', '10'],
      ['237', '12'],
    ]);
    const [first, second] = attempts.map(({ raw }) => partsOf(raw));
    expect([second.nonce ?? 0, second.to, second.data, second.gas]).toEqual([
      first.nonce ?? 0,
      first.to,
      first.data,
      first.gas,
    ]);
    expect(chain.offered.at(-1)).toBe(attempts[1].raw);
    later(1000);
    await sender.advance();
    expect(store.row('a').attempts.at(-1)).toMatchObject({ maxFeePerGas: '267', maxPriorityFeePerGas: '14' });
    chain.mine(4);
    await sender.advance();
    expect(store.row('a')).toMatchObject({ status: 'confirmed', hash: store.row('a').attempts[2].hash });
  });

  it('follow the chain where it has become dearer than an eighth', async () => {
    store.add('a');
    const sender = senderOf();
    await sender.advance();
    [chain.baseFee, chain.tip] = [300n, 40n];
    later(1000);
    await sender.advance();
    expect(store.row('a').attempts[1]).toMatchObject({ maxFeePerGas: '640', maxPriorityFeePerGas: '40' });
  });

  it('stop at the highest: the same bytes are offered again', async () => {
    store.add('a');
    const sender = senderOf({ highestFeePerGas: 237n });
    await sender.advance();
    later(1000);
    await sender.advance();
    later(1000);
    await sender.advance();
    const { attempts } = store.row('a');
    expect(attempts.map(({ maxFeePerGas }) => maxFeePerGas)).toEqual(['210', '237']);
    expect(chain.offered.at(-1)).toBe(attempts[1].raw);
    // Dearer than the highest fee: it waits with its last offer.
    chain.baseFee = 10_000n;
    later(1000);
    await sender.advance();
    expect(store.row('a').attempts).toHaveLength(2);
    expect(chain.offered.at(-1)).toBe(attempts[1].raw);
  });
});

describe('a nonce', () => {
  it('that somebody else has used is given up when that is final, and the next one is taken', async () => {
    store.add('a');
    const sender = senderOf();
    await sender.advance();
    chain.include(account.address, 0);
    chain.mine(2);
    await sender.advance();
    expect(store.row('a')).toMatchObject({ status: 'sent', nonce: 0 });
    chain.mine();
    await sender.advance();
    expect(store.row('a')).toMatchObject({ status: 'sent', nonce: 1 });
    chain.mine(4);
    await sender.advance();
    expect(store.statuses()).toEqual(['confirmed']);
    expect(chain.taken().filter((input) => input === nameOf('a'))).toHaveLength(1);
  });

  it('that an attempt of its own has used is not given up while its receipt is missing', async () => {
    store.add('a');
    const sender = senderOf({ confirmations: 0 });
    await sender.advance();
    chain.mine();
    const { getTransactionReceipt } = new FakeChain().client;
    chain.answers.getTransactionReceipt = () => getTransactionReceipt({ hash: '0x00' });
    for (let turn = 0; turn < 3; turn++) await sender.advance();
    expect(store.row('a')).toMatchObject({ status: 'sent', nonce: 0 });
    delete chain.answers.getTransactionReceipt;
    await sender.advance();
    expect(store.statuses()).toEqual(['confirmed']);
    expect(chain.taken()).toEqual([nameOf('a')]);
  });

  it('that is counted but used by no transaction is an error that names it and the blocks', async () => {
    chain.mine(10);
    store.add('a');
    const sender = senderOf();
    await sender.advance();
    chain.mine(5);
    chain.dropPending();
    chain.takeBack(1);
    chain.mine();
    chain.takeBack(5);
    chain.mine(5);
    chain.answers.getTransactionCount = () => 1;
    await expect(sender.advance()).rejects.toThrow(
      `nonce 0 of ${account.address} is used, but by no transaction the node has in blocks 7 to 12`,
    );
    expect(store.row('a').status).toBe('sent');
  });

  it('is searched only as far as blocks are final, and from no block before the first', async () => {
    store.add('a');
    const sender = senderOf();
    await sender.advance();
    chain.dropPending();
    chain.answers.getTransactionCount = () => 1;
    // Two blocks: none is final.
    chain.mine(2);
    await sender.advance();
    expect(store.row('a').status).toBe('sent');
    chain.dropPending();
    chain.mine(1);
    await expect(sender.advance()).rejects.toThrow('in blocks 0 to 0');
  });

  it('is above every nonce that was ever given, whatever the node counts', async () => {
    store.add('a', 'b');
    store.row('a').nonce = 7;
    store.row('a').status = 'confirmed';
    await senderOf().advance();
    expect(store.row('b').nonce).toBe(8);
  });

  it('is what the node counts where it counts more', async () => {
    store.add('a', 'b');
    store.row('a').nonce = 0;
    store.row('a').status = 'confirmed';
    for (const nonce of [0, 1, 2]) chain.include(account.address, nonce);
    await senderOf().advance();
    expect(store.row('b').nonce).toBe(3);
  });
});

describe('a transaction that cannot be sent', () => {
  it('waits while it is not ready', async () => {
    store.add('a');
    expect(await senderOf({}, () => Promise.resolve(undefined)).advance()).toBe(true);
    expect(store.statuses()).toEqual(['waiting']);
    expect(chain.offered).toEqual([]);
  });

  it('holds up those after it', async () => {
    store.add('a', 'b');
    const asked: string[] = [];
    const callOf = (id: string): Promise<Call | undefined> => {
      asked.push(id);
      return Promise.resolve(undefined);
    };
    await senderOf({}, callOf).advance();
    expect(asked).toEqual(['a']);
  });

  it('is refused with the reason of the revert, or of the call that cannot be made', async () => {
    store.add('a', 'b', 'c');
    chain.answers.estimateGas = () => Promise.reject(new BaseError('execution reverted: closed'));
    const sender = senderOf({}, (id) =>
      id === 'b'
        ? Promise.reject(new Impossible('there is no such epoch'))
        : Promise.resolve({ to: TO, data: '0x' }),
    );
    expect(await sender.advance()).toBe(false);
    expect([...store.rows.values()].map(({ status, reason }) => [status, reason])).toEqual([
      ['refused', 'execution reverted: closed'],
      ['refused', 'there is no such epoch'],
      ['refused', 'execution reverted: closed'],
    ]);
  });

  it('waits where the node fails for another reason than a revert', async () => {
    store.add('a');
    chain.answers.estimateGas = () => Promise.reject(new BaseError('timeout'));
    await senderOf().advance();
    expect(store.statuses()).toEqual(['waiting']);
  });

  it('waits while something before it is not confirmed, which may be why it reverts', async () => {
    store.add('a', 'b');
    const sender = senderOf();
    await sender.advance();
    chain.mine();
    chain.answers.estimateGas = () => Promise.reject(new BaseError('execution reverted'));
    await sender.advance();
    expect(store.statuses()).toEqual(['mined', 'waiting']);
    chain.mine(3);
    await sender.advance();
    expect(store.statuses()).toEqual(['confirmed', 'refused']);
  });

  it('is not to blame for an error of ours', async () => {
    store.add('a');
    await expect(senderOf({}, () => Promise.reject(new Error('no database'))).advance()).rejects.toThrow(
      'no database',
    );
    expect(store.statuses()).toEqual(['waiting']);
  });

  it('is offered again where the node refuses it; an error of ours is thrown', async () => {
    store.add('a');
    chain.answers.sendRawTransaction = () => Promise.reject(new BaseError('already known'));
    await senderOf().advance();
    expect(store.statuses()).toEqual(['sent']);
    chain.answers.sendRawTransaction = () => Promise.reject(new TypeError('a fault'));
    await expect(senderOf().advance()).rejects.toThrow('a fault');
  });

  it('is not followed on an answer that is no answer', async () => {
    store.add('a');
    const sender = senderOf();
    await sender.advance();
    chain.answers.getTransactionReceipt = () => Promise.reject(new BaseError('the node is starting'));
    await expect(sender.advance()).rejects.toThrow('the node is starting');
    expect(store.statuses()).toEqual(['sent']);
  });
});

describe('recheck', () => {
  it('offers again what a node has lost, and leaves the rest', async () => {
    store.add('a', 'b');
    const sender = senderOf({ confirmations: 0 });
    for (let turn = 0; turn < 3; turn++) {
      await sender.advance();
      chain.mine();
    }
    expect(store.statuses()).toEqual(['confirmed', 'confirmed']);
    await sender.recheck();
    expect(store.statuses()).toEqual(['confirmed', 'confirmed']);
    chain.takeBack(2);
    await sender.recheck();
    expect(store.statuses()).toEqual(['confirmed', 'sent']);
    expect(store.row('b')).toMatchObject({ hash: null, blockNumber: null, blockHash: null, gasUsed: null });
    await sender.advance();
    chain.mine();
    await sender.advance();
    expect(store.statuses()).toEqual(['confirmed', 'confirmed']);
    expect(chain.taken()).toEqual([nameOf('a'), nameOf('b')]);
  });
});

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
    for (const data of ['0x12', 'deadbeef', 7, null])
      expect(
        revertReason(new BaseError('timeout', { cause: Object.assign(new Error('cause'), { data }) })),
      ).toBeUndefined();
  });
});
