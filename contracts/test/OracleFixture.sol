// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AttestorMaker} from "../src/AttestorMaker.sol";
import {BarValues} from "../src/BarValues.sol";
import {IBookBinding} from "../src/book/IBookBinding.sol";
import {GuardRails} from "../src/GuardRails.sol";
import {BarLayout as B} from "../src/generated/Layout.sol";
import {IPriceSource} from "../src/prices/IPriceSource.sol";
import {PublicValues} from "../src/PublicValues.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {IProofVerifier} from "../src/proofs/IProofVerifier.sol";
import {RiskOracle} from "../src/RiskOracle.sol";
import {Base} from "./Base.sol";

/// @notice Answers as it is told: the oracle's use of an answer is tested here, real proofs are in test/settlement.spec.ts.
contract ToldVerifier is IProofVerifier {
    enum Answer {
        Yes,
        No,
        Revert
    }

    Answer public answer;
    address public refusedKey;
    bool public development = true;
    mapping(address => bool) private _refused;

    function setDevelopment(bool development_) external {
        development = development_;
    }

    function refuse(address key) external {
        _refused[key] = true;
    }

    function accepts(address key) external view returns (bool) {
        return !_refused[key];
    }

    function tell(Answer answer_, address key) external {
        (answer, refusedKey) = (answer_, key);
    }

    function verifyProof(address key, bytes calldata, uint256[] calldata) external view returns (bool) {
        if (answer == Answer.Yes || key != refusedKey) return true;
        require(answer == Answer.No, "refused");
        return false;
    }
}

/// @notice Prices that were set; tries to publish once more whenever it is asked.
contract HostilePrices is IPriceSource {
    mapping(bytes32 => mapping(uint64 => uint256)) public held;
    RiskOracle public victim;
    bytes public attack;
    mapping(address => bool) public isReporter;

    function setReporter(address account) external {
        isReporter[account] = true;
    }

    function set(bytes32 market, uint64 bar, uint256 price) external {
        held[market][bar] = price;
    }

    function arm(RiskOracle victim_, bytes calldata attack_) external {
        (victim, attack) = (victim_, attack_);
    }

    function pricesAt(bytes32[] calldata markets, uint64 bar) external view returns (uint256[] memory prices) {
        prices = new uint256[](markets.length);
        for (uint256 i = 0; i < markets.length; i++) prices[i] = priceAt(markets[i], bar);
    }

    function priceAt(bytes32 market, uint64 bar) public view returns (uint256) {
        if (address(victim) != address(0)) {
            (bool done,) = address(victim).staticcall(attack);
            require(!done, "reentered");
        }
        if (held[market][bar] == 0) revert PriceUnknown(market, bar);
        return held[market][bar];
    }
}

