// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LiquidationLayout as L} from "../src/generated/Layout.sol";
import {MarginTangent} from "../src/MarginTangent.sol";
import {PublicValues} from "../src/PublicValues.sol";
import {Base} from "./Base.sol";

/// @notice The library behind calldata.
contract TangentHarness {
    function tangentOf(
        uint256[] calldata values,
        MarginTangent.Held memory held,
        MarginTangent.Market[] calldata markets,
        MarginTangent.Tangent calldata t
    ) external pure returns (MarginTangent.Found memory found, int256 maintenance) {
        found = MarginTangent.tangentOf(values, held, markets, t);
        maintenance = MarginTangent.maintenanceOf(values, held, markets, t.evarFactor);
    }
}

/// @notice Margins of margin-tangent.json, which libs/chain writes with the integers of libs/proofs: equal to the last unit.
contract MarginTangentTest is Base {
    struct Case {
        uint256[] covariance;
        MarginTangent.Held held;
        MarginTangent.Market[] markets;
        MarginTangent.Tangent tangent;
        int256[] relief;
        int256 whole;
        int256 slack;
        int256 maintenance;
    }

    uint256 private constant F = PublicValues.FIELD;

    TangentHarness private harness = new TangentHarness();

    function given(string memory key) private view returns (Case memory) {
        return abi.decode(vm.parseJsonBytes(vm.readFile("contracts/test/margin-tangent.json"), key), (Case));
    }

    function valuesOf(Case memory c) private pure returns (uint256[] memory values) {
        values = new uint256[](L.COUNT);
        for (uint256 i = 0; i < c.covariance.length; i++) values[L.PUBLIC_COVARIANCE + i] = c.covariance[i];
    }

    function check(string memory key) private {
        Case memory c = given(key);
        (MarginTangent.Found memory found, int256 maintenance) =
            harness.tangentOf(valuesOf(c), c.held, c.markets, c.tangent);
        vm.snapshotGasLastCall(string.concat("margin and maintenance, plan ", key));
        for (uint256 i = 0; i < c.relief.length; i++) same(found.relief[i], c.relief[i]);
        same(found.whole, c.whole);
        same(found.slack, c.slack);
        same(maintenance, c.maintenance);
    }

    function same(int256 a, int256 b) private pure {
        equal(uint256(a), uint256(b));
    }

    function refused(Case memory c, bytes4 error) private {
        (bool done, bytes memory reason) = address(harness).call(
            abi.encodeCall(TangentHarness.tangentOf, (valuesOf(c), c.held, c.markets, c.tangent))
        );
        holds(!done, "a margin that is none");
        equal(uint32(bytes4(reason)), uint32(error));
    }

    function test_isToTheLastUnitWhatTheProversCompute() public {
        check(".two");
        check(".five");
        check(".eight");
    }

    function test_refusesWeightsAndTermsThatAreNone() public {
        Case memory c = given(".five");
        c.tangent.evarWeight = 1 << 40;
        c.tangent.weights[0] = 1;
        refused(c, MarginTangent.WeightsAboveOne.selector);
        c = given(".five");
        c.tangent.scenarios[0] = uint16(c.markets[0].shocks.length / 4);
        refused(c, MarginTangent.NoSuchScenario.selector);
        c = given(".five");
        c.tangent.weights = new uint64[](c.tangent.scenarios.length + 1);
        refused(c, MarginTangent.WeightsDiffer.selector);
        c = given(".five");
        c.tangent.shares = new uint32[](4);
        refused(c, MarginTangent.WeightsDiffer.selector);
        c = given(".five");
        c.tangent.tiers[0] = uint8(c.markets[0].tiers.length);
        refused(c, MarginTangent.NoSuchTier.selector);
        c = given(".five");
        c.tangent.tiers[2] = uint8(c.markets[2].tiers.length - 1);
        c.tangent.shares[2] = 1;
        refused(c, MarginTangent.NoSuchTier.selector);
        c = given(".five");
        c.tangent.tiers[2] = 0;
        c.tangent.shares[2] = (1 << 24) + 1;
        refused(c, MarginTangent.NoSuchTier.selector);
        c = given(".five");
        c.markets[1].shocks = new bytes(4);
        refused(c, MarginTangent.ScenariosDiffer.selector);
        c = given(".five");
        c.markets[2].tiers[1].initial = c.markets[2].tiers[0].initial - 1;
        refused(c, MarginTangent.TiersDoNotAscend.selector);
        c = given(".five");
        c.markets[2].tiers[1].above = 0;
        refused(c, MarginTangent.TiersDoNotAscend.selector);
        c = given(".five");
        c.markets[0].tiers[0].above = 1e18;
        refused(c, MarginTangent.TiersDoNotAscend.selector);
        c = given(".five");
        c.covariance[1] = 1 << 50;
        refused(c, MarginTangent.CorrelationAboveOne.selector);
        c.covariance[1] = F - (1 << 50);
        refused(c, MarginTangent.CorrelationAboveOne.selector);
        c = given(".five");
        c.markets[0].depth = 1;
        c.held.unit = 1e30;
        refused(c, MarginTangent.LimitVanishes.selector);
    }
}
