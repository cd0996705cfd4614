// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LiquidationLayout as L} from "../src/generated/Layout.sol";
import {LiquidationValues} from "../src/LiquidationValues.sol";
import {LiquidationAttestor} from "../src/LiquidationAttestor.sol";
import {IPriceSource} from "../src/prices/IPriceSource.sol";
import {SandwichValues} from "../src/SandwichValues.sol";
import {OracleFixture, ToldVerifier} from "./OracleFixture.sol";

contract AttestationTest is OracleFixture {
    LiquidationAttestor private attestor;

    /// @dev An account of 0.5 BTC and 2 ETH at 100 and 50 with a unit of 2: notionals of 25 and 50 units.
    function setUp() public override {
        super.setUp();
        published();
        attestor = oracle.attestor();
        setPrices(bar + 60, 100e18, 50e18);
    }

    function provenBar() private view returns (LiquidationAttestor.ProvenBar memory made) {
        made.number = 1;
        made.bar = bar;
        made.barSeconds = uint32(BAR);
        made.tailFactor = int256(KAPPA);
        made.markets = new bytes32[](2);
        (made.markets[0], made.markets[1]) = (BTC, ETH);
        made.variances = new uint256[](2);
        (made.variances[0], made.variances[1]) = (4 << 128, 9 << 128);
    }

    function account() private view returns (LiquidationAttestor.Account memory made) {
        made.time = bar + 60;
        made.unit = 2e18;
        made.places = new uint8[](2);
        (made.places[0], made.places[1]) = (1, 0);
        made.sizes = new uint256[](2);
        (made.sizes[0], made.sizes[1]) = (2e8, 5e7);
    }

    function liquidation() private pure returns (uint256[] memory v) {
        v = new uint256[](L.COUNT);
        (v[L.TILT], v[L.TILT + 1]) = (uint256(5 * ONE), uint256(5 * ONE));
        v[L.VOLATILITY_AFTER] = uint256(3 * ONE);
        v[L.EXCESS] = F - 1;
        (v[L.OBJECTIVE], v[L.BOUND]) = (uint256(10 * ONE), uint256(10 * ONE));
        (v[L.PUBLIC_NOTIONALS], v[L.PUBLIC_NOTIONALS + 1]) = (uint256(50 * ONE), uint256(25 * ONE));
        // (1.25 * 50)^2 * 9e-4 and (1.25 * 25)^2 * 4e-4
        v[L.PUBLIC_COVARIANCE] = uint256(ONE * 3515625 / 1000000);
        v[L.PUBLIC_COVARIANCE + 16] = uint256(ONE * 390625 / 1000000);
        v[L.PUBLIC_RELIEF] = uint256(8 * ONE);
        v[L.PUBLIC_FRACTIONS] = uint256(ONE / 2);
        v[L.PUBLIC_SCALARS + 2] = uint256(2 * ONE);
        v[L.PUBLIC_SCALARS + 3] = uint256(int256(BUDGET));
        v[L.PUBLIC_SCALARS + 4] = uint256(ONE);
    }

    function attest(bytes32 plan, uint256[] memory v) private {
        attestor.attestLiquidation(plan, provenBar(), account(), LiquidationAttestor.Proof("", v));
    }

    function test_attestsAPlanOnce() public {
        uint256[] memory v = liquidation();
        attest("plan", v);
        vm.snapshotGasLastCall("attestLiquidation, without the verifier");
        equal(attestor.attestedIn("plan"), 2);
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
        attestor.attestLiquidation("plan", of_, a, LiquidationAttestor.Proof("", v));
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
        a.sizes[1] += 1;
        refusedFor(a, LiquidationAttestor.NotionalDiffers.selector);
        a = account();
        a.places[1] = 1;
        refusedFor(a, LiquidationAttestor.MarketTwice.selector);
        a = account();
        a.sizes = new uint256[](1);
        refusedFor(a, LiquidationAttestor.PositionsDiffer.selector);
        a.places = new uint8[](1);
        (a.places[0], a.sizes[0]) = (1, 2e8);
        refusedFor(a, LiquidationAttestor.PositionOfNoMarket.selector);
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

    function refusedFor(LiquidationAttestor.Account memory a, bytes4 error) private {
        attestRefused(provenBar(), a, liquidation(), error);
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

    function attestRefused(uint256 index, uint256 value, bytes4 error) private {
        uint256[] memory v = liquidation();
        v[index] = value;
        attestRefused(provenBar(), account(), v, error);
    }

    function attestRefused(
        LiquidationAttestor.ProvenBar memory of_,
        LiquidationAttestor.Account memory a,
        uint256[] memory v,
        bytes4 error
    ) private {
        bytes memory call =
            abi.encodeCall(LiquidationAttestor.attestLiquidation, ("plan", of_, a, LiquidationAttestor.Proof("", v)));
        (bool done, bytes memory reason) = address(attestor).call(call);
        holds(!done && bytes4(reason) == error, "liquidation");
    }
}
