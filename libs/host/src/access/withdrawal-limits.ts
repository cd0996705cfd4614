import { createHash, randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Principal } from './api-keys.js';
import { WithdrawalLimitError } from './errors.js';

/** A withdrawal as it was asked for, before its body was checked. */
export interface AskedWithdrawal {
  readonly owner: string;
  /** the call to the byte: sent again it counts once */
  readonly call: string;
  /** undefined: the same call cannot be told from another */
  readonly commandId: string | undefined;
  readonly amount: string;
}

/**
 * Withdrawals by key. A limit is counted at the request of a withdrawal, before the exchange decides it, and given back when it
 * was refused: a paid one is always counted. A withdrawal whose outcome is not known stays counted.
 */
export class WithdrawalLimits {
  constructor(private readonly database: DataSource) {}

  /**
   * Counts a withdrawal against its key's limits.
   *
   * @returns gives the count back; undefined where there is none
   * @throws {WithdrawalLimitError}
   */
  async count(
    { keyId, withdrawals }: Principal,
    { owner, call, commandId, amount }: AskedWithdrawal,
  ): Promise<(() => Promise<void>) | undefined> {
    const { from, perDay } = withdrawals;
    if (from?.includes(owner) === false)
      throw new WithdrawalLimitError(`the key may not withdraw from ${owner}`, { owner });
    if (perDay === undefined) return undefined;
    if (!/^\d{1,40}(\.\d{1,20})?$/.test(amount))
      throw new WithdrawalLimitError(
        `the key may withdraw ${perDay} in 24 hours: its withdrawals must name a positive amount`,
        { perDay },
      );
    // The same bytes have the same fate; without an id each call is a command of its own.
    const command = createHash('sha256')
      .update(JSON.stringify([owner, commandId === undefined ? randomUUID() : '', call]))
      .digest();
    const counted = await this.database.transaction(async (manager) => {
      await manager.query('select 1 from api_key where id = $1 for update', [keyId]);
      await manager.query(`delete from key_withdrawal where key_id = $1 and at <= now() - interval '1 day'`, [
        keyId,
      ]);
      const [inserted] = await manager.query<object[]>(
        `insert into key_withdrawal (key_id, command, amount) values ($1, $2, $3)
         on conflict do nothing returning key_id`,
        [keyId, command, amount],
      );
      if (inserted === undefined) return false;
      const [{ sum, over }] = await manager.query<[{ sum: string; over: boolean }]>(
        `select sum(amount) as sum, sum(amount) > $2::numeric as over from key_withdrawal where key_id = $1`,
        [keyId, perDay],
      );
      if (over)
        throw new WithdrawalLimitError(
          `the key may withdraw ${perDay} in 24 hours; with this it would be ${sum}`,
          { perDay },
        );
      return true;
    });
    if (!counted) return undefined;
    return async () => {
      await this.database.query('delete from key_withdrawal where key_id = $1 and command = $2', [
        keyId,
        command,
      ]);
    };
  }
}
