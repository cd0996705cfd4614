// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BarValues} from "../src/BarValues.sol";
import {BarLayout as B} from "../src/generated/Layout.sol";
import {IPriceSource} from "../src/prices/IPriceSource.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {RiskOracle} from "../src/RiskOracle.sol";
import {SandwichValues} from "../src/SandwichValues.sol";
import {OracleFixture, ToldVerifier} from "./OracleFixture.sol";

contract RiskOracleTest is OracleFixture {
    function test_publishesAnEpochWhoseProofsHold() public {
        RiskOracle.Epoch memory made = epoch();
        oracle.publish(made);
        vm.snapshotGasLastCall("publish, two markets, first, without the verifier");
        (RiskOracle.Measure memory last, bool fresh) = oracle.measure();
        holds(fresh && !last.chained, "fresh, not chained");
        equal(last.number, 1);
        equal(last.bar, made.bar);
        equal(uint64(last.upper), uint256(3 * ONE));
        equal(uint64(last.capital), uint256(300 * ONE));
        equal(uint64(last.pending), 100 << 21);
        equal(uint64(last.tailFactor), KAPPA);
        (uint64 share,) = oracle.margin(BTC);
        // 1.25 sqrt(2 * 4.60517) * 2 % = 7.5871 %
        holds(share > 75870e12 && share < 75872e12, "kappa sqrt(-2 ln alpha) sigma");
        bar += BAR;
        state += 1;
        oracle.publish(epoch());
        vm.snapshotGasLastCall("publish, two markets, without the verifier");
        (last,) = oracle.measure();
        holds(last.chained, "chained");
    }

    /// @dev Gas of the contract beside the verifier's where a proof is full: first and later epochs.
    function test_publishesABarOfThirtyTwoMarkets() public {
        ModelRegistry.Model memory full = model(bar);
        full.parts[0].markets = new bytes32[](B.MARKETS);
        for (uint256 i = 0; i < B.MARKETS; i++) {
            full.parts[0].markets[i] = bytes32(i + 1);
            for (uint64 b = 0; b < 3; b++) prices.set(bytes32(i + 1), bar + b * BAR, 1e18);
        }
        install(full);
        for (uint256 n = 0; n < 2; n++) {
            RiskOracle.Epoch memory made = epoch();
            uint256[] memory v = made.bars[0].instances;
            for (uint256 i = 0; i < B.MARKETS; i++) (v[B.EXPOSURES + i], v[B.VARIANCES + i]) = (3 << 24, (4 + n) << 128);
            oracle.publish(made);
            vm.snapshotGasLastCall(
                n == 0
                    ? "publish, 32 markets, first, without the verifier"
                    : "publish, 32 markets, without the verifier"
            );
            bar += BAR;
            state += 1;
        }
    }

    function test_aBarBeginsAtThePricesThatTheEpochBeforeEndedAt() public {
        // The state came with the model: the source's prices count, whatever is said.
        RiskOracle.Epoch memory first = epoch();
        first.before = new uint256[](0);
        oracle.publish(first);
        bar += BAR;
        state += 1;
        RiskOracle.Epoch memory next = epoch();
        // BTC doubles, and the publisher says that it had been there before.
        setPrices(bar + BAR, 200e18, 50e18);
        refused(next, RiskOracle.PriceDiffers.selector);
        next.before[0] = 200e18;
        refused(next, RiskOracle.ClosesDiffer.selector);
        next.before = new uint256[](0);
        refused(next, RiskOracle.ClosesDiffer.selector);
        next.before = new uint256[](3);
        refused(next, RiskOracle.ClosesDiffer.selector);
        // The order is the model's.
        next = epoch();
        (next.before[0], next.before[1]) = (next.before[1], next.before[0]);
        refused(next, RiskOracle.ClosesDiffer.selector);
        oracle.publish(epoch());
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
        for (uint256 answer = 1; answer < 3; answer++) {
            verifier.tell(ToldVerifier.Answer(answer), KEY_B);
            RiskOracle.Epoch memory made = epoch();
            vm.expectRevert(abi.encodeWithSelector(RiskOracle.ProofRefused.selector, 0));
            oracle.publish(made);
        }
    }

    function test_refusesAnotherModelABrokenChainAndMarketsThatAreNone() public {
        altered(B.MODEL_COMMITMENT, 401, RiskOracle.ModelDiffers.selector);
        altered(B.STATE_COMMITMENT, 501, RiskOracle.ChainBroken.selector);
        altered(B.EXPOSURES + 2, 1, RiskOracle.ExposureOfNoMarket.selector);
        altered(B.LOG_RETURNS + 31, 1, RiskOracle.ExposureOfNoMarket.selector);
        for (uint256 i = 0; i < B.PUBLIC_OTHERS_LENGTH; i++) {
            altered(B.PUBLIC_OTHERS + i, 1, BarValues.OthersDiffer.selector);
        }
        RiskOracle.Epoch memory made = epoch();
        made.unit = 0;
        refused(made, RiskOracle.UnitIsZero.selector);
        made = epoch();
        made.bars = new RiskOracle.Proof[](2);
        refused(made, RiskOracle.WrongNumberOfProofs.selector);
        made = epoch();
        made.bars[0].instances = new uint256[](231);
        refused(made, BarValues.WrongNumberOfBarValues.selector);
        made = epoch();
        made.book = "sums";
        refused(made, RiskOracle.BookNotBound.selector);
    }

    /// @dev ln 1.02 = 1.98026272961797 percent, in units of 2^-48, and 2^-20 percent either way.
    function test_refusesReturnsThatAreNotThoseOfThePrices() public {
        uint256 two = 557394405700199;
        uint256 allowed = 1 << 28;
        altered(B.LOG_RETURNS, allowed + 1, RiskOracle.PriceDiffers.selector);
        altered(B.LOG_RETURNS, negative(allowed + 1), RiskOracle.PriceDiffers.selector);
        RiskOracle.Epoch memory made = epoch();
        prices.set(ETH, made.bar, 0);
        vm.expectRevert(abi.encodeWithSelector(IPriceSource.PriceUnknown.selector, ETH, made.bar));
        oracle.publish(made);
        prices.set(ETH, made.bar, 51e18);
        refused(made, RiskOracle.PriceDiffers.selector);
        // 2 percent are not their logarithm
        made.bars[0].instances[B.LOG_RETURNS + 1] = 2 << 48;
        refused(made, RiskOracle.PriceDiffers.selector);
        made.bars[0].instances[B.LOG_RETURNS + 1] = two + allowed + 2000;
        refused(made, RiskOracle.PriceDiffers.selector);
        made.bars[0].instances[B.LOG_RETURNS + 1] = two - allowed + 2000;
        made.bars[0].instances[B.LOG_RETURNS] = allowed;
        oracle.publish(made);
    }

    /// @dev Every condition that libs/proofs has of one proof, one unit past it.
    function test_refusesPublicValuesOutsideTheirTolerances() public {
        bytes4 above = SandwichValues.ValueAboveTolerance.selector;
        uint256 s = 64 << 24;
        altered(B.VIOLATIONS, 1, SandwichValues.Violated.selector);
        altered(B.RESIDUAL_VOLATILITY, ((s + 1) << 128) + 1, above);
        altered(B.RESIDUAL_RATE, negative(((s + 1) << 128) + 1), above);
        altered(B.RESIDUAL_RATIO, (40 << 24) + 2, above);
        altered(B.RESIDUAL_INVERSE + 3, negative(100663297), above);
        altered(B.RESIDUAL_LOG, 25165833, above);
        altered(B.RESIDUAL_PROBABILITY, negative(16777225), above);
        altered(B.RESIDUAL_DENSITY, 16777225, above);
        altered(B.RESIDUAL_UPPER, (5 << 23) + 2, above);
        altered(B.RESIDUAL_SPREAD + 1, s / 2 + 2, above);
        altered(B.RESIDUAL_GAMMA, s / 2 + 2, above);
        altered(B.SLACK, 64 + 5 * 16 + 1, above);
        altered(B.SLACK, negative(64 + 5 * 16 + 1), above);
        altered(B.TILT, 0, SandwichValues.TiltOutside.selector);
        altered(B.TILT, (8192 << 24) + 1, SandwichValues.TiltOutside.selector);
        altered(B.VOLATILITY, (1 << 20) - 1, SandwichValues.VolatilityOutside.selector);
        altered(B.SCALED_VOLATILITY, (1 << 38) + 1, SandwichValues.VolatilityOutside.selector);
        altered(B.UPPER, 8191, BarValues.UpperTooSmall.selector);
        altered(B.UPPER, F, SandwichValues.NotAFieldElement.selector);
        altered(BarValues.TAIL_FACTOR, (1 << 24) - 1, BarValues.TailFactorOutOfRange.selector);
        altered(BarValues.TAIL_FACTOR, (1 << 28) + 1, BarValues.TailFactorOutOfRange.selector);
        altered(BarValues.BUDGET, 77261984, BarValues.BudgetDiffers.selector);
        for (uint256 i = 0; i < 4; i++) altered(BarValues.ENTRY + i, negative((1 << 39) + 1), above);
        // a gross exposure of 63 and 129 units, and a place of more than that
        altered(B.EXPOSURES, (23 << 24) - 1, BarValues.GrossOutsideUnit.selector);
        altered(B.EXPOSURES, (89 << 24) + 1, BarValues.GrossOutsideUnit.selector);
        altered(B.EXPOSURES, (129 << 24) + 1, above);
        RiskOracle.Epoch memory fits = epoch();
        uint256[] memory v = fits.bars[0].instances;
        v[B.RESIDUAL_VOLATILITY] = (s + 1) << 128;
        (v[B.RESIDUAL_RATIO], v[B.RESIDUAL_SPREAD], v[B.SLACK]) = ((40 << 24) + 1, s / 2 + 1, negative(64 + 5 * 16));
        oracle.publish(fits);
    }

    function test_takesABarInTwoParts() public {
        install(split(bar));
        RiskOracle.Epoch memory made = splitEpoch();
        oracle.publish(made);
        (RiskOracle.Measure memory last,) = oracle.measure();
        equal(uint64(last.upper), 3 << 24);
        ModelRegistry.Model memory after_ = oracle.model();
        equal(after_.parts[0].state, state + 1);
        equal(after_.parts[1].state, state + 1001);
        (uint64 share,) = oracle.margin(ETH);
        // 1.25 sqrt(2 * 4.60517) * 3 % = 11.3807 %
        holds(share > 113806e12 && share < 113808e12, "the second part's market");
    }

    function test_refusesPartsThatDoNotFitTogether() public {
        install(split(bar));
        for (uint256 p = 0; p < 2; p++) {
            for (uint256 i = 0; i < B.PUBLIC_OTHERS_LENGTH; i++) {
                partAltered(p, B.PUBLIC_OTHERS + i, BarValues.OthersDiffer.selector);
                partAltered(p, B.PARTIAL_FACTORS + i, BarValues.OthersDiffer.selector);
            }
            for (uint256 i = 0; i < B.COMMON_VARIANCES_LENGTH; i++) {
                partAltered(p, B.COMMON_VARIANCES + i, BarValues.CommonFactorsDiffer.selector);
            }
            for (uint256 i = 0; i < 4; i++) partAltered(p, B.PUBLIC_BOOK + i, BarValues.BookDiffers.selector);
            partAltered(p, BarValues.TAIL_FACTOR, BarValues.BookDiffers.selector);
            partAltered(p, B.MODEL_COMMITMENT, RiskOracle.ModelDiffers.selector);
            partAltered(p, B.STATE_COMMITMENT, RiskOracle.ChainBroken.selector);
        }
        // Each part's gross is below 64 units; it is the sum that counts.
        RiskOracle.Epoch memory made = splitEpoch();
        made.bars[1].instances[B.EXPOSURES] = negative(2 << 24);
        refused(made, BarValues.GrossOutsideUnit.selector);
    }

    function partAltered(uint256 p, uint256 index, bytes4 error) private {
        RiskOracle.Epoch memory made = splitEpoch();
        made.bars[p].instances[index] += 1;
        refused(made, error);
    }

    function altered(uint256 index, uint256 value, bytes4 error) private {
        RiskOracle.Epoch memory made = epoch();
        made.bars[0].instances[index] = value;
        refused(made, error);
    }

    function test_aPriceSourceThatReentersGetsNowhere() public {
        RiskOracle.Epoch memory made = epoch();
        prices.arm(oracle, abi.encodeCall(RiskOracle.publish, (made)));
        oracle.publish(made);
        (RiskOracle.Measure memory last,) = oracle.measure();
        equal(last.number, 1);
    }
}
