// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PriceLayout as P} from "../src/generated/Layout.sol";
import {PriceValues} from "../src/PriceValues.sol";
import {PublicValues} from "../src/PublicValues.sol";
import {SandwichValues} from "../src/SandwichValues.sol";
import {Base} from "./Base.sol";

/// @notice Reads public values from calldata, as contracts do.
contract PriceReader {
    function requireHolds(uint256[] calldata values, int256 budget, int256 tailFactor) external pure {
        PriceValues.requireHolds(values, budget, tailFactor);
    }

    function booksDigest(uint256[] calldata values) external pure returns (bytes32) {
        return PriceValues.booksDigest(values);
    }

    function premium(uint256[] calldata values) external pure returns (int256) {
        return PriceValues.premium(values);
    }
}

contract PriceValuesTest is Base {
    uint256 private constant F = PublicValues.FIELD;
    int256 private constant BUDGET = 77261983;
    int256 private constant KAPPA = 1 << 25;
    uint256 private constant S = 1 << 26;
    uint256 private constant SCALED = 1 << 27;
    PriceReader private reader = new PriceReader();

    function values() private pure returns (uint256[] memory v) {
        v = new uint256[](P.COUNT);
        for (uint256 i = 0; i < P.BOOKS; i++) {
            (v[P.VOLATILITY + i], v[P.SCALED_VOLATILITY + i]) = (S, SCALED);
            (v[P.TILT + i], v[P.UPPER + i]) = (1 << 24, 3 << 24);
        }
        v[P.PREMIUM] = 1000;
        v[P.PUBLIC_BOOK + 8] = uint256(BUDGET);
        v[P.PUBLIC_BOOK + 9] = uint256(KAPPA);
    }

    /// @dev Every condition that libs/proofs has, one unit past it, of each book.
    function test_refusesPublicValuesOutsideTheirTolerances() public {
        reader.requireHolds(values(), BUDGET, KAPPA);
        bytes4 above = SandwichValues.ValueAboveTolerance.selector;
        refused(P.VIOLATIONS, 1, SandwichValues.Violated.selector);
        for (uint256 i = 0; i < 2; i++) {
            refused(P.VOLATILITY + i, (1 << 20) - 1, SandwichValues.VolatilityOutside.selector);
            refused(P.SCALED_VOLATILITY + i, (1 << 38) + 1, SandwichValues.VolatilityOutside.selector);
            refused(P.TILT + i, 0, SandwichValues.TiltOutside.selector);
            refused(P.TILT + i, (8192 << 24) + 1, SandwichValues.TiltOutside.selector);
            refused(P.UPPER + i, 8191, PriceValues.UpperTooSmall.selector);
            refused(P.RESIDUAL_VOLATILITY + i, ((S + 1) << 128) + 1, above);
            refused(P.RESIDUAL_RATIO + i, SCALED / 2 + 2, above);
            for (uint256 j = 0; j < 8; j += 2) refused(P.RESIDUAL_INVERSE + j + i, F - 100663297, above);
            refused(P.RESIDUAL_LOG + i, 25165833, above);
            refused(P.RESIDUAL_PROBABILITY + i, F - 16777225, above);
            refused(P.RESIDUAL_DENSITY + i, 16777225, above);
            refused(P.RESIDUAL_UPPER + i, (1 << 23) + 2, above);
            for (uint256 j = 0; j < 4; j += 2) refused(P.RESIDUAL_SPREAD + j + i, S / 2 + 2, above);
            refused(P.SLACK + i, 64 + 16 + 1, above);
            refused(P.SLACK + i, F - 64 - 16 - 1, above);
            for (uint256 j = 0; j < 8; j += 2) refused(P.PUBLIC_BOOK + j + i, (1 << 39) + 1, above);
        }
        refused(P.EXPOSURES + 63, F - (1 << 39) - 1, above);
        refused(P.SLACK, F, SandwichValues.NotAFieldElement.selector);
        refused(P.PUBLIC_BOOK + 8, uint256(BUDGET) + 1, PriceValues.BudgetDiffers.selector);
        refused(P.PUBLIC_BOOK + 9, uint256(KAPPA) + 1, PriceValues.TailFactorDiffers.selector);
        vm.expectRevert(abi.encodeWithSelector(PriceValues.WrongNumberOfPriceValues.selector, 127, 126));
        reader.requireHolds(new uint256[](126), BUDGET, KAPPA);
    }

    function test_theDigestIsOfAllThatNamesBothBooks() public view {
        bytes32 digest = reader.booksDigest(values());
        for (uint256 i = 0; i < P.COUNT; i++) {
            uint256[] memory v = values();
            v[i] += 1;
            holds((reader.booksDigest(v) != digest) == (i >= P.EXPOSURES), "digest");
        }
        holds(reader.premium(values()) == 1000, "premium");
    }

    function refused(uint256 index, uint256 value, bytes4 error) private view {
        uint256[] memory v = values();
        v[index] = value;
        (bool done, bytes memory reason) =
            address(reader).staticcall(abi.encodeCall(PriceReader.requireHolds, (v, BUDGET, KAPPA)));
        holds(!done && bytes4(reason) == error, "price");
    }
}
