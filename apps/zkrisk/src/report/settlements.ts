import type { DataSource } from 'typeorm';
import { wholeText } from '#lib/amounts';
import type { EpochPayload } from '#lib/messages';
import type { Engine } from '../engine.js';

/** The proven and settled part of a replay. */
export interface SettlementReport {
  readonly srs: string;
  readonly oracle: string;
  readonly rpcUrl: string;
  readonly epochs: readonly {
    readonly number: number | null;
    readonly bar: string;
    readonly status: string;
    readonly chained: boolean;
    /** quote units */
    readonly offChain: number;
    readonly onChain: number | null;
    /** of its proofs, added up, seconds */
    readonly proofSeconds: number;
    readonly gas: number;
    readonly reason: string | null;
  }[];
  readonly liquidations: { readonly attested: number; readonly failed: number; readonly meanGas: number };
}

interface EpochRow {
  epoch_id: string;
  status: string;
  number: number | null;
  reason: string | null;
  epoch: EpochPayload;
  seconds: number | null;
  gas: string | null;
}

/** Reads the prover's and the settlement's tables; undefined where nothing is settled. */
export async function settlementReport({
  database,
  settlement,
}: Engine): Promise<SettlementReport | undefined> {
  if (settlement === undefined) return undefined;
  const rows = await database.query<EpochRow[]>(`
    select e.epoch_id, e.status, e.number, e.reason, e.epoch,
      (select sum(seconds) from proof_job where job_id like e.epoch_id || '-%') as seconds,
      (select sum(gas_used) from chain_transaction t where t.epoch_id = e.epoch_id) as gas
    from settlement_epoch e order by e.ordinal`);
  const measured = await settlement.published();
  const [{ attested, failed, gas }] = await attestations(database);
  const { deployment, rpcUrl } = settlement.chain;
  return {
    srs: deployment.srs,
    oracle: deployment.oracle,
    rpcUrl,
    epochs: rows.map(({ epoch, status, number, reason, seconds, gas: used }) => ({
      number,
      bar: new Date(epoch.barEnd).toISOString(),
      status,
      chained: epoch.chained,
      offChain: epoch.entropicValueAtRisk,
      onChain: number === null ? null : (measured.get(number) ?? null),
      proofSeconds: seconds ?? 0,
      gas: Number(used ?? 0),
      reason,
    })),
    liquidations: { attested: Number(attested), failed: Number(failed), meanGas: gas ?? 0 },
  };
}

function attestations(database: DataSource) {
  return database.query<{ attested: string; failed: string; gas: number | null }[]>(`
    select count(*) filter (where status = 'confirmed') as attested, count(*) filter (where status = 'refused') as failed,
      avg(gas_used)::float8 as gas from chain_transaction where kind = 'attest'`);
}

/** Lines of the report's table. */
export function settlementRows({ srs, epochs, liquidations }: SettlementReport): [string, string][] {
  const amount = (value: number | null) => (value === null ? '–' : value.toFixed(2));
  return [
    [
      'proofs',
      srs === 'development'
        ? 'on the DEVELOPMENT SRS: for trying out, they convince nobody'
        : 'on a ceremony’s SRS',
    ],
    ...epochs.map(
      ({ number, bar, status, chained, offChain, onChain, proofSeconds, gas, reason }): [string, string] => [
        `epoch ${number ?? '–'}`,
        `${bar.slice(0, 16)} ${status}${chained ? ', chained' : ''}: EVaR ${amount(offChain)} off chain, ${amount(onChain)} on chain; ` +
          `proofs ${proofSeconds.toFixed(0)} s, ${wholeText(gas)} gas${reason === null ? '' : `; ${reason}`}`,
      ],
    ),
    [
      'liquidations attested',
      `${liquidations.attested}, ${liquidations.failed} refused${liquidations.attested > 0 ? `, ${wholeText(liquidations.meanGas)} gas each` : ''}`,
    ],
  ];
}
