// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LiquidationLayout as L} from "../src/generated/Layout.sol";
import {LiquidationValues} from "../src/LiquidationValues.sol";
import {LiquidationAttestor} from "../src/LiquidationAttestor.sol";
import {IPriceSource} from "../src/prices/IPriceSource.sol";
import {SandwichValues} from "../src/SandwichValues.sol";
import {AttestationFixture} from "./AttestationFixture.sol";
import {ToldVerifier} from "./OracleFixture.sol";

contract AttestationTest is AttestationFixture {
    function test_attestsAPlanOnce() public {
        uint256[] memory v = liquidation();
        attest("plan", v);
        vm.snapshotGasLastCall("attestLiquidation, without the verifier");
        equal(attestor.attestedIn("plan"), 2);
        equal(attestor.notionalOf("plan"), 150e18);
        vm.expectRevert(abi.encodeWithSelector(LiquidationAttestor.AlreadyAttested.selector, bytes32("plan")));
        attest("plan", v);
        vm.expectRevert(abi.encodeWithSelector(LiquidationAttestor.AlreadyAttested.selector, bytes32("other")));
        attest("other", v);
        v[L.EXCESS] = F - 2;
        for (uint256 answer = 1; answer < 3; answer++) {
            verifier.tell(ToldVerifier.Answer(answer), KEY_L);
            vm.expectRevert(LiquidationAttestor.ProofRefused.selector);
            attest("third", v);
        }
    }

    function test_thePublisherAttestsWhileTheOracleIsNotPaused() public {
        uint256[] memory v = liquidation();
        (LiquidationAttestor.ProvenBar memory of_, LiquidationAttestor.Account memory a) = (provenBar(), account());
        vm.prank(address(0xbad));
        vm.expectRevert(abi.encodeWithSelector(LiquidationAttestor.NotThePublisher.selector, address(0xbad)));
        attestor.attestLiquidation("plan", of_, a, LiquidationAttestor.Proof("", v), linear());
        oracle.pause();
        vm.expectRevert(LiquidationAttestor.Paused.selector);
        attest("plan", v);
        oracle.unpause();
        attest("plan", v);
    }

    /// @dev Every field of an epoch's stated values.
    function test_refusesWhatNoEpochHasProven() public {
        for (uint256 i = 0; i < 7; i++) {
            LiquidationAttestor.ProvenBar memory of_ = provenBar();
            if (i == 0) of_.number = 2;
            if (i == 1) of_.bar -= BAR;
            if (i == 2) of_.barSeconds += 1;
            if (i == 3) of_.tailFactor += 1;
            if (i == 4) of_.markets[0] = "DOGE";
            if (i == 5) of_.variances[0] -= 1;
            if (i == 6) of_.variances = new uint256[](1);
            attestRefused(of_, account(), liquidation(), LiquidationAttestor.NotProvenSo.selector);
        }
    }

    function test_refusesAccountsThatAreNotAtPricesHeldWithVariancesProven() public {
        LiquidationAttestor.Account memory a = account();
        a.time = bar - 1;
        refusedFor(a, LiquidationAttestor.OutsideTheBar.selector);
        a.time = bar + BAR + 1;
        refusedFor(a, LiquidationAttestor.OutsideTheBar.selector);
        a.time = bar + 61;
        refusedFor(a, IPriceSource.PriceUnknown.selector);
        setPrices(bar + 61, 101e18, 50e18);
        refusedFor(a, LiquidationAttestor.NotionalDiffers.selector);
        a = account();
        a.unit = 0;
        refusedFor(a, LiquidationAttestor.UnitIsZero.selector);
        a.unit = 1e18;
        refusedFor(a, LiquidationAttestor.NotionalDiffers.selector);
        a = account();
        a.places[1] = 1;
        refusedFor(a, LiquidationAttestor.MarketTwice.selector);
        attestRefused(L.PUBLIC_NOTIONALS + 2, 1, LiquidationAttestor.PositionOfNoMarket.selector);
        // a variance that is further away than the rounding of a model can bring it, either way
        uint256 right = uint256(ONE * 3515625 / 1000000);
        varianceRefused(right - right / 900);
        varianceRefused(right + right / 900);
        varianceRefused(F - right);
        varianceRefused(0);
        uint256[] memory v = liquidation();
        v[L.PUBLIC_COVARIANCE] = right - right / 1100;
        attest("plan", v);
    }

    function varianceRefused(uint256 value) private {
        uint256[] memory v = liquidation();
        v[L.PUBLIC_COVARIANCE] = value;
        attestRefused(provenBar(), account(), v, LiquidationAttestor.VarianceDiffers.selector);
    }

    function test_refusesPlansThatAreNotOptimal() public {
        bytes4 above = SandwichValues.ValueAboveTolerance.selector;
        attestRefused(L.VIOLATIONS, 1, SandwichValues.Violated.selector);
        attestRefused(L.RESIDUAL_VARIANCE, uint256(((3 * ONE + 1) << 24) + 1), above);
        attestRefused(L.RESIDUAL_DIRECTION + 15, F - uint256(3 * ONE / 2 + 2), above);
        attestRefused(L.RESIDUAL_RATIO, uint256(ONE + 2), above);
        attestRefused(L.RESIDUAL_RATIO + 1, uint256(3 * ONE / 2 + 2), above);
        attestRefused(L.RESIDUAL_INVERSE + 3, uint256(6 * ONE + 1), above);
        attestRefused(L.RESIDUAL_LOG, uint256(3 * ONE / 2 + 9), above);
        attestRefused(L.RESIDUAL_PROBABILITY + 1, uint256(ONE + 9), above);
        attestRefused(L.RESIDUAL_DENSITY, uint256(ONE + 9), above);
        attestRefused(L.RESIDUAL_UPPER, uint256(5 * ONE / 2 + 2), above);
        attestRefused(L.SLACK, 64 + 5 * 16 + 1, above);
        attestRefused(L.SLACK + 1, F - 64 - 5 * 16 - 1, above);
        attestRefused(L.TILT + 1, 0, SandwichValues.TiltOutside.selector);
        attestRefused(L.TILT, (8192 << 24) + 1, SandwichValues.TiltOutside.selector);
        attestRefused(L.VOLATILITY_AFTER, (1 << 20) - 1, SandwichValues.VolatilityOutside.selector);
        attestRefused(L.PUBLIC_SCALARS + 2, (1 << 38) + 1, SandwichValues.VolatilityOutside.selector);
        attestRefused(L.EXCESS, uint256((8 * ONE) >> 12) + 1, LiquidationValues.MarginNotRestored.selector);
        attestRefused(
            L.BOUND, uint256(10 * ONE - ((10 * ONE) >> 11) - 1025), LiquidationValues.NotOptimal.selector
        );
        attestRefused(L.PUBLIC_COVARIANCE + 135, (1 << 56) + 1, above);
        attestRefused(L.PUBLIC_BOOK, F, SandwichValues.NotAFieldElement.selector);
        attestRefused(L.PUBLIC_RELIEF + 3, (1 << 39) + 1, above);
        attestRefused(L.PUBLIC_SCALARS, (1 << 39) + 1, above);
        attestRefused(L.PUBLIC_SCALARS + 1, (1 << 56) + 1, above);
        attestRefused(L.PUBLIC_SCALARS + 5, (1 << 39) + 1, above);
        attestRefused(L.PUBLIC_NOTIONALS + 1, F - 1, LiquidationValues.NotionalNegative.selector);
        attestRefused(L.PUBLIC_NOTIONALS, uint256(38 * ONE) - 1, LiquidationValues.NotionalOutsideUnit.selector);
        attestRefused(L.PUBLIC_NOTIONALS, uint256(104 * ONE) + 1, LiquidationValues.NotionalOutsideUnit.selector);
        attestRefused(L.PUBLIC_FRACTIONS, uint256(ONE) + 1, LiquidationValues.FractionOutOfRange.selector);
        attestRefused(L.PUBLIC_FRACTIONS + 15, F - 1, LiquidationValues.FractionOutOfRange.selector);
        attestRefused(L.PUBLIC_SCALARS + 3, 1, LiquidationAttestor.BudgetDiffers.selector);
        attestRefused(L.PUBLIC_SCALARS + 4, uint256(ONE) - 1, LiquidationValues.MultipliersNotNormalised.selector);
        attestRefused(L.PUBLIC_SCALARS + 5, F - 1, LiquidationValues.MultiplierNegative.selector);
        attestRefused(L.PUBLIC_SCALARS + 6, F - 1, LiquidationValues.MultiplierNegative.selector);
        uint256[] memory v = liquidation();
        v[L.PUBLIC_SCALARS + 4] = 0;
        (v[L.PUBLIC_SCALARS + 5], v[L.PUBLIC_SCALARS + 6]) = (uint256(ONE / 4), uint256(3 * ONE / 4));
        v[L.BOUND] = F - 1;
        vm.expectRevert(abi.encodeWithSelector(LiquidationValues.NotShownInfeasible.selector, -int256(1)));
        attest("plan", v);
        v[L.BOUND] = 0;
        attest("plan", v);
    }
}
