import { encodeDeployData, encodeFunctionData, type Hex, numberToHex } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  deployOracle,
  type Deployment,
  type EmbeddedChain,
  marketBytes,
  PRICE_SOURCE_ABI,
  signReport,
  startEmbeddedChain,
  Transactor,
} from '#lib/chain';
import { priceCall, type PricedBar } from '../../apps/settlement/src/index.js';
import { compiled } from '../support/solidity.js';

// Both price sources of the oracle, driven as the settlement service drives them, on a chain of their own.

const HOUR = 3600n;
const MARKETS = ['BTC', 'ETH'];
const TERMS = {
  alpha: 0.01,
  delaySeconds: 0,
  freshnessSeconds: 2 ** 31,
  margins: { lowest: 0.001, highest: 1, step: 0.05, velocity: 0.002, blocks: 50 },
};
/** An aggregator behind a proxy, as Chainlink numbers its rounds: phase · 2^64 + round. */
const AGGREGATOR = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;
contract Aggregator {
    uint8 public constant decimals = 8;
    uint80 private _latest;
    mapping(uint80 => int256) private _answers;
    mapping(uint80 => uint256) private _updated;
    function push(uint80 round, int256 answer, uint256 at) external {
        _latest = round;
        (_answers[round], _updated[round]) = (answer, at);
    }
    function getRoundData(uint80 id) public view returns (uint80, int256, uint256, uint256, uint80) {
        require(_updated[id] != 0, "No data present");
        return (id, _answers[id], _updated[id], _updated[id], id);
    }
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(_latest);
    }
}`;

describe('prices of bars on a chain', () => {
  let chain: EmbeddedChain;
  let transactor: Transactor;
  /** end of a bar that is over */
  let bar: bigint;
  const account = () => transactor.account;

  beforeAll(async () => {
    chain = await startEmbeddedChain({ blockSeconds: 0 });
    transactor = new Transactor(chain.url, privateKeyToAccount(chain.privateKey));
    const { timestamp } = await transactor.client.getBlock();
    bar = timestamp - (timestamp % HOUR) - 10n * HOUR;
  }, 60_000);
  afterAll(() => chain.stop());

  const priced = (at: bigint, factor = 1): PricedBar => ({
    bar: at,
    prices: MARKETS.map((market, i) => ({ market, price: (100 * (i + 1) * factor).toFixed(18) })),
  });
  const held = (deployment: Deployment, market: string, at: bigint) =>
    transactor.client.readContract({
      ...{ address: deployment.prices, abi: PRICE_SOURCE_ABI, functionName: 'priceAt' },
      args: [marketBytes(market), at],
    });
  const send = async (call: { to: Hex; data: Hex } | undefined) => {
    expect(call).toBeDefined();
    await transactor.invoke(call!.to, call!.data);
  };

  it('come from Chainlink: the round in force at the bar’s end, over phases; nothing stale, unknown or of a bar to come', async () => {
    const { abi, bytecode } = compiled('Aggregator.sol', 'Aggregator', AGGREGATOR);
    const aggregator = (await transactor.send({ data: encodeDeployData({ abi, bytecode }) }))!;
    const push = (round: bigint, answer: bigint, at: bigint) =>
      transactor.send({
        to: aggregator,
        data: encodeFunctionData({ abi, functionName: 'push', args: [round, answer, at] }),
      });
    // Phase 1: rounds 40 minutes apart; phase 2 begins two bars later, its rounds again from one.
    const [first, second] = [1n << 64n, 2n << 64n];
    for (let i = 0n; i < 4n; i++) await push(first + i + 1n, (100n + i) * 10n ** 8n, bar - HOUR + i * 2400n);
    for (let i = 0n; i < 3n; i++)
      await push(second + i + 1n, (200n + i) * 10n ** 8n, bar + 2n * HOUR + i * 2400n);
    const feeds = MARKETS.map((market) => ({ market, aggregator, heartbeat: 3600 }));
    const deployment = await deployOracle(chain.url, account(), TERMS, {
      prices: { kind: 'chainlink', feeds },
    });
    const driven = { client: transactor.client, account: account(), deployment };
    const nobody = () => Promise.resolve([]);
    const bars = [priced(bar), priced(bar + HOUR), priced(bar + 3n * HOUR)];
    await send(await priceCall(driven, bars, nobody));
    const found: bigint[] = [];
    for (const each of bars) found.push((await held(deployment, 'ETH', each.bar)) / 10n ** 18n);
    expect(found).toEqual([101n, 103n, 201n]);
    // Once more: held prices stay, at the cost of the transaction alone.
    await send(await priceCall(driven, bars, nobody));

    await expect(priceCall(driven, [priced(bar - 2n * HOUR)], nobody)).rejects.toThrow('had no answer at');
    const unknown = { bar, prices: [{ market: 'DOGE', price: '1' }] };
    await expect(priceCall(driven, [unknown], nobody)).rejects.toThrow('has no feed of DOGE');
    const stale = await priceCall(driven, [priced(bar + 8n * HOUR)], nobody);
    await expect(send(stale)).rejects.toThrow('AnswerStale');
    const { timestamp } = await transactor.client.getBlock();
    const future = await priceCall(driven, [priced(timestamp + HOUR)], nobody);
    await expect(send(future)).rejects.toThrow('BarNotOver');
  }, 120_000);

  it('come from reporters: a quorum of them, the median; one that lies moves nothing', async () => {
    const reporters = Array.from({ length: 3 }, () => privateKeyToAccount(generatePrivateKey()));
    const deployment = await deployOracle(chain.url, account(), TERMS, {
      prices: { kind: 'median', reporters: reporters.map(({ address }) => address), quorum: 3 },
    });
    const driven = { client: transactor.client, account: account(), deployment };
    const source = { chainId: deployment.chainId, address: deployment.prices };
    const report = (i: number, of: PricedBar) => signReport(reporters[i], source, of);
    const honest = [report(0, priced(bar)), report(1, priced(bar, 1.25))];
    expect(await priceCall(driven, [priced(bar)], () => Promise.all(honest))).toBeUndefined();
    const all = [...honest, report(2, priced(bar, 1000))];
    await send(await priceCall(driven, [priced(bar)], () => Promise.all(all)));
    expect(await held(deployment, 'BTC', bar)).toBe(125_000_000_000_000_000_000n);
    // Stored once: other reports of the bar change nothing.
    const other = [0, 1, 2].map((i) => report(i, priced(bar, 2)));
    await send(await priceCall(driven, [priced(bar)], () => Promise.all(other))).catch(() => undefined);
    expect(await held(deployment, 'BTC', bar)).toBe(125_000_000_000_000_000_000n);
    // A stranger's signature is none of theirs.
    const stranger = privateKeyToAccount(generatePrivateKey());
    const forged = [report(0, priced(bar + HOUR)), report(1, priced(bar + HOUR))];
    const strange = signReport(stranger, source, priced(bar + HOUR));
    const call = await priceCall(driven, [priced(bar + HOUR)], () => Promise.all([...forged, strange]));
    await expect(send(call)).rejects.toThrow('NotReporter');
  }, 120_000);

  it('have reporters that are not the publisher, off local chains', async () => {
    const elsewhere = await startEmbeddedChain({ blockSeconds: 0, arguments: ['--chain-id', '10'] });
    try {
      const deployer = privateKeyToAccount(elsewhere.privateKey);
      const other = (i: number): Hex => numberToHex(i, { size: 20 });
      const duties = { admin: other(1), governor: other(2), guardian: other(3), publisher: deployer.address };
      await expect(deployOracle(elsewhere.url, deployer, TERMS)).rejects.toThrow('keys are apart');
      await expect(
        deployOracle(elsewhere.url, deployer, TERMS, {
          duties,
          prices: { kind: 'median', reporters: [other(4), deployer.address, other(5)], quorum: 3 },
        }),
      ).rejects.toThrow(`${deployer.address} would be both publisher and reporter`);
    } finally {
      await elsewhere.stop();
    }
  }, 60_000);
});