/// @notice An oracle with a model of two markets, and epochs it takes.
abstract contract OracleFixture is Base {
    uint256 internal constant F = PublicValues.FIELD;
    int256 internal constant ONE = PublicValues.ONE;
    int64 internal constant BUDGET = 77261983; // -ln 0.01
    uint32 internal constant DELAY = 1 days;
    uint64 internal constant BAR = 3600;
    uint32 internal constant HORIZON = 24;
    /// @dev 1.25
    uint256 internal constant KAPPA = 5 << 22;
    bytes32 internal constant BTC = "BTC";
    bytes32 internal constant ETH = "ETH";
    address internal constant KEY_B = address(0xb0);
    address internal constant KEY_P = address(0xc0);
    address internal constant KEY_L = address(0xa0);

    RiskOracle internal oracle;
    ToldVerifier internal verifier;
    HostilePrices internal prices;
    /// @dev none unless a test says so
    IBookBinding internal binding;
    uint64 internal bar;
    uint256 internal state;

    function setUp() public virtual {
        vm.warp(1_700_000_000);
        vm.roll(1000);
        // an hour before the model's delay is over
        bar = 1_700_000_000 - (1_700_000_000 % BAR) + uint64(DELAY) - BAR;
        verifier = new ToldVerifier();
        prices = new HostilePrices();
        oracle = deployed();
        state = 500;
        setPrices(bar, 100e18, 50e18);
        install(model(bar));
    }

    function deployed() internal returns (RiskOracle made) {
        GuardRails.Limits memory margins = GuardRails.Limits(1e15, 1e18, 5e16, 2e15, 50);
        RiskOracle.Keys memory keys = RiskOracle.Keys(address(this), address(this), address(this), address(this));
        made = new RiskOracle(keys, settingsOf(DELAY, margins), verifiers());
    }

    function settingsOf(uint32 delay, GuardRails.Limits memory margins) internal returns (RiskOracle.Settings memory) {
        return RiskOracle.Settings(prices, BUDGET, delay, 2 hours, margins, binding, new AttestorMaker());
    }

    function verifiers() internal view returns (ModelRegistry.Verifiers memory) {
        return ModelRegistry.Verifiers(verifier, KEY_B, KEY_P, KEY_L);
    }

    function model(uint64 stateBar) internal view returns (ModelRegistry.Model memory made) {
        made.parts = new ModelRegistry.Part[](1);
        bytes32[] memory markets = new bytes32[](2);
        (markets[0], markets[1]) = (BTC, ETH);
        made.parts[0] = ModelRegistry.Part(400, state, markets);
        made.stateBar = stateBar;
        made.barSeconds = uint32(BAR);
        made.horizonBars = HORIZON;
    }

    /// @dev BTC and ETH, each in a part of its own.
    function split(uint64 stateBar) internal view returns (ModelRegistry.Model memory made) {
        made = model(stateBar);
        made.parts = new ModelRegistry.Part[](2);
        for (uint256 p = 0; p < 2; p++) {
            bytes32[] memory markets = new bytes32[](1);
            markets[0] = p == 0 ? BTC : ETH;
            made.parts[p] = ModelRegistry.Part(400 + p, state + 1000 * p, markets);
        }
    }

    function install(ModelRegistry.Verifiers memory proposed) internal {
        oracle.propose(abi.encodeCall(ModelRegistry.installVerifiers, (proposed)));
        vm.warp(block.timestamp + DELAY);
        oracle.installVerifiers(proposed);
    }

    function propose(ModelRegistry.Model memory proposed) internal {
        oracle.propose(abi.encodeCall(ModelRegistry.installModel, (proposed)));
    }

    function install(ModelRegistry.Model memory proposed) internal {
        propose(proposed);
        vm.warp(block.timestamp + DELAY);
        oracle.installModel(proposed);
    }

    function setPrices(uint64 at, uint256 btc, uint256 eth) internal {
        prices.set(BTC, at, btc);
        prices.set(ETH, at, eth);
    }

    function negative(uint256 value) internal pure returns (uint256) {
        return F - value;
    }

    /// @dev Public values of a bar that holds: 60 units of BTC long, 40 of ETH short, variances of 4 and 9 percent^2.
    function barValues() internal view returns (uint256[] memory v) {
        v = new uint256[](B.COUNT);
        (v[B.MODEL_COMMITMENT], v[B.STATE_COMMITMENT], v[B.NEXT_STATE_COMMITMENT]) = (400, state, state + 1);
        (v[B.EXPOSURES], v[B.EXPOSURES + 1]) = (60 << 24, negative(40 << 24));
        (v[B.VARIANCES], v[B.VARIANCES + 1]) = (4 << 128, 9 << 128);
        terms(v);
    }

    function terms(uint256[] memory v) internal pure {
        v[B.VOLATILITY] = 64 << 24;
        v[B.SCALED_VOLATILITY] = 80 << 24;
        v[B.TILT] = 5 << 24;
        v[B.UPPER] = 3 << 24;
        v[B.LOWER] = 3 << 24;
        v[B.FUNDING] = 1 << 20;
        v[BarValues.ENTRY] = 21 << 24;
        v[BarValues.CAPITAL] = 1 << 24;
        v[BarValues.LIQUIDITY] = 2 << 24;
        v[BarValues.PENDING] = 1 << 21;
        v[BarValues.BUDGET] = uint256(int256(BUDGET));
        v[BarValues.TAIL_FACTOR] = KAPPA;
    }

    /// @dev The same bar in two parts: one market each, each with the other's values.
    function splitValues() internal view returns (uint256[] memory a, uint256[] memory b) {
        a = new uint256[](B.COUNT);
        b = new uint256[](B.COUNT);
        (a[B.MODEL_COMMITMENT], a[B.STATE_COMMITMENT], a[B.NEXT_STATE_COMMITMENT]) = (400, state, state + 1);
        (b[B.MODEL_COMMITMENT], b[B.STATE_COMMITMENT], b[B.NEXT_STATE_COMMITMENT]) =
            (401, state + 1000, state + 1001);
        (a[B.EXPOSURES], b[B.EXPOSURES]) = (60 << 24, negative(40 << 24));
        (a[B.VARIANCES], b[B.VARIANCES]) = (4 << 128, 9 << 128);
        for (uint256 i = 0; i < B.PUBLIC_OTHERS_LENGTH; i++) {
            (a[B.PARTIAL_FACTORS + i], b[B.PARTIAL_FACTORS + i]) = (70 + i, 90 + i);
            (a[B.PUBLIC_OTHERS + i], b[B.PUBLIC_OTHERS + i]) = (90 + i, 70 + i);
        }
        for (uint256 i = 0; i < B.COMMON_VARIANCES_LENGTH; i++) {
            (a[B.COMMON_VARIANCES + i], b[B.COMMON_VARIANCES + i]) = (30 + i, 30 + i);
        }
        terms(a);
        terms(b);
    }

    /// @dev The next epoch, in which prices do not move, some minutes after its bar.
    function epoch() internal returns (RiskOracle.Epoch memory made) {
        made = emptyEpoch();
        made.bars = new RiskOracle.Proof[](1);
        made.bars[0] = RiskOracle.Proof("", barValues());
    }

    function splitEpoch() internal returns (RiskOracle.Epoch memory made) {
        made = emptyEpoch();
        made.bars = new RiskOracle.Proof[](2);
        (uint256[] memory a, uint256[] memory b) = splitValues();
        (made.bars[0], made.bars[1]) = (RiskOracle.Proof("", a), RiskOracle.Proof("", b));
    }

    function emptyEpoch() private returns (RiskOracle.Epoch memory made) {
        if (block.timestamp < bar + BAR) vm.warp(bar + BAR + 400);
        setPrices(bar + BAR, 100e18, 50e18);
        (RiskOracle.Measure memory last,) = oracle.measure();
        made.number = last.number + 1;
        made.bar = bar + BAR;
        made.unit = 1e18;
        made.before = closes(bar);
    }

    /// @dev Prices of the model's markets that are held of a bar.
    function closes(uint64 at) internal view returns (uint256[] memory found) {
        ModelRegistry.Model memory inForce = oracle.model();
        uint256 count = 0;
        for (uint256 p = 0; p < inForce.parts.length; p++) count += inForce.parts[p].markets.length;
        found = new uint256[](count);
        count = 0;
        for (uint256 p = 0; p < inForce.parts.length; p++) {
            for (uint256 i = 0; i < inForce.parts[p].markets.length; i++) {
                found[count++] = prices.held(inForce.parts[p].markets[i], at);
            }
        }
    }

    function published() internal {
        oracle.publish(epoch());
        bar += BAR;
        state += 1;
    }

    function refused(RiskOracle.Epoch memory made, bytes4 error) internal {
        (bool done, bytes memory reason) = address(oracle).call(abi.encodeCall(RiskOracle.publish, (made)));
        holds(!done, "taken");
        equal(uint32(bytes4(reason)), uint32(error));
    }
}
