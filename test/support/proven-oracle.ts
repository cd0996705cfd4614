import { createWalletClient, http } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import {
  chainClient,
  type ChainProof,
  type Deployment,
  deployOracle,
  marketBytes,
  modelInstallation,
  ORACLE_ABI,
  PRICE_SOURCE_ABI,
  publicValue,
  revertReason,
  signReport,
  startEmbeddedChain,
  submission,
} from '#lib/chain';

/** An oracle on a chain of its own, whose every key is this account's. */
export interface ProvenOracle {
  readonly url: string;
  readonly deployment: Deployment;
  readonly client: ReturnType<typeof chainClient>;
  /** A call's gas, or the reason for its refusal. */
  call(name: 'publish' | 'propose' | 'installModel', args: readonly unknown[]): Promise<number | string>;
  /** Has the price source hold closing prices of a bar, seconds since 1970. */
  holdPrices(bar: bigint, markets: readonly string[], prices: readonly number[]): Promise<void>;
  stop(): Promise<void>;
}

/** Deploys oracle, verifier and binding on a new embedded chain. */
export async function startProvenOracle(): Promise<ProvenOracle> {
  const chain = await startEmbeddedChain({ blockSeconds: 0 });
  const account = privateKeyToAccount(chain.privateKey);
  const client = chainClient(chain.url);
  const wallet = createWalletClient({ account, transport: http(chain.url) });
  const deployment = await deployOracle(chain.url, account, {
    alpha: 0.01,
    delaySeconds: 0,
    freshnessSeconds: 2 ** 31,
    margins: { lowest: 0.001, highest: 1, step: 0.05, velocity: 0.002, blocks: 50 },
  });
  return {
    url: chain.url,
    deployment,
    client,
    async call(functionName, args) {
      const request = { address: deployment.oracle, abi: ORACLE_ABI, functionName, args };
      try {
        await client.simulateContract({ ...request, account } as never);
      } catch (error) {
        const reason = revertReason(error);
        if (reason === undefined) throw error;
        return reason;
      }
      const hash = await wallet.writeContract({ ...(request as object), chain: null } as never);
      const { status, gasUsed } = await client.waitForTransactionReceipt({ hash });
      if (status !== 'success') throw new Error(`${functionName} was mined and failed`);
      return Number(gasUsed);
    },
    async holdPrices(bar, markets, prices) {
      const { chainId, prices: address } = deployment;
      const quoted = markets.map((market, i) => ({ market, price: prices[i].toFixed(18) }));
      const report = await signReport(account, { chainId, address }, { bar, prices: quoted });
      const args = submission(bar, markets, [report], 1)!;
      const request = { address, abi: PRICE_SOURCE_ABI, functionName: 'submit', args, chain: null } as const;
      await client.waitForTransactionReceipt({ hash: await wallet.writeContract(request) });
    },
    stop: () => chain.stop(),
  };
}

/** The model that proofs of a bar are of, with the states they start from. */
export async function installModelOf(
  oracle: ProvenOracle,
  proofs: readonly ChainProof[],
  markets: readonly (readonly string[])[],
  stateBar: bigint,
): Promise<void> {
  const model = {
    parts: proofs.map((proof, p) => ({
      model: publicValue(proof, 'bar', 'modelCommitment'),
      state: publicValue(proof, 'bar', 'stateCommitment'),
      markets: markets[p].map(marketBytes),
    })),
    stateBar,
    barSeconds: 3600,
    horizonBars: 24,
  };
  for (const [name, args] of [
    ['propose', [modelInstallation(model)]],
    ['installModel', [model]],
  ] as const) {
    const gas = await oracle.call(name, args);
    if (typeof gas === 'string') throw new Error(`${name}: ${gas}`);
  }
}
