import { type Address, type Hex, isAddressEqual, toHex, zeroAddress } from 'viem';
import { chainKeyOf } from '#lib/proofs';
import type { AuditedChain } from './audit-chain.js';
import { contractArtifact, isCodeOf } from './contract-artifact.js';
import { ADMIN_ROLE, GOVERNOR_ROLE, GUARDIAN_ROLE, isLocal, PUBLISHER_ROLE } from './deployment.js';
import { ATTESTOR_ABI, ORACLE_ABI, OWN_VERIFIER_ABI, PRICE_SOURCE_ABI, VERIFIER_ABI } from './oracle-abi.js';

const DUTIES = new Map<Hex, string>([
  [ADMIN_ROLE, 'admin'],
  [GOVERNOR_ROLE, 'governor'],
  [GUARDIAN_ROLE, 'guardian'],
  [PUBLISHER_ROLE, 'publisher'],
]);

/** Faults of the contracts: their code, the keys, and the separation of duties. */
export async function contractFailures(chain: AuditedChain): Promise<string[]> {
  const { client, oracle, attestor } = chain;
  const failures: string[] = [];
  const [verifier, barKey, priceKey, liquidationKey] = await client.readContract({
    ...{ address: oracle, abi: ORACLE_ABI, functionName: 'verifiers' },
  });
  const code = (address: Address) => client.getCode({ address });
  const compiled = async (what: string, name: string, address: Address) => {
    if (!isCodeOf(contractArtifact(name), await code(address)))
      failures.push(`${what} at ${address} is not ${name} of this version`);
  };
  await compiled('the oracle', 'RiskOracle', oracle);
  await compiled('the attestor', 'LiquidationAttestor', attestor);
  const attested = await client.readContract({
    ...{ address: attestor, abi: ATTESTOR_ABI, functionName: 'oracle' },
  });
  if (!isAddressEqual(attested, oracle))
    failures.push(`the attestor at ${attestor} asks the oracle at ${attested}`);
  await compiled('the verifier', 'ProofVerifier', verifier);
  const halo2 = await client
    .readContract({ address: verifier, abi: VERIFIER_ABI, functionName: 'halo2' })
    .catch(() => undefined);
  if (halo2 === undefined) failures.push(`the verifier at ${verifier} names no verifier behind it`);
  else await compiled('the verifier behind it', 'Halo2VerifierReusable', halo2);
  failures.push(...(await ownVerifierFailures(chain, verifier, { barKey, priceKey, liquidationKey })));
  for (const [name, address] of [
    ['bar', barKey],
    ['price', priceKey],
    ['liquidation', liquidationKey],
  ] as const) {
    if ((await code(address)) !== toHex(chainKeyOf(name)))
      failures.push(`the ${name} key at ${address} is not the one of these circuits`);
  }
  failures.push(...(await dutyFailures(chain)));
  return failures;
}

/** The verifier that judges `bar` alone is this version's and reads the registered key; no other circuit has one. */
async function ownVerifierFailures(
  { client }: AuditedChain,
  verifier: Address,
  keys: Readonly<Record<'barKey' | 'priceKey' | 'liquidationKey', Address>>,
): Promise<string[]> {
  const failures: string[] = [];
  const door = { address: verifier, abi: VERIFIER_ABI } as const;
  for (const [name, key] of Object.entries(keys)) {
    const own = await client
      .readContract({ ...door, functionName: 'ownVerifier', args: [key] })
      .catch(() => undefined);
    if (own === undefined) failures.push(`the verifier at ${verifier} does not say who judges ${name}`);
    else if (name !== 'barKey') {
      if (!isAddressEqual(own, zeroAddress)) failures.push(`${name} is judged by a verifier at ${own}`);
    } else if (!isCodeOf(contractArtifact('BarVerifier'), await client.getCode({ address: own })))
      failures.push(`the verifier of bars at ${own} is not BarVerifier of this version`);
    else {
      const read = await client.readContract({ address: own, abi: OWN_VERIFIER_ABI, functionName: 'key' });
      if (!isAddressEqual(read, key))
        failures.push(`the verifier of bars at ${own} reads the key at ${read}`);
    }
  }
  return failures;
}

/** Off local chains: accounts with more than one duty, and publishers that report prices. */
async function dutyFailures(chain: AuditedChain): Promise<string[]> {
  if (isLocal(await chain.client.getChainId())) return [];
  const held = new Map<Address, Set<string>>();
  for (const event of await chain.events()) {
    if (event.eventName !== 'RoleGranted' && event.eventName !== 'RoleRevoked') continue;
    const { role, account } = event.args;
    const name = DUTIES.get(role!);
    if (name === undefined) continue;
    const duties = held.get(account!) ?? new Set<string>();
    held.set(account!, duties);
    if (event.eventName === 'RoleGranted') duties.add(name);
    else duties.delete(name);
  }
  const failures: string[] = [];
  for (const [account, duties] of held) {
    if (duties.size > 1) failures.push(`${account} is ${[...duties].sort().join(' and ')}`);
    if (!duties.has('publisher')) continue;
    const reports = await chain.client.readContract({
      ...{ address: chain.source, abi: PRICE_SOURCE_ABI, functionName: 'isReporter', args: [account] },
    });
    if (reports) failures.push(`${account} is publisher and reports prices`);
  }
  return failures;
}
