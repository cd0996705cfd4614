// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IPriceSource} from "../src/prices/IPriceSource.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {PublicValues} from "../src/PublicValues.sol";
import {RiskOracle} from "../src/RiskOracle.sol";
import {Timelocked} from "../src/governance/Timelocked.sol";
import {OracleFixture, ToldVerifier} from "./OracleFixture.sol";

contract RiskOracleTest is OracleFixture {
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

    /// @dev It counts from the bar: what is published late is not fresh for longer.
    function test_saysWhenItIsNotFresh() public {
        RiskOracle.Epoch memory made = epoch();
        vm.warp(made.bar + 2 hours);
        oracle.publish(made);
        (, bool fresh) = oracle.measure();
        holds(fresh, "at the limit");
        oracle.freshMeasure();
        vm.warp(block.timestamp + 1);
        (, fresh) = oracle.measure();
        holds(!fresh, "past it");
        (, fresh) = oracle.margin(ETH);
        holds(!fresh, "margin past it");
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.NotFresh.selector, made.bar, 2 hours));
        oracle.freshMeasure();
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.MarketUnknown.selector, bytes32("DOGE")));
        oracle.margin("DOGE");
    }

    function test_refusesABarThatIsNotOver() public {
        RiskOracle.Epoch memory made = epoch();
        vm.warp(made.bar - 1);
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.BarNotOver.selector, made.bar));
        oracle.publish(made);
        vm.warp(made.bar);
        oracle.publish(made);
    }

    function test_aMarketTheModelHasDroppedGoesStale() public {
        published();
        uint64 last = bar;
        ModelRegistry.Model memory next = model(bar);
        bytes32[] memory one = new bytes32[](1);
        one[0] = BTC;
        next.clusters[0].markets = one;
        propose(next);
        vm.warp(block.timestamp + DELAY);
        oracle.installModel(next);
        RiskOracle.Epoch memory made = epoch();
        made.covariances[0].instances[56] = 0;
        made.covariances[0].instances[55] = uint256(ONE / 4);
        vm.warp(last + 2 hours + 1);
        oracle.publish(made);
        (uint64 share, bool fresh) = oracle.margin(ETH);
        holds(share != 0 && !fresh, "dropped");
        (, fresh) = oracle.margin(BTC);
        holds(fresh, "kept");
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

    function test_everyDoorHasItsRole() public {
        RiskOracle.Epoch memory made = epoch();
        address stranger = address(0xbad);
        vm.startPrank(stranger);
        bytes[7] memory calls = [
            abi.encodeCall(RiskOracle.publish, (made)),
            abi.encodeCall(RiskOracle.attestLiquidation, (bytes32("plan"), made.pricing)),
            abi.encodeCall(Timelocked.propose, (abi.encodeCall(ModelRegistry.installModel, (model(bar))))),
            abi.encodeCall(ModelRegistry.installModel, (model(bar))),
            abi.encodeCall(ModelRegistry.installVerifiers, (verifiers())),
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
}
