import { quickParameters } from '../support/quick-parameters.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { privateKeyToAccount } from 'viem/accounts';
import { type AuditedEpoch, auditOracle, chainClient, deployOracle, startEmbeddedChain } from '#lib/chain';
import type { EpochPayload, Message, ReceiptPayload } from '#lib/messages';
import { createProver } from '#lib/proofs';
import type { ChainTransactionEntity, SettlementEpochEntity } from '#lib/storage';
import { oracleTerms, writeDeployment } from '../../apps/settlement/src/index.js';
import { eventually } from '../support/database.js';
import { recordsOf } from '../support/kafka.js';
import type { Topology } from '../support/topology.js';

/** Two bars in a row: the second starts where the first has ended. */
const EPOCHS = 2;

/** A chain with an oracle of its own, for services that prove and settle. */
export interface SettledChain {
  /** its settings for services */
  readonly environment: NodeJS.ProcessEnv;
  /** waits until all epochs are proven and settled, or have failed; how many there are */
  settled(connection: DataSource): Promise<number>;
  /** faults of the settlement; empty where everything holds */
  failures(topology: Topology): Promise<string[]>;
  stop(): Promise<void>;
}

type Epoch = Pick<SettlementEpochEntity, 'status' | 'number' | 'reason'> & { readonly id: string };
type Transaction = Pick<ChainTransactionEntity, 'kind' | 'status' | 'hash'> & {
  readonly id: string;
  readonly epoch: string;
  readonly block: string;
  readonly gas: string;
};

export async function startSettledChain(): Promise<SettledChain> {
  const chain = await startEmbeddedChain();
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-drill-'));
  const account = privateKeyToAccount(chain.privateKey);
  const deployment = await deployOracle(chain.url, account, oracleTerms(0.01, 0));
  const file = join(folder, 'deployment.json');
  writeDeployment(file, deployment);
  const client = chainClient(chain.url);
  const sent = () => client.getTransactionCount({ address: account.address });
  const sentBefore = await sent();

  const failures = async ({ connection, environment }: Topology): Promise<string[]> => {
    const payloadsOf = async <Payload>(topic: string) => {
      const records = await recordsOf(environment.KAFKA_BROKERS!, topic);
      return records.map(({ value }) => (JSON.parse(value) as Message<Payload>).payload);
    };
    const begun = new Set((await payloadsOf<EpochPayload>('epochs')).map(({ epochId }) => epochId));
    const epochs = await epochsOf(connection);
    const transactions = await transactionsOf(connection);
    const prover = createProver();
    try {
      const audit = await auditOracle(chain.url, deployment.oracle, prover);
      return [
        ...(audit.holds ? [] : [`the audit does not hold: ${JSON.stringify(audit)}`]),
        ...epochFailures(epochs, begun, transactions, audit.epochs),
        ...receiptFailures(transactions, await payloadsOf<ReceiptPayload>('receipts')),
        ...(await chainFailures(transactions, (await sent()) - sentBefore)),
      ];
    } finally {
      await prover.close();
    }
  };

  /** The tables' transactions are the chain's; and the account has sent no other. */
  const chainFailures = async (transactions: readonly Transaction[], nonces: number): Promise<string[]> => {
    const found =
      nonces === transactions.length ? [] : [`${nonces} sent, ${transactions.length} meant to be`];
    for (const { id, hash, block, gas } of transactions) {
      const receipt = await client.getTransactionReceipt({ hash: hash as `0x${string}` });
      const seen = [receipt.status, receipt.blockNumber, receipt.gasUsed].join(' ');
      if (seen !== `success ${block} ${gas}`) found.push(`${id}: ${block} ${gas}, on the chain ${seen}`);
    }
    return found;
  };

  return {
    environment: {
      ...{ CHAIN_RPC_URL: chain.url, CHAIN_PRIVATE_KEY: chain.privateKey, CHAIN_DEPLOYMENT: file },
      ...{ SETTLEMENT: 'on', PROVER: 'on', PROVER_THREADS: '1', PROVE_LIQUIDATIONS: 'none' },
      ...{ EPOCH_EVERY_BARS: '1000', EPOCH_RUN: String(EPOCHS) },
      FIRST_PARAMETERS: quickParameters({ forecast: { refitEveryBars: 1000, registerEveryBars: 1 } }),
    },
    settled: async (connection) => {
      let epochs: readonly Epoch[] = [];
      const over = async () => {
        epochs = await epochsOf(connection);
        return epochs.length >= EPOCHS && epochs.every(({ status }) => /settled|failed/.test(status));
      };
      await eventually(over, 'all epochs to be settled', 900_000);
      return epochs.length;
    },
    failures,
    stop: async () => {
      await chain.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const epochsOf = (connection: DataSource) =>
  connection.query<Epoch[]>(
    'select epoch_id as id, status, number, reason from settlement_epoch order by ordinal',
  );

const transactionsOf = (connection: DataSource) =>
  connection.query<Transaction[]>(
    `select transaction_id as id, kind, epoch_id as epoch, status, hash, block_number as block, gas_used as gas
     from chain_transaction order by ordinal`,
  );

/** Every epoch that was begun is on the chain once, under the next number, by the transaction that the tables name. */
function epochFailures(
  epochs: readonly Epoch[],
  begun: ReadonlySet<string>,
  transactions: readonly Transaction[],
  onChain: readonly AuditedEpoch[],
): string[] {
  const numbered = epochs.map(({ id, status, number, reason }, i) =>
    status === 'settled' && number === i + 1 ? [] : [`epoch ${id} is ${status} as ${number}: ${reason}`],
  );
  const missing = [...begun].filter((id) => epochs.every((epoch) => epoch.id !== id));
  const publishers = epochs.map(({ id }) =>
    transactions.filter(({ kind, epoch }) => kind === 'publish' && epoch === id).map(({ hash }) => hash),
  );
  const [ours, theirs] = [publishers, onChain.map(({ transaction }) => [transaction])].map((hashes) =>
    JSON.stringify(hashes),
  );
  return [
    ...numbered.flat(),
    ...missing.map((id) => `epoch ${id} was begun, and the settlement has not heard of it`),
    ...(ours === theirs ? [] : [`published by ${ours}, on the chain by ${theirs}`]),
  ];
}

/** Every transaction has come through, and has one receipt. A relay that was killed may have told it twice. */
function receiptFailures(
  transactions: readonly Transaction[],
  receipts: readonly ReceiptPayload[],
): string[] {
  const told = new Set(
    receipts.map(({ transactionId, status, hash, blockNumber, gasUsed }) =>
      [transactionId, status, hash, blockNumber, gasUsed].join(' '),
    ),
  );
  const meant = transactions.map(({ id, hash, block, gas }) => [id, 'confirmed', hash, block, gas].join(' '));
  return [
    ...meant.filter((line) => !told.has(line)).map((line) => `no receipt says: ${line}`),
    ...[...told].filter((line) => !meant.includes(line)).map((line) => `a receipt says: ${line}`),
  ];
}
