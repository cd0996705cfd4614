/** State, swaps, joins and exits of a pool that runs on a chain, as recorded. */
export interface DeployedPool {
  readonly swaps: {
    readonly swapKind: 0 | 1;
    readonly amountRaw: string;
    readonly tokenIn: string;
    readonly tokenOut: string;
    readonly outputRaw: string;
  }[];
  readonly adds: { readonly kind: string; readonly inputAmountsRaw: string[]; readonly bptOutRaw: string }[];
  readonly removes: { readonly kind: string; readonly amountsOutRaw: string[]; readonly bptInRaw: string }[];
  readonly pool: {
    readonly tokens: string[];
    readonly scalingFactors: string[];
    readonly balancesLiveScaled18: string[];
    readonly swapFee: string;
    readonly totalSupply: string;
    readonly weights?: string[];
    readonly firstFourWeightsAndMultipliers?: string[];
    readonly lastUpdateTime?: string;
    readonly lastInteropTime?: string;
    readonly currentTimestamp?: string;
  };
}

/** Their files. */
export const DEPLOYED_POOLS = ['onchain_quantamm_3_tokens.json', 'onchain_weighted_usdc_dai.json'] as const;

/** Its weights at the moment its state was taken, 18 decimals. */
export function deployedWeights({ pool }: DeployedPool): bigint[] {
  if (pool.weights !== undefined) return pool.weights.map(BigInt);
  const terms = pool.firstFourWeightsAndMultipliers!.map(BigInt);
  const [now, end, start] = [pool.currentTimestamp!, pool.lastInteropTime!, pool.lastUpdateTime!].map(BigInt);
  const passed = (now < end ? now : end) - start;
  return pool.tokens.map((_, i) => terms[i] + terms[i + pool.tokens.length] * passed);
}

/** Which of its tokens an address is. */
export function tokenIndex({ pool }: DeployedPool, address: string): number {
  return pool.tokens.findIndex((token) => token.toLowerCase() === address.toLowerCase());
}
