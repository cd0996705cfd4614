import {
  type ContractFunctionArgs,
  encodeFunctionData,
  getAbiItem,
  type Hex,
  parseAbi,
  toFunctionSelector,
} from 'viem';

/** Used part of the ABI of contracts/src/RiskOracle.sol; a test compares it with the compiled one. */
export const ORACLE_ABI = parseAbi([
  'struct Limits { uint64 lowest; uint64 highest; uint64 step; uint64 velocity; uint32 blocks; }',
  'struct Keys { address admin; address governor; address guardian; address publisher; }',
  'struct Settings { address prices; int64 budget; uint32 delay; uint32 freshness; Limits margins; address binding; address attestors; }',
  'struct Verifiers { address verifier; address barKey; address priceKey; address liquidationKey; }',
  'struct Part { uint256 model; uint256 state; bytes32[] markets; }',
  'struct Model { Part[] parts; uint64 stateBar; uint32 barSeconds; uint32 horizonBars; }',
  'struct Proof { bytes proof; uint256[] instances; }',
  'struct Epoch { uint64 number; uint64 bar; uint256 unit; uint256[] before; Proof[] bars; bytes book; }',
  'struct Measure { uint64 number; uint64 bar; uint64 publishedAt; bool chained; uint256 unit; int64 upper; int64 lower; int64 volatility; int64 pending; int64 capital; int64 funding; int64 tailFactor; }',
  'struct Window { uint96 price; uint64 volatility; uint40 end; uint24 windows; uint24 exceedances; uint8 generation; }',
  'constructor(Keys keys, Settings settings, Verifiers verifiers)',
  'function grantRole(bytes32 role, address account)',
  'function hasRole(bytes32 role, address account) view returns (bool)',
  'function prices() view returns (address)',
  'function budget() view returns (int64)',
  'function delay() view returns (uint32)',
  'function freshness() view returns (uint32)',
  'function verifiers() view returns (address verifier, address barKey, address priceKey, address liquidationKey)',
  'function propose(bytes call)',
  'function cancel(bytes4 kind)',
  'function proposals(bytes4 kind) view returns (bytes32 digest, uint64 installableAt)',
  'function installVerifiers(Verifiers proposed)',
  'function installModel(Model proposed)',
  'function publish(Epoch epoch)',
  'function installBinding(address proposed)',
  'function attestor() view returns (address)',
  'function binding() view returns (address)',
  'function discredited() view returns (bytes32)',
  'function disputed() view returns (bool)',
  'function exceedances(bytes32 market) view returns (Window window)',
  'function provenIn(uint64 number) view returns (bytes32)',
  'function measure() view returns (Measure last, bool fresh)',
  'function margin(bytes32 market) view returns (uint64 share, bool fresh)',
  'function model() view returns (Model)',
  'function pause()',
  'function unpause()',
  'event Proposed(bytes4 indexed kind, bytes32 indexed digest, bytes call, uint256 installableAt)',
  'event Installed(bytes4 indexed kind, bytes32 indexed digest)',
  'event Cancelled(bytes4 indexed kind, bytes32 indexed digest)',
  'event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)',
  'event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)',
  'event VerifiersInstalled(Verifiers verifiers)',
  'event ModelInstalled(Model model)',
  'event EpochPublished(uint64 indexed number, uint64 indexed bar, bool chained, int64 upper, uint256 unit, bytes32 digest)',
  'event MarginsMoved(uint64 indexed number, uint256[] words)',
  'event WindowClosed(bytes32 indexed market, uint24 windows, uint24 exceedances)',
  'event Discredited(bytes32 indexed market, uint24 windows, uint24 exceedances)',
  'event BindingInstalled(address binding)',
]);

