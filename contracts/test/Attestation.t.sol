// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PublicValues} from "../src/PublicValues.sol";
import {RiskOracle} from "../src/RiskOracle.sol";
import {OracleFixture, ToldVerifier} from "./OracleFixture.sol";

contract AttestationTest is OracleFixture {
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

    function attestRefused(uint256 index, uint256 value, bytes4 error) private {
        uint256[] memory v = liquidation();
        v[index] = value;
        (bool done, bytes memory reason) =
            address(oracle).call(abi.encodeCall(RiskOracle.attestLiquidation, ("plan", RiskOracle.Proof("", v))));
        holds(!done && bytes4(reason) == error, "liquidation");
    }
}
