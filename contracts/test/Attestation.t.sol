// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LiquidationLayout as L} from "../src/generated/Layout.sol";
import {LiquidationValues} from "../src/LiquidationValues.sol";
import {RiskOracle} from "../src/RiskOracle.sol";
import {SandwichValues} from "../src/SandwichValues.sol";
import {OracleFixture, ToldVerifier} from "./OracleFixture.sol";

contract AttestationTest is OracleFixture {
    function liquidation() private pure returns (uint256[] memory v) {
        v = new uint256[](L.COUNT);
        (v[L.TILT], v[L.TILT + 1]) = (uint256(5 * ONE), uint256(5 * ONE));
        v[L.VOLATILITY_AFTER] = uint256(3 * ONE);
        v[L.EXCESS] = F - 1;
        (v[L.OBJECTIVE], v[L.BOUND]) = (uint256(10 * ONE), uint256(10 * ONE));
        v[L.PUBLIC_NOTIONALS] = uint256(100 * ONE);
        v[L.PUBLIC_RELIEF] = uint256(8 * ONE);
        v[L.PUBLIC_FRACTIONS] = uint256(ONE / 2);
        v[L.PUBLIC_SCALARS + 2] = uint256(2 * ONE);
        v[L.PUBLIC_SCALARS + 3] = uint256(int256(BUDGET));
        v[L.PUBLIC_SCALARS + 4] = uint256(ONE);
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
        proof.instances[L.EXCESS] = F - 2;
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.ProofRefused.selector, 0));
        oracle.attestLiquidation("third", proof);
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
        attestRefused(L.PUBLIC_NOTIONALS, uint256(63 * ONE) - 1, LiquidationValues.NotionalOutsideUnit.selector);
        attestRefused(L.PUBLIC_NOTIONALS, uint256(129 * ONE) + 1, LiquidationValues.NotionalOutsideUnit.selector);
        attestRefused(L.PUBLIC_FRACTIONS, uint256(ONE) + 1, LiquidationValues.FractionOutOfRange.selector);
        attestRefused(L.PUBLIC_FRACTIONS + 15, F - 1, LiquidationValues.FractionOutOfRange.selector);
        attestRefused(L.PUBLIC_SCALARS + 3, 1, RiskOracle.BudgetDiffers.selector);
        attestRefused(L.PUBLIC_SCALARS + 4, uint256(ONE) - 1, LiquidationValues.MultipliersNotNormalised.selector);
        attestRefused(L.PUBLIC_SCALARS + 5, F - 1, LiquidationValues.MultiplierNegative.selector);
        attestRefused(L.PUBLIC_SCALARS + 6, F - 1, LiquidationValues.MultiplierNegative.selector);
        uint256[] memory v = liquidation();
        v[L.PUBLIC_SCALARS + 4] = 0;
        (v[L.PUBLIC_SCALARS + 5], v[L.PUBLIC_SCALARS + 6]) = (uint256(ONE / 4), uint256(3 * ONE / 4));
        v[L.BOUND] = F - 1;
        vm.expectRevert(abi.encodeWithSelector(LiquidationValues.NotShownInfeasible.selector, -int256(1)));
        oracle.attestLiquidation("plan", RiskOracle.Proof("", v));
        v[L.BOUND] = 0;
        oracle.attestLiquidation("plan", RiskOracle.Proof("", v));
    }

    function attestRefused(uint256 index, uint256 value, bytes4 error) private {
        uint256[] memory v = liquidation();
        v[index] = value;
        (bool done, bytes memory reason) =
            address(oracle).call(abi.encodeCall(RiskOracle.attestLiquidation, ("plan", RiskOracle.Proof("", v))));
        holds(!done && bytes4(reason) == error, "liquidation");
    }
}
