import {
  type ContractFunctionArgs,
  encodeAbiParameters,
  getAbiItem,
  type Hex,
  keccak256,
  parseAbi,
} from 'viem';

/** What is called and read of contracts/src/RiskOracle.sol; a test holds it against the compiled ABI. */
export const ORACLE_ABI = parseAbi([
  'struct Limits { uint64 lowest; uint64 highest; uint64 step; uint64 velocity; uint32 blocks; }',
  'struct Settings { address prices; int64 budget; uint32 delay; uint32 freshness; Limits margins; }',
  'struct Verifiers { address verifier; address covarianceKey; address pricingKey; address liquidationKey; bool development; }',
  'struct Cluster { uint256 model; uint256 state; bytes32[] markets; }',
  'struct Model { Cluster[] clusters; uint256 correlation; uint256 nothing; uint64 stateBar; uint32 barSeconds; }',
  'struct Proof { bytes proof; uint256[] instances; }',
  'struct Epoch { uint64 number; uint64 bar; uint256 unit; Proof[] covariances; Proof pricing; }',
  'struct Measure { uint64 number; uint64 bar; uint64 publishedAt; bool chained; uint256 unit; int64 upper; int64 lower; int64 volatility; int64 pending; int64 capital; int64 funding; }',
  'constructor(address admin, Settings settings)',
  'function grantRole(bytes32 role, address account)',
  'function hasRole(bytes32 role, address account) view returns (bool)',
  'function prices() view returns (address)',
  'function budget() view returns (int64)',
  'function delay() view returns (uint32)',
  'function freshness() view returns (uint32)',
  'function verifiers() view returns (address verifier, address covarianceKey, address pricingKey, address liquidationKey, bool development)',
  'function proposeVerifiers(Verifiers proposed)',
  'function installVerifiers(Verifiers proposed)',
  'function proposeModel(Model proposed)',
  'function installModel(Model proposed)',
  'function publish(Epoch epoch)',
  'function attestLiquidation(bytes32 plan, Proof proof)',
  'function measure() view returns (Measure last, bool fresh)',
  'function margin(bytes32 market) view returns (uint64 share, bool fresh)',
  'function model() view returns (Model)',
  'function installableAt(bytes32 proposal) view returns (uint256)',
  'function attestedIn(bytes32 plan) view returns (uint256)',
  'function pause()',
  'function unpause()',
  'event VerifiersProposed(bytes32 indexed proposal, Verifiers verifiers, uint256 installableAt)',
  'event VerifiersInstalled(bytes32 indexed proposal)',
  'event ModelProposed(bytes32 indexed proposal, Model model, uint256 installableAt)',
  'event ModelInstalled(bytes32 indexed proposal, uint64 stateBar)',
  'event EpochPublished(uint64 indexed number, uint64 indexed bar, bool chained, int64 upper, uint256 unit)',
  'event MarginMoved(bytes32 indexed market, uint64 from, uint64 to, uint256 asked)',
  'event LiquidationAttested(bytes32 indexed plan, uint64 indexed number, bool optimal, int256 objective, int256 bound)',
]);

export const PRICE_SOURCE_ABI = parseAbi([
  'constructor(address reporter)',
  'function reporter() view returns (address)',
  'function submit(uint64 bar, bytes32[] markets, uint256[] prices, bytes signature)',
  'function multicall(bytes[] data) returns (bytes[] results)',
  'function priceAt(bytes32 market, uint64 bar) view returns (uint256 price)',
  'event PricesHeld(uint64 indexed bar, bytes32[] markets, uint256[] prices)',
]);

/** A model as the oracle registers it. */
export type OracleModel = ContractFunctionArgs<typeof ORACLE_ABI, 'nonpayable', 'proposeModel'>[0];

/** What a proposed model is known by until it is installed: keccak256(abi.encode("model", model)). */
export function modelProposal(model: OracleModel): Hex {
  const { inputs } = getAbiItem({ abi: ORACLE_ABI, name: 'proposeModel' });
  return keccak256(encodeAbiParameters([{ type: 'string' }, inputs[0]], ['model', model]));
}
