import { ZkriskError } from '#lib/errors';
import {
  type GainsCut,
  type HaircutSettled,
  lossLeaves,
  lossStatementOf,
  type PricingEngine,
} from '#lib/exchange';
import { lossShareProof } from '#lib/margin';

/** A settlement that there was not, or an account that had no equity in it. */
export class UnknownSettlementError extends ZkriskError {
  readonly code = 'unknown-settlement';
}

/** A settlement of losses in the journal. */
export interface JournalledSettlement {
  readonly settled: HaircutSettled;
  /** the chunk that an account is in, and its number; undefined where it is in none */
  readonly chunk: { readonly number: number; readonly part: GainsCut } | undefined;
}

/** An account's share of a settled loss, with its Merkle path in the statement. */
export class LossShares {
  constructor(
    private readonly engine: () => PricingEngine,
    private readonly journalled: (sequence: number, account: string) => Promise<JournalledSettlement>,
  ) {}

  /** @param number of the settlement, from 1 @throws {UnknownSettlementError} */
  async share(account: string, number: number) {
    const { ledger } = this.engine();
    const sequence = ledger.settlementAt(number);
    if (sequence === undefined)
      throw new UnknownSettlementError(
        `there is no settlement ${number}: losses have been shared ${ledger.settlements} times`,
      );
    const { settled, chunk } = await this.journalled(sequence, account);
    const statement = lossStatementOf(settled);
    const proof = chunk && lossShareProof(statement, chunk.number, lossLeaves(chunk.part), account);
    if (proof === undefined)
      throw new UnknownSettlementError(`account ${account} had no equity in settlement ${number}`);
    const text = (value: unknown) =>
      JSON.parse(
        JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each)),
      ) as object;
    return {
      settlementId: settled.settlementId,
      at: settled.at,
      statement: text(statement),
      proof: text(proof),
    };
  }
}
