import { type ATTESTOR_ABI, marketBytes, type ProvenBar, provenBar } from '#lib/chain';
import { fromNumber, SIZE_DECIMALS } from '#lib/amounts';
import { InvalidInputError } from '#lib/errors';
import { accountUnit } from '#lib/proofs';
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
 * The account that a plan liquidates, as the attestor compares it with the proof.
 *
 * @throws {InvalidInputError} for a position in a market that the epoch does not have
 */
export function attestedAccount(plan: StoredPlan, { markets }: ProvenBar): AttestedAccount {
  const unit = accountUnit(plan.positions);
  return {
    time: pricedPlan(plan).bar,
    unit: unit >= 1 ? BigInt(unit) * 10n ** 18n : BigInt(Math.round(unit * 1e18)),
    places: plan.positions.map(({ market }) => {
      const place = markets.indexOf(marketBytes(market));
      if (place === -1)
        throw new InvalidInputError('positions', `include ${market}, which the epoch has not`);
      return place;
    }),
    sizes: plan.positions.map(({ size }) => fromNumber(Math.abs(size), SIZE_DECIMALS, 'nearest', 'size')),
  };
}
