// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {GuardRails} from "../src/GuardRails.sol";
import {IPriceSource} from "../src/IPriceSource.sol";
import {PublicValues} from "../src/PublicValues.sol";
import {IProofVerifier, RiskOracle} from "../src/RiskOracle.sol";
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

contract RiskOracleTest is Base {
    uint256 private constant F = PublicValues.FIELD;
    int256 private constant ONE = PublicValues.ONE;
    int64 private constant BUDGET = 77261983; // -ln 0.01
    uint32 private constant DELAY = 1 days;
    uint64 private constant BAR = 3600;
    bytes32 private constant BTC = "BTC";
    bytes32 private constant ETH = "ETH";
    address private constant KEY_C = address(0xc0);
    address private constant KEY_P = address(0xb0);
    address private constant KEY_L = address(0xa0);

    RiskOracle private oracle;
    ToldVerifier private verifier;
    HostilePrices private prices;
    uint64 private bar;
    uint256 private state;

    function setUp() public {
        vm.warp(1_700_000_000);
        vm.roll(1000);
        verifier = new ToldVerifier();
        prices = new HostilePrices();
        oracle = deployed();
        install(verifiers());
        bar = 10 * BAR;
        state = 500;
        setPrices(bar, 100e18, 50e18);
        install(model(bar));
    }

    function deployed() private returns (RiskOracle made) {
        GuardRails.Limits memory margins = GuardRails.Limits(1e15, 1e18, 5e16, 2e15, 50);
        made = new RiskOracle(address(this), RiskOracle.Settings(prices, BUDGET, DELAY, 2 hours, margins));
        made.grantRole(made.GOVERNOR_ROLE(), address(this));
        made.grantRole(made.PUBLISHER_ROLE(), address(this));
        made.grantRole(made.GUARDIAN_ROLE(), address(this));
    }

    // ------------------------------------------------------------ what is published

    function verifiers() private view returns (RiskOracle.Verifiers memory) {
        return RiskOracle.Verifiers(verifier, KEY_C, KEY_P, KEY_L, true);
    }

    function model(uint64 stateBar) private view returns (RiskOracle.Model memory made) {
        made.clusters = new RiskOracle.Cluster[](1);
        bytes32[] memory markets = new bytes32[](2);
        (markets[0], markets[1]) = (BTC, ETH);
        made.clusters[0] = RiskOracle.Cluster(400, state, markets);
        made.correlation = 600;
        made.nothing = 700;
        made.stateBar = stateBar;
        made.barSeconds = uint32(BAR);
    }

    function install(RiskOracle.Verifiers memory proposed) private {
        oracle.proposeVerifiers(proposed);
        vm.warp(block.timestamp + DELAY);
        oracle.installVerifiers(proposed);
    }

    function install(RiskOracle.Model memory proposed) private {
        oracle.proposeModel(proposed);
        vm.warp(block.timestamp + DELAY);
        oracle.installModel(proposed);
    }

    function setPrices(uint64 at, uint256 btc, uint256 eth) private {
        prices.set(BTC, at, btc);
        prices.set(ETH, at, eth);
    }

    /// @dev The next epoch, in which prices do not move.
    function epoch() private returns (RiskOracle.Epoch memory made) {
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

    function pricing() private view returns (uint256[] memory p) {
        p = new uint256[](69);
        for (uint256 i = 0; i < 12; i++) p[i] = 700;
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

    function published() private {
        oracle.publish(epoch());
        bar += BAR;
        state += 1;
    }

    // ------------------------------------------------------------ epochs

    function test_publishesAnEpochWhoseProofsHold() public {
        RiskOracle.Epoch memory made = epoch();
        oracle.publish(made);
        vm.snapshotGasLastCall("publish, one cluster, first, without the verifier");
        (RiskOracle.Measure memory last, bool fresh) = oracle.measure();
        holds(fresh && !last.chained, "fresh, not chained");
        equal(last.number, 1);
        equal(last.bar, made.bar);
        equal(uint64(last.upper), uint256(3 * ONE));
        equal(uint64(last.capital), uint256(300 * ONE));
        equal(uint64(last.pending), 100 * uint256(ONE / 10));
        (uint64 share,) = oracle.margin(BTC);
        // sqrt(2 * 4.60517) * 2 % = 6.0697 %
        holds(share > 60696e12 && share < 60698e12, "sqrt(-2 ln alpha) sigma");
        bar += BAR;
        state += 1;
        oracle.publish(epoch());
        vm.snapshotGasLastCall("publish, one cluster, without the verifier");
        (last,) = oracle.measure();
        holds(last.chained, "chained");
    }

    function test_takesEachEpochOnceAndInOrder() public {
        RiskOracle.Epoch memory first = epoch();
        oracle.publish(first);
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.EpochOutOfOrder.selector, uint64(2), uint64(1)));
        oracle.publish(first);
        first.number = 2;
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.BarOutOfOrder.selector, bar + 2 * BAR, first.bar));
        oracle.publish(first);
        bar += BAR;
        state += 1;
        RiskOracle.Epoch memory skipping = epoch();
        skipping.number = 3;
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.EpochOutOfOrder.selector, uint64(2), uint64(3)));
        oracle.publish(skipping);
    }

    function testFuzz_noBarButTheNext(uint64 at) public {
        RiskOracle.Epoch memory made = epoch();
        vm.assume(at != made.bar);
        uint64 expected = made.bar;
        made.bar = at;
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.BarOutOfOrder.selector, expected, at));
        oracle.publish(made);
    }

    function test_refusesProofsThatDoNotVerify() public {
        address[2] memory keys = [KEY_C, KEY_P];
        for (uint256 i = 0; i < 2; i++) {
            for (uint256 answer = 1; answer < 3; answer++) {
                verifier.tell(ToldVerifier.Answer(answer), keys[i]);
                RiskOracle.Epoch memory made = epoch();
                vm.expectRevert(abi.encodeWithSelector(RiskOracle.ProofRefused.selector, i));
                oracle.publish(made);
            }
        }
    }

    function test_refusesAnotherModelABrokenChainAndProofsThatDoNotBelongTogether() public {
        bytes4[5] memory errors = [
            RiskOracle.ModelDiffers.selector,
            RiskOracle.ChainBroken.selector,
            bytes4(0),
            RiskOracle.RiskDiffers.selector,
            RiskOracle.RiskDiffers.selector
        ];
        for (uint256 i = 0; i < 5; i++) {
            if (errors[i] == bytes4(0)) continue;
            RiskOracle.Epoch memory made = epoch();
            made.covariances[0].instances[i] += 1;
            refused(made, errors[i]);
        }
        // risk and drift of clusters that are not there, and everything after a trade
        for (uint256 i = 0; i < 13; i++) {
            RiskOracle.Epoch memory made = epoch();
            made.pricing.instances[i] += 1;
            refused(
                made,
                i == 12
                    ? RiskOracle.CorrelationDiffers.selector
                    : i >= 8 || (i > 0 && i < 4) ? RiskOracle.NotTheStandingBook.selector : RiskOracle.RiskDiffers.selector
            );
        }
        for (uint256 i = 1; i < 4; i++) {
            RiskOracle.Epoch memory made = epoch();
            made.pricing.instances[i] += 1;
            made.pricing.instances[8 + i] += 1;
            refused(made, RiskOracle.RiskDiffers.selector);
        }
    }

    function test_refusesPricesThatAreNotThoseHeld() public {
        RiskOracle.Epoch memory made = epoch();
        made.covariances[0].instances[47] = 257;
        refused(made, RiskOracle.PriceDiffers.selector);
        made.covariances[0].instances[47] = F - 257;
        refused(made, RiskOracle.PriceDiffers.selector);
        prices.set(ETH, made.bar, 0);
        made.covariances[0].instances[47] = 0;
        vm.expectRevert(abi.encodeWithSelector(IPriceSource.PriceUnknown.selector, ETH, made.bar));
        oracle.publish(made);
        prices.set(ETH, made.bar, 51e18);
        made.covariances[0].instances[48] = uint256(2 * ONE); // 2 %
        made.covariances[0].instances[47] = 256;
        oracle.publish(made);
    }

    function test_refusesEveryResidualAboveItsTolerance() public {
        for (uint256 i = 7; i < 39; i++) {
            RiskOracle.Epoch memory made = epoch();
            made.covariances[0].instances[i] = F - (i < 15 || (i >= 23 && i < 31) ? 2 : 257);
            refused(made, PublicValues.ResidualAboveTolerance.selector);
        }
        uint256[21] memory allowed = [
            uint256(512), 512, 256, 130, 130, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 6, 6, 256, 256
        ];
        for (uint256 i = 0; i < 21; i++) {
            RiskOracle.Epoch memory made = epoch();
            made.pricing.instances[15 + i] = allowed[i];
            made.pricing.instances[15 + i] += 1;
            refused(made, PublicValues.ResidualAboveTolerance.selector);
        }
        RiskOracle.Epoch memory fits = epoch();
        for (uint256 i = 0; i < 21; i++) fits.pricing.instances[15 + i] = allowed[i];
        oracle.publish(fits);
    }

    function test_refusesTiltsThatAreNotOptimalAndNumbersThatAreNone() public {
        RiskOracle.Epoch memory made = epoch();
        made.pricing.instances[44] = uint256(3 * ONE - 6300);
        refused(made, PublicValues.TiltNotOptimal.selector);
        made = epoch();
        made.pricing.instances[39] = F - 4257;
        refused(made, PublicValues.TooMuchEntropy.selector);
        made = epoch();
        made.pricing.instances[46] = 0;
        refused(made, PublicValues.TiltOutOfRange.selector);
        made.pricing.instances[46] = uint256(int256(8193) << 24);
        refused(made, PublicValues.TiltOutOfRange.selector);
        made = epoch();
        made.pricing.instances[41] = 1 << 15;
        refused(made, PublicValues.VolatilityOutOfRange.selector);
        made = epoch();
        made.pricing.instances[42] = 1 << 40;
        refused(made, PublicValues.ValueOutOfRange.selector);
        made = epoch();
        made.pricing.instances[42] = F;
        refused(made, PublicValues.ValueOutOfRange.selector);
        made = epoch();
        made.pricing.instances = new uint256[](68);
        refused(made, PublicValues.WrongNumberOfValues.selector);
    }

    function test_refusesBooksThatAreNotThatOfTheClusters() public {
        RiskOracle.Epoch memory made = epoch();
        made.covariances[0].instances[57] = 1;
        refused(made, RiskOracle.ExposureOfNoMarket.selector);
        made = epoch();
        made.covariances[0].instances[55] += 1;
        refused(made, RiskOracle.NetExposureDiffers.selector);
        for (uint256 field = 0; field < 5; field++) {
            made = epoch();
            made.pricing.instances[59 + 2 * field] += 1;
            refused(made, RiskOracle.NotTheStandingBook.selector);
        }
        made = epoch();
        made.pricing.instances[68] += 1;
        refused(made, RiskOracle.BudgetDiffers.selector);
        made = epoch();
        made.unit = 0;
        refused(made, RiskOracle.UnitIsZero.selector);
        made = epoch();
        made.covariances = new RiskOracle.Proof[](2);
        refused(made, RiskOracle.WrongNumberOfProofs.selector);
    }

    function test_aPriceSourceThatReentersGetsNowhere() public {
        RiskOracle.Epoch memory made = epoch();
        prices.arm(oracle, abi.encodeCall(RiskOracle.publish, (made)));
        oracle.publish(made);
        (RiskOracle.Measure memory last,) = oracle.measure();
        equal(last.number, 1);
    }

    function test_saysWhenItIsNotFresh() public {
        published();
        vm.warp(block.timestamp + 2 hours);
        (, bool fresh) = oracle.measure();
        holds(fresh, "at the limit");
        oracle.freshMeasure();
        vm.warp(block.timestamp + 1);
        (, fresh) = oracle.measure();
        holds(!fresh, "past it");
        (, fresh) = oracle.margin(ETH);
        holds(!fresh, "margin past it");
        vm.expectRevert();
        oracle.freshMeasure();
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.MarketUnknown.selector, bytes32("DOGE")));
        oracle.margin("DOGE");
    }

    function testFuzz_marginsNeverMoveFasterThanAllowed(uint64[6] calldata variances, uint8[6] calldata blocks) public {
        (uint64 last,) = (uint64(0), false);
        for (uint256 i = 0; i < 6; i++) {
            RiskOracle.Epoch memory made = epoch();
            made.covariances[0].instances[39] = variances[i] % (1 << 39);
            oracle.publish(made);
            bar += BAR;
            state += 1;
            (uint64 share,) = oracle.margin(BTC);
            // Publishing itself moves nothing but the first value.
            if (i > 0) equal(share, last);
            last = share;
            for (uint256 passed = 0; passed < blocks[i] % 60; passed++) {
                vm.roll(block.number + 1);
                (share,) = oracle.margin(BTC);
                holds((share > last ? share - last : last - share) <= 2e15 + 1, "velocity");
                holds(share >= 1e15 && share <= 1e18, "limits");
                last = share;
            }
        }
    }

    // ------------------------------------------------------------ registry

    function test_installsOnlyWhatWasProposedAndOnlyAfterTheDelay() public {
        RiskOracle.Model memory next = model(bar);
        vm.expectRevert();
        oracle.installModel(next);
        oracle.proposeModel(next);
        vm.warp(block.timestamp + DELAY - 1);
        vm.expectRevert();
        oracle.installModel(next);
        vm.warp(block.timestamp + 1);
        next.correlation += 1;
        vm.expectRevert();
        oracle.installModel(next);
        next.correlation -= 1;
        oracle.installModel(next);
        vm.expectRevert();
        oracle.installModel(next);
        RiskOracle.Verifiers memory keys = verifiers();
        keys.pricingKey = address(1);
        oracle.proposeVerifiers(keys);
        oracle.cancel(keccak256(abi.encode("verifiers", keys)));
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert();
        oracle.installVerifiers(keys);
    }

    function test_aModelCannotTakeTheChainBack() public {
        published();
        RiskOracle.Model memory old = model(bar - BAR);
        oracle.proposeModel(old);
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.BarOutOfOrder.selector, bar, bar - BAR));
        oracle.installModel(old);
    }

    function test_refusesTheDevelopmentSrsAndShortDelaysElsewhereThanOnLocalChains() public {
        vm.chainId(1);
        RiskOracle.Verifiers memory keys = verifiers();
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.DevelopmentSrs.selector, 1));
        oracle.proposeVerifiers(keys);
        keys.development = false;
        oracle.proposeVerifiers(keys);
        GuardRails.Limits memory margins = GuardRails.Limits(1e15, 1e18, 5e16, 2e15, 50);
        RiskOracle.Settings memory settings = RiskOracle.Settings(prices, BUDGET, DELAY - 1, 2 hours, margins);
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.DelayTooShort.selector, DELAY - 1, 1 days));
        new RiskOracle(address(this), settings);
        vm.chainId(31337);
        settings.margins.velocity = 0;
        vm.expectRevert(GuardRails.LimitsInvalid.selector);
        new RiskOracle(address(this), settings);
    }

    function test_everyDoorHasItsRole() public {
        RiskOracle.Epoch memory made = epoch();
        address stranger = address(0xbad);
        vm.startPrank(stranger);
        bytes[7] memory calls = [
            abi.encodeCall(RiskOracle.publish, (made)),
            abi.encodeCall(RiskOracle.attestLiquidation, (bytes32("plan"), made.pricing)),
            abi.encodeCall(RiskOracle.proposeModel, (model(bar))),
            abi.encodeCall(RiskOracle.installModel, (model(bar))),
            abi.encodeCall(RiskOracle.proposeVerifiers, (verifiers())),
            abi.encodeCall(RiskOracle.pause, ()),
            abi.encodeCall(RiskOracle.unpause, ())
        ];
        for (uint256 i = 0; i < calls.length; i++) {
            (bool done, bytes memory reason) = address(oracle).call(calls[i]);
            holds(!done && bytes4(reason) == IAccessControl.AccessControlUnauthorizedAccount.selector, "role");
        }
        vm.stopPrank();
        oracle.pause();
        refused(made, Pausable.EnforcedPause.selector);
        oracle.unpause();
        oracle.publish(made);
    }

    // ------------------------------------------------------------ liquidations

    function liquidation() private pure returns (uint256[] memory v) {
        v = new uint256[](246);
        (v[33], v[34]) = (uint256(5 * ONE), uint256(5 * ONE)); // tilts
        v[36] = F - 1; // excess
        (v[37], v[38]) = (uint256(10 * ONE), uint256(10 * ONE)); // objective, bound
        v[223] = uint256(ONE / 2);
        v[241] = uint256(2 * ONE);
        v[242] = uint256(int256(BUDGET));
        v[243] = uint256(ONE);
    }

    function test_attestsAPlanOnce() public {
        RiskOracle.Proof memory proof = RiskOracle.Proof("", liquidation());
        oracle.attestLiquidation("plan", proof);
        vm.snapshotGasLastCall("attestLiquidation, without the verifier");
        equal(oracle.attestedIn("plan"), 1);
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.AlreadyAttested.selector, bytes32("plan")));
        oracle.attestLiquidation("plan", proof);
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.AlreadyAttested.selector, bytes32("other")));
        oracle.attestLiquidation("other", proof);
        verifier.tell(ToldVerifier.Answer.No, KEY_L);
        proof.instances[36] = F - 2;
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.ProofRefused.selector, 0));
        oracle.attestLiquidation("third", proof);
    }

    function test_refusesPlansThatAreNotOptimal() public {
        attestRefused(0, 4101, PublicValues.ResidualAboveTolerance.selector);
        attestRefused(16, F - 2053, PublicValues.ResidualAboveTolerance.selector);
        attestRefused(18, 2051, PublicValues.ResidualAboveTolerance.selector);
        attestRefused(28, 5, PublicValues.ResidualAboveTolerance.selector);
        attestRefused(30, 7, PublicValues.ResidualAboveTolerance.selector);
        attestRefused(32, F - 4257, PublicValues.TooMuchEntropy.selector);
        attestRefused(34, 0, PublicValues.TiltOutOfRange.selector);
        attestRefused(36, (1 << 14) + 1, PublicValues.MarginNotRestored.selector);
        attestRefused(38, uint256(10 * ONE) - (1 << 19) - 1, PublicValues.NotOptimal.selector);
        attestRefused(100, (1 << 39) + 1, PublicValues.ValueOutOfRange.selector);
        attestRefused(223, uint256(ONE) + 1, PublicValues.FractionOutOfRange.selector);
        attestRefused(238, F - 1, PublicValues.FractionOutOfRange.selector);
        attestRefused(241, 0, PublicValues.VolatilityOutOfRange.selector);
        attestRefused(242, 1, RiskOracle.BudgetDiffers.selector);
        attestRefused(243, uint256(ONE) - 1, PublicValues.MultipliersNotNormalised.selector);
        attestRefused(244, F - 1, PublicValues.MultiplierNegative.selector);
        attestRefused(245, F - 1, PublicValues.MultiplierNegative.selector);
        uint256[] memory v = liquidation();
        (v[243], v[244], v[245]) = (0, uint256(ONE / 4), uint256(3 * ONE / 4));
        v[38] = F - (1 << 14) - 1;
        vm.expectRevert(abi.encodeWithSelector(PublicValues.NotShownInfeasible.selector, -int256(1 << 14) - 1));
        oracle.attestLiquidation("plan", RiskOracle.Proof("", v));
        v[38] = F - (1 << 14);
        oracle.attestLiquidation("plan", RiskOracle.Proof("", v));
    }

    // ------------------------------------------------------------ help

    function attestRefused(uint256 index, uint256 value, bytes4 error) private {
        uint256[] memory v = liquidation();
        v[index] = value;
        (bool done, bytes memory reason) =
            address(oracle).call(abi.encodeCall(RiskOracle.attestLiquidation, ("plan", RiskOracle.Proof("", v))));
        holds(!done && bytes4(reason) == error, "liquidation");
    }

    function refused(RiskOracle.Epoch memory made, bytes4 error) private {
        (bool done, bytes memory reason) = address(oracle).call(abi.encodeCall(RiskOracle.publish, (made)));
        holds(!done, "taken");
        equal(uint32(bytes4(reason)), uint32(error));
    }
}
