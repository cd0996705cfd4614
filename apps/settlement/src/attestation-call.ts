import {
  accountLeaf,
  type ATTESTOR_ABI,
  ChainError,
  marketBytes,
  type ProvenBar,
  provenBar,
} from '#lib/chain';
import { fromNumber, MONEY_DECIMALS, SIZE_DECIMALS } from '#lib/amounts';
import { bytesOf, type IncludedAccount, totalsOf } from '#lib/commitment';
import { InvalidInputError } from '#lib/errors';
import { accountUnit, unitAmount } from '#lib/proofs';
import type { ContractFunctionArgs } from 'viem';
import type { ProvenEpoch } from './epoch-call.js';
import { pricedPlan } from './price-call.js';
import type { StoredPlan } from './settlement.repository.js';

type Arguments = ContractFunctionArgs<typeof ATTESTOR_ABI, 'nonpayable', 'attestLiquidation'>;
export type AttestedAccount = Arguments[2];

/** An epoch's proven values by market, whose digest the oracle keeps. */
export function epochBar(number: number, { payload, bars }: ProvenEpoch): ProvenBar {
  return provenBar(
    { number: BigInt(number), bar: BigInt(payload.barEnd / 1000), bars },
    payload.barMs / 1000,
    payload.bars.map(({ markets }) => markets.map(marketBytes)),
  );
}

/**
 * The account that a plan liquidates, as the attestor compares it with the proof and the book.
 *
 * @param inclusion of the account in the book that the epoch was bound with
 * @throws {InvalidInputError} for a position in a market that the epoch does not have
 * @throws {ChainError} for an account that has changed since that book, or has positions that the plan leaves as they are
 */
export function attestedAccount(
  plan: StoredPlan,
  { markets }: ProvenBar,
  inclusion: IncludedAccount,
): AttestedAccount {
  const unit = accountUnit(plan.positions);
  const leaf = accountLeaf(inclusion);
  const held = totalsOf(bytesOf(leaf.sums));
  if (held.markets.length !== plan.positions.length)
    throw new ChainError(
      `the account has ${held.markets.length} positions in the epoch’s book, the plan ${plan.positions.length}: such a plan is not attested`,
    );
  const rows = plan.positions.map(({ market, size }) => {
    const row = held.markets.findIndex((found) => found.market === market);
    const { long, short } = held.markets[row] ?? { long: 0n, short: 0n };
    if (row === -1 || long - short !== fromNumber(size, SIZE_DECIMALS, 'nearest', 'size'))
      throw new ChainError(
        `the account’s position in ${market} has changed since the epoch’s book: such a plan is not attested`,
      );
    return row;
  });
  return {
    time: pricedPlan(plan).bar,
    unit: unitAmount(unit),
    owed: held.cash - held.debt - fromNumber(plan.collateral, MONEY_DECIMALS, 'nearest', 'collateral'),
    places: plan.positions.map(({ market }) => {
      const place = markets.indexOf(marketBytes(market));
      if (place === -1)
        throw new InvalidInputError('positions', `include ${market}, which the epoch has not`);
      return place;
    }),
    ...{ rows, leaf },
  };
}
