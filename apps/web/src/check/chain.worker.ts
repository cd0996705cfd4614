import {
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  getAbiItem,
  hexToString,
  http,
  isAddressEqual,
  parseAbi,
  parseEventLogs,
  type PublicClient,
  toFunctionSelector,
} from 'viem';
// The library's index would bring Node's modules into the browser.
// oxlint-disable-next-line zkrisk/arrows
import { ORACLE_ABI } from '../../../../libs/chain/src/oracle-abi.js';
import type {
  ChainCheckReply,
  ChainCheckRequest,
  ChainFinding,
  ChainReading,
  ChainRegistry,
  ProvenEpoch,
} from './chain.js';

// A worker of its own: it may reach a node of the reader's choice, which the page may not, and it knows no key.

onmessage = ({ data }: MessageEvent<ChainCheckRequest>) => {
  check(data).then(
    (reading) => {
      postMessage({ kind: 'found', ...reading } satisfies ChainCheckReply);
    },
    (error: unknown) => {
      const { shortMessage, message } = error as { shortMessage?: string; message?: string };
      postMessage({
        kind: 'failed',
        reason: shortMessage ?? message ?? String(error),
      } satisfies ChainCheckReply);
    },
  );
};

/** Percent of the unit of account, in units of 2^−24, as money. */
function inQuote(percent: bigint, unit: bigint): number {
  return (Number(percent) / 2 ** 24 / 100) * (Number(unit) / 1e18);
}

/** Rounding of the circuit's fixed point. */
const TOLERANCE = 1e-3;

async function check({ rpc, oracle, claimed }: ChainCheckRequest): Promise<ChainReading> {
  const client = createPublicClient({
    transport: http(rpc, { retryCount: 1, timeout: 10_000 }),
    cacheTime: 0,
  });
  const findings: ChainFinding[] = [];
  const find = (what: string, holds: boolean, found: string) => findings.push({ what, holds, found });
  const chainId = await client.getChainId();
  find('The node is of the chain that the engine names', chainId === claimed.chainId, `chain ${chainId}`);
  const code = await client.getCode({ address: oracle });
  find(
    'There is a contract at the oracle’s address',
    code !== undefined,
    code === undefined ? 'none' : `${code.length / 2 - 1} bytes`,
  );
  if (code === undefined) return { findings, epochs: [], registry: undefined };
  const block = await client.getBlock();
  const [last, fresh] = await client.readContract({
    address: oracle,
    abi: ORACLE_ABI,
    functionName: 'measure',
    blockNumber: block.number,
  });
  const discredited = await client.readContract({
    ...{ address: oracle, abi: ORACLE_ABI, functionName: 'discredited', blockNumber: block.number },
  });
  const nothing = /^0x0*$/.test(discredited);
  find('It has not discredited the model by its exceedances', nothing, nothing ? 'none' : discredited);
  if (last.number === 0n) find('It has taken an epoch', false, `none up to block ${block.number}`);
  else {
    const upper = inQuote(last.upper, last.unit);
    find(
      'Its last epoch is fresh',
      fresh,
      `epoch ${last.number}, bar ${new Date(Number(last.bar) * 1000).toISOString().slice(0, 16)}, block ${block.number}`,
    );
    const same = claimed.epochs.find(({ number }) => number === Number(last.number));
    if (same === undefined)
      find(
        'The engine lists that epoch',
        false,
        `${last.number} is not among the newest ${claimed.epochs.length}`,
      );
    else
      find(
        'The EVaR that was proven is not below what the engine says',
        upper >= same.entropicValueAtRisk * (1 - TOLERANCE),
        `${upper.toFixed(2)} proven, ${same.entropicValueAtRisk.toFixed(2)} said`,
      );
  }
  const epochs: ProvenEpoch[] = [];
  for (const { transactionId, hash } of claimed.transactions) {
    const receipt = await client.getTransactionReceipt({ hash }).catch(() => undefined);
    const what = `Transaction of ${transactionId} succeeded`;
    if (receipt === undefined) find(what, false, 'the node knows no such transaction');
    else {
      const logs = parseEventLogs({ abi: ORACLE_ABI, logs: receipt.logs }).filter(({ address }) =>
        isAddressEqual(address, oracle),
      );
      for (const { eventName, args } of logs)
        if (eventName === 'EpochPublished')
          epochs.push({
            number: Number(args.number),
            entropicValueAtRisk: inQuote(args.upper, args.unit),
            gasUsed: Number(receipt.gasUsed),
          });
      const events = logs.map(({ eventName }) => eventName);
      const names = [...new Set(events)].map((name) => ` ${name}`).join('');
      find(
        what,
        receipt.status === 'success',
        `block ${receipt.blockNumber}, ${receipt.gasUsed} gas${names === '' ? '' : ':'}${names}`,
      );
    }
  }
  return { findings, epochs, registry: await readRegistry(client, oracle, block.number) };
}

/** Changes that wait for the delay, by the call that installs them. */
const TIMELOCKED = ['installModel', 'installVerifiers', 'installBinding', 'grantRole'] as const;
const SHARE = 1e18;
const MARGIN_ABI = [...ORACLE_ABI, ...parseAbi(['error MarketUnknown(bytes32 market)'])] as const;

/** The oracle refuses to tell the requirement of a market before the first proven bar that has it. */
function isUnknownMarket(error: unknown): boolean {
  if (!(error instanceof BaseError)) return false;
  const revert = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  return revert instanceof ContractFunctionRevertedError && revert.data?.errorName === 'MarketUnknown';
}

async function readRegistry(
  client: PublicClient,
  address: ChainCheckRequest['oracle'],
  blockNumber: bigint,
): Promise<ChainRegistry> {
  const at = { address, abi: ORACLE_ABI, blockNumber } as const;
  const [delay, [verifier, barKey, priceKey, liquidationKey], model] = await Promise.all([
    client.readContract({ ...at, functionName: 'delay' }),
    client.readContract({ ...at, functionName: 'verifiers' }),
    client.readContract({ ...at, functionName: 'model' }),
  ]);
  const proposals = await Promise.all(
    TIMELOCKED.map(async (kind) => {
      const selector = toFunctionSelector(getAbiItem({ abi: ORACLE_ABI, name: kind }));
      const [digest, installableAt] = await client.readContract({
        ...{ ...at, functionName: 'proposals', args: [selector] },
      });
      return { kind, digest, installableAt: Number(installableAt) };
    }),
  );
  const markets = model.parts.flatMap((part) => part.markets);
  const margins = await Promise.all(
    markets.map(async (market) => {
      const [share, fresh] = await client
        .readContract({ ...at, abi: MARGIN_ABI, functionName: 'margin', args: [market] })
        .catch((error: unknown) => {
          if (isUnknownMarket(error)) return [undefined, false] as const;
          throw error;
        });
      const name = hexToString(market, { size: 32 });
      return { market: name, share: share === undefined ? null : Number(share) / SHARE, fresh };
    }),
  );
  return {
    delaySeconds: delay,
    verifiers: [
      { name: 'verifier', address: verifier },
      { name: 'key of bar', address: barKey },
      { name: 'key of price', address: priceKey },
      { name: 'key of liquidation', address: liquidationKey },
    ],
    model: {
      stateBar: Number(model.stateBar),
      barSeconds: model.barSeconds,
      horizonBars: model.horizonBars,
      parts: model.parts.length,
    },
    proposals: proposals.filter(({ installableAt }) => installableAt !== 0),
    margins,
  };
}