/** Used part of the ABI of contracts/src/LiquidationAttestor.sol. */
export const ATTESTOR_ABI = parseAbi([
  'struct Proof { bytes proof; uint256[] instances; }',
  'struct ProvenBar { uint64 number; uint64 bar; uint32 barSeconds; int256 tailFactor; bytes32[] markets; uint256[] variances; }',
  'struct Node { bytes32 digest; bytes sums; }',
  'struct Leaf { bytes account; bytes32 salt; uint256 index; bytes sums; Node[] path; bytes32 pool; }',
  'struct Account { uint64 time; uint256 unit; int256 owed; uint8[] places; uint8[] rows; Leaf leaf; }',
  'function oracle() view returns (address)',
  'struct Margin { uint64 evarMultiple; uint64 absorbableShare; bytes32[] markets; }',
  'struct Tier { uint128 above; uint32 initial; uint32 maintenance; }',
  'struct Market { uint128 depth; Tier[] tiers; bytes shocks; }',
  'struct Tangent { uint256 evarFactor; uint128 absorbable; uint32 penaltyRate; uint64 evarWeight; uint16[] scenarios; uint64[] weights; uint8[] tiers; uint32[] shares; }',
  'struct Pool { int256 capital; int256 liquidity; int256 pending; int256 other; }',
  'struct Portfolio { Margin margin; Market[] markets; uint16[] places; Tangent tangent; Pool pool; }',
  'function attestLiquidation(bytes32 plan, ProvenBar bar, Account account, Proof proof, Portfolio portfolio)',
  'function registerMargin(bytes32 digest, uint64 from)',
  'function withdrawMargin()',
  'function marginAt(uint64 time) view returns (uint256)',
  'function margins(uint256 index) view returns (bytes32 digest, uint64 from)',
  'event MarginRegistered(uint256 indexed version, bytes32 digest, uint64 from)',
  'event MarginWithdrawn(uint256 indexed version)',
  'function attestedIn(bytes32 plan) view returns (uint256)',
  'event LiquidationAttested(bytes32 indexed plan, uint64 indexed number, bool optimal, int256 objective, int256 bound, bytes32 digest)',
]);

/** Used part of the ABI of contracts/src/book/BookBinding.sol. */
export const BINDING_ABI = parseAbi([
  'struct Journal { uint64 number; uint64 bar; uint32 barSeconds; uint64 boundBlock; uint64 boundTime; bytes32 root; uint256 entries; bytes32 closing; uint256 model; uint256 state; }',
  'constructor(address custody, address maker)',
  'function custody() view returns (address)',
  'function maker() view returns (address)',
  'function open(address oracle) returns (address made)',
  'function challengesOf(address oracle) view returns (address)',
  'function journalOf(address oracle, uint64 number) view returns (bytes32)',
  'function rootOf(address oracle, uint64 number) view returns (bytes32)',
  'event BookBound(address indexed oracle, uint64 indexed number, uint64 indexed bar, bytes32 root, uint256 accounts)',
  'event JournalBound(address indexed oracle, uint64 indexed number, Journal journal)',
  'event ChallengesOpened(address indexed oracle, address challenges)',
]);

