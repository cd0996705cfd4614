import {
  type Abi,
  type Address,
  createWalletClient,
  encodeDeployData,
  encodeFunctionData,
  type Hex,
  http,
} from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { messageOf } from '#lib/errors';
import { type ChainClient, chainClient } from './chain-client.js';
import { contractArtifact } from './contract-artifact.js';
import { ChainError } from './errors.js';
import { minedReceipt } from './mined-receipt.js';
import { revertReason } from './revert-reason.js';

/** Sends an account's transactions one by one, each when the one before it is in a block: for setting things up. */
export class Transactor {
  readonly client: ChainClient;

  constructor(
    private readonly rpcUrl: string,
    readonly account: PrivateKeyAccount,
  ) {
    this.client = chainClient(rpcUrl, { pollingIntervalMs: 200 });
  }

  /** @throws {ChainError} where it fails */
  async send(transaction: {
    readonly to?: Address;
    readonly data: Hex;
    readonly value?: bigint;
  }): Promise<Address | null> {
    const wallet = createWalletClient({ account: this.account, transport: http(this.rpcUrl) });
    const hash = await wallet.sendTransaction({ ...transaction, chain: null });
    const receipt = await minedReceipt(this.client, hash);
    if (receipt.status !== 'success') throw new ChainError(`transaction ${hash} failed`);
    return receipt.contractAddress ?? null;
  }

  /** Makes a call that is encoded already. @throws {ChainError} where it fails, with the contract's own error */
  async invoke(to: Address, data: Hex, value = 0n): Promise<void> {
    try {
      await this.client.call({ to, data, value, account: this.account });
    } catch (error) {
      throw new ChainError(`the call is refused: ${revertReason(error) ?? messageOf(error)}`);
    }
    await this.send({ to, data, value });
  }

  /** @throws {ChainError} where it fails, with the contract's own error */
  async call(to: Address, abi: Abi, functionName: string, args: readonly unknown[] = []): Promise<void> {
    try {
      await this.client.simulateContract({ address: to, abi, functionName, args, account: this.account });
    } catch (error) {
      throw new ChainError(`${functionName} is refused: ${revertReason(error) ?? messageOf(error)}`);
    }
    await this.send({ to, data: encodeFunctionData({ abi, functionName, args }) });
  }

  /**
   * Deploys one of the project's contracts.
   *
   * @param abi with the constructor, where it is not the compiled one
   * @throws {ChainError} where it is not compiled, or the transaction fails
   */
  async deploy(name: string, args: readonly unknown[] = [], abi?: Abi): Promise<Address> {
    const artifact = contractArtifact(name);
    const data = encodeDeployData({ abi: abi ?? artifact.abi, bytecode: artifact.bytecode, args });
    return (await this.send({ data }))!;
  }
}
