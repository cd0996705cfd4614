// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {GuardRails} from "../src/GuardRails.sol";
import {IPriceSource} from "../src/prices/IPriceSource.sol";
import {PublicValues} from "../src/PublicValues.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {IProofVerifier} from "../src/proofs/IProofVerifier.sol";
import {RiskOracle} from "../src/RiskOracle.sol";
import {Base} from "./Base.sol";

/// @notice Answers as it is told: what the oracle does with an answer is tested here, real proofs are in test/settlement.spec.ts.
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

    function priceAt(bytes32 market, uint64 bar) external view returns (uint256) {
        if (address(victim) != address(0)) {
            (bool done,) = address(victim).staticcall(attack);
            require(!done, "reentered");
        }
        if (held[market][bar] == 0) revert PriceUnknown(market, bar);
        return held[market][bar];
    }
}

/// @notice An oracle with a model of one cluster of two markets, and epochs it takes.
abstract contract OracleFixture is Base {
    uint256 internal constant F = PublicValues.FIELD;
    int256 internal constant ONE = PublicValues.ONE;
    int64 internal constant BUDGET = 77261983; // -ln 0.01
    uint32 internal constant DELAY = 1 days;
    uint64 internal constant BAR = 3600;
    bytes32 internal constant BTC = "BTC";
    bytes32 internal constant ETH = "ETH";
    address internal constant KEY_C = address(0xc0);
    address internal constant KEY_P = address(0xb0);
    address internal constant KEY_L = address(0xa0);

    RiskOracle internal oracle;
    ToldVerifier internal verifier;
    HostilePrices internal prices;
    uint64 internal bar;
    uint256 internal state;

    function setUp() public {
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
        made = new RiskOracle(keys, RiskOracle.Settings(prices, BUDGET, DELAY, 2 hours, margins), verifiers());
    }

    function verifiers() internal view returns (ModelRegistry.Verifiers memory) {
        return ModelRegistry.Verifiers(verifier, KEY_C, KEY_P, KEY_L);
    }

    function model(uint64 stateBar) internal view returns (ModelRegistry.Model memory made) {
        made.clusters = new ModelRegistry.Cluster[](1);
        bytes32[] memory markets = new bytes32[](2);
        (markets[0], markets[1]) = (BTC, ETH);
        made.clusters[0] = ModelRegistry.Cluster(400, state, markets);
        made.correlation = 600;
        made.stateBar = stateBar;
        made.barSeconds = uint32(BAR);
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

    /// @dev The next epoch, in which prices do not move, some minutes after its bar.
    function epoch() internal returns (RiskOracle.Epoch memory made) {
        if (block.timestamp < bar + BAR) vm.warp(bar + BAR + 400);
        setPrices(bar + BAR, 100e18, 50e18);
        (RiskOracle.Measure memory last,) = oracle.measure();
        made.number = last.number + 1;
        made.bar = bar + BAR;
        made.unit = 1e18;
        made.covariances = new RiskOracle.Proof[](1);
        uint256[] memory c = new uint256[](63);
        c[0] = 400;
        c[1] = state;
        c[2] = state + 1;
        (c[3], c[4]) = (800 + state, 900 + state);
        (c[39], c[40]) = (uint256(4 * ONE), uint256(9 * ONE));
        (c[55], c[56]) = (uint256(ONE / 2), F - uint256(ONE / 4));
        made.covariances[0] = RiskOracle.Proof("", c);
        made.pricing = RiskOracle.Proof("", pricing());
    }

    function pricing() internal view returns (uint256[] memory p) {
        p = new uint256[](69);
        for (uint256 i = 0; i < 12; i++) p[i] = PublicValues.NOTHING;
        p[0] = 800 + state;
        p[4] = 900 + state;
        p[8] = 800 + state;
        p[12] = 600;
        for (uint256 i = 0; i < 2; i++) {
            p[40 + i] = uint256(2 * ONE); // volatility
            p[42 + i] = uint256(3 * ONE); // upper
            p[44 + i] = uint256(3 * ONE); // lower
            p[46 + i] = uint256(5 * ONE); // tilt
            p[58 + i] = uint256(ONE / 4); // net
            p[62 + i] = uint256(ONE); // P
            p[64 + i] = uint256(2 * ONE); // L
            p[66 + i] = uint256(ONE / 10); // pending
        }
        p[68] = uint256(int256(BUDGET));
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