/** Used part of the ABI of contracts/src/book/PremiumChallenges.sol. */
export const CHALLENGES_ABI = parseAbi([
  'struct Journal { uint64 number; uint64 bar; uint32 barSeconds; uint64 boundBlock; uint64 boundTime; bytes32 root; uint256 entries; bytes32 closing; uint256 model; uint256 state; }',
  'struct Leaf { bytes32 content; bytes32 before; bytes32 afterwards; bytes32 marks; bytes32 terms; }',
  'struct Terms { uint64 time; uint8 kind; int256 capital; int256 liquidity; int256 pending; int256 traded; uint256 riskPremium; uint256 liquidityPremium; uint256 charged; }',
  'struct Opening { bytes32 content; bytes rows; Terms terms; bytes32[] path; Leaf preceding; bytes32[] precedingPath; }',
  'struct ProvenBar { uint64 number; uint64 bar; uint32 barSeconds; int256 tailFactor; bytes32[] markets; uint256[] variances; }',
  'struct Grounds { bytes32 salt; bytes text; bytes closing; bytes plan; uint256 planAt; }',
  'struct Answer { ProvenBar bar; bytes places; uint256 unit; bytes proof; uint256[] instances; Grounds grounds; }',
  'function oracle() view returns (address)',
  'function journals() view returns (address)',
  'function BOND() view returns (uint256)',
  'function disputed() view returns (uint64)',
  'function stake() view returns (uint256)',
  'function owed(address account) view returns (uint256)',
  'function drawn(uint64 number) view returns (bool)',
  'function drawnBy(Journal journal) view returns (uint256)',
  'function cases(uint64 number, uint256 index) view returns (uint8 status, uint64 due, address challenger, uint96 reward)',
  'function challenge(Journal journal, Journal previous, uint256 index) payable',
  'function draw(Journal journal, Journal previous, bytes header)',
  'function postpone(Journal journal)',
  'function answer(Journal journal, Journal previous, uint256 index, Opening opening, Answer given)',
  'function allow(uint64 number, uint256 index, bytes32 leaf)',
  'function allowed(uint64 number, uint256 index) view returns (bytes32)',
  'function lapse(uint64 number, uint256 index)',
  'function showBreak(Journal journal, Journal previous, uint256 index, Leaf leaf, bytes32[] path, Leaf preceding, bytes32[] precedingPath)',
  'function fund() payable',
  'function leave(uint256 amount)',
  'function withdrawStake(address to)',
  'function collect(address account)',
  'event Funded(address indexed from, uint256 amount, uint256 stake)',
  'event Picked(uint64 indexed number, uint256 indexed index, address challenger, uint64 due)',
  'event AnswerTaken(uint64 indexed number, uint256 indexed index, uint8 status, bytes32 digest)',
  'event EntryAllowed(uint64 indexed number, uint256 indexed index, bytes32 leaf)',
  'event DisputeBegun(uint64 indexed number, uint256 index)',
]);

/** Used part of the ABI of contracts/src/prices/MedianPriceSource.sol. */
export const PRICE_SOURCE_ABI = parseAbi([
  'struct Report { uint256[] prices; bytes signature; }',
  'constructor(address admin, address governor, address guardian, uint32 delay, address[] reporters, uint256 quorum)',
  'function reporters() view returns (address[])',
  'function isReporter(address account) view returns (bool)',
  'function quorum() view returns (uint256)',
  'function submit(uint64 bar, bytes32[] markets, Report[] reports)',
  'function multicall(bytes[] data) returns (bytes[] results)',
  'function priceAt(bytes32 market, uint64 bar) view returns (uint256 price)',
  'function pricesAt(bytes32[] markets, uint64 bar) view returns (uint256[] prices)',
  'event PricesHeld(uint64 indexed bar, bytes32[] markets, uint256[] prices, address[] reporters)',
]);

/** Used part of the ABI of contracts/src/proofs/ProofVerifier.sol. */
export const VERIFIER_ABI = parseAbi([
  'constructor(address halo2, address[] keys, address[] own)',
  'function halo2() view returns (address)',
  'function ownVerifier(address key) view returns (address)',
  'function development() view returns (bool)',
  'function keys() view returns (address[])',
  'function proofLength(address key) view returns (uint256)',
  'function accepts(address key) view returns (bool)',
  'function verifyProof(address key, bytes proof, uint256[] instances) view returns (bool)',
]);

/** Selector of the function that publishes an epoch. */
export const PUBLISH = toFunctionSelector(getAbiItem({ abi: ORACLE_ABI, name: 'publish' }));

/** Selector of the function that answers a challenge. */
export const ANSWER = toFunctionSelector(getAbiItem({ abi: CHALLENGES_ABI, name: 'answer' }));

/** A model as the oracle registers it. */
export type OracleModel = ContractFunctionArgs<typeof ORACLE_ABI, 'nonpayable', 'installModel'>[0];

/** The call that installs a model: proposed first, and made after the delay. */
export function modelInstallation(model: OracleModel): Hex {
  return encodeFunctionData({ abi: ORACLE_ABI, functionName: 'installModel', args: [model] });
}

/** Selector of the function that installs models: the kind of its proposals. */
export const INSTALL_MODEL = toFunctionSelector(getAbiItem({ abi: ORACLE_ABI, name: 'installModel' }));

/** Used part of the ABI of circuits/artifacts/bar/BarVerifier.sol, a circuit's own verifier. */
export const OWN_VERIFIER_ABI = parseAbi(['function key() view returns (address)']);
