import { BaseError } from 'viem';
import { describe, expect, it } from 'vitest';
import { ZkriskError } from '#lib/errors';
import { memorySender, SENT_TO } from '../../../test/support/memory-sender.js';
import type { Call } from './index.js';

class Impossible extends ZkriskError {
  readonly code = 'impossible';
}

const memory = memorySender();

describe('a transaction that cannot be sent', () => {
  it('waits while it is not ready', async () => {
    memory.store.add('a');
    expect(await memory.senderOf({}, () => Promise.resolve(undefined)).advance()).toBe(true);
    expect(memory.store.statuses()).toEqual(['waiting']);
    expect(memory.chain.offered).toEqual([]);
  });

  it('holds up those after it', async () => {
    memory.store.add('a', 'b');
    const asked: string[] = [];
    const callOf = (id: string): Promise<Call | undefined> => {
      asked.push(id);
      return Promise.resolve(undefined);
    };
    await memory.senderOf({}, callOf).advance();
    expect(asked).toEqual(['a']);
  });

  it('is refused with the reason of the revert, or of the call that cannot be made', async () => {
    memory.store.add('a', 'b', 'c');
    memory.chain.answers.estimateGas = () => Promise.reject(new BaseError('execution reverted: closed'));
    const sender = memory.senderOf({}, (id) =>
      id === 'b'
        ? Promise.reject(new Impossible('there is no such epoch'))
        : Promise.resolve({ to: SENT_TO, data: '0x' }),
    );
    expect(await sender.advance()).toBe(false);
    expect([...memory.store.rows.values()].map(({ status, reason }) => [status, reason])).toEqual([
      ['refused', 'execution reverted: closed'],
      ['refused', 'there is no such epoch'],
      ['refused', 'execution reverted: closed'],
    ]);
  });

  it('waits where the node fails for another reason than a revert', async () => {
    memory.store.add('a');
    memory.chain.answers.estimateGas = () => Promise.reject(new BaseError('timeout'));
    await memory.senderOf().advance();
    expect(memory.store.statuses()).toEqual(['waiting']);
  });

  it('waits while something before it is not confirmed, which may be why it reverts', async () => {
    memory.store.add('a', 'b');
    const sender = memory.senderOf();
    await sender.advance();
    memory.chain.mine();
    memory.chain.answers.estimateGas = () => Promise.reject(new BaseError('execution reverted'));
    await sender.advance();
    expect(memory.store.statuses()).toEqual(['mined', 'waiting']);
    memory.chain.mine(3);
    await sender.advance();
    expect(memory.store.statuses()).toEqual(['confirmed', 'refused']);
  });

  it('is not to blame for an error of ours', async () => {
    memory.store.add('a');
    await expect(
      memory.senderOf({}, () => Promise.reject(new Error('no database'))).advance(),
    ).rejects.toThrow('no database');
    expect(memory.store.statuses()).toEqual(['waiting']);
  });

  it('is offered again where the node refuses it; an error of ours is thrown', async () => {
    memory.store.add('a');
    memory.chain.answers.sendRawTransaction = () => Promise.reject(new BaseError('already known'));
    await memory.senderOf().advance();
    expect(memory.store.statuses()).toEqual(['sent']);
    memory.chain.answers.sendRawTransaction = () => Promise.reject(new TypeError('a fault'));
    await expect(memory.senderOf().advance()).rejects.toThrow('a fault');
  });

  it('is not followed on an answer that is no answer', async () => {
    memory.store.add('a');
    const sender = memory.senderOf();
    await sender.advance();
    memory.chain.answers.getTransactionReceipt = () => Promise.reject(new BaseError('the node is starting'));
    await expect(sender.advance()).rejects.toThrow('the node is starting');
    expect(memory.store.statuses()).toEqual(['sent']);
  });
});
