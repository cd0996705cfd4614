// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BarLayout as B, SharedLayout} from "./generated/Layout.sol";
import {SandwichValues} from "./SandwichValues.sol";

/// @title The public values of a `bar` proof: their meaning, and when they hold.
/// @notice Integers of the field, the upper half negative; units are powers of two, in the generated layout.
library BarValues {
    using SandwichValues for uint256[];

    uint256 internal constant ENTRY = B.PUBLIC_BOOK;
    uint256 internal constant CAPITAL = B.PUBLIC_BOOK + 1;
    uint256 internal constant LIQUIDITY = B.PUBLIC_BOOK + 2;
    uint256 internal constant PENDING = B.PUBLIC_BOOK + 3;
    uint256 internal constant BUDGET = B.PUBLIC_BOOK + 4;
    uint256 internal constant TAIL_FACTOR = B.PUBLIC_BOOK + 5;
    /// @dev terms of the book, each: larger values could wrap around the field
    int256 private constant NARROW = 1 << 39;
    int256 private constant LARGEST = int256(B.LARGEST_GROSS);

    error WrongNumberOfBarValues(uint256 expected, uint256 got);
    error UpperTooSmall(int256 upper);
    error TailFactorOutOfRange(int256 tailFactor);
    error BudgetDiffers(int256 registered, int256 proven);
    error GrossOutsideUnit(int256 gross);
    error OthersDiffer(uint256 part, uint256 value);
    error CommonFactorsDiffer(uint256 value);
    error BookDiffers(uint256 value);

    /// @notice Reverts unless the proof's equations hold within their tolerances, for this budget.
    /// @return gross exposure of the part's markets
    function requireHolds(uint256[] calldata values, int256 budget) internal pure returns (int256 gross) {
        if (values.length != B.COUNT) revert WrongNumberOfBarValues(B.COUNT, values.length);
        values.requireNone(B.VIOLATIONS);
        int256 s = values.integer(B.VOLATILITY);
        // EVaR is of kappa s; residuals are divided by s itself as well.
        SandwichValues.requireVolatility(0, s);
        values.requireSandwich(_places(), 0, values.integer(B.SCALED_VOLATILITY));
        values.bounded(B.RESIDUAL_VOLATILITY, 1, (s + 1) << 128);
        values.bounded(B.RESIDUAL_RATE, 1, (s + 1) << 128);
        values.bounded(B.RESIDUAL_SPREAD, B.RESIDUAL_SPREAD_LENGTH, (s >> 1) + 1);
        values.bounded(B.RESIDUAL_GAMMA, 1, (s >> 1) + 1);
        int256 upper = values.integer(B.UPPER);
        if (upper < int256(SharedLayout.SMALLEST_UPPER)) revert UpperTooSmall(upper);
        values.bounded(ENTRY, 4, NARROW);
        int256 proven = values.integer(BUDGET);
        if (proven != budget) revert BudgetDiffers(budget, proven);
        int256 tailFactor = values.integer(TAIL_FACTOR);
        if (
            tailFactor < int256(SharedLayout.SMALLEST_TAIL_FACTOR)
                || tailFactor > int256(SharedLayout.LARGEST_TAIL_FACTOR)
        ) revert TailFactorOutOfRange(tailFactor);
        unchecked {
            for (uint256 i = B.EXPOSURES; i < B.EXPOSURES + B.MARKETS; i++) {
                int256 exposure = values.integer(i);
                int256 size = exposure < 0 ? -exposure : exposure;
                if (size > LARGEST) revert SandwichValues.ValueAboveTolerance(i, exposure, LARGEST);
                gross += size;
            }
        }
    }

    /// @notice Reverts unless the unit of account makes the gross exposure of all parts 64 to 128 units.
    function requireUnit(int256 gross) internal pure {
        if (gross < int256(B.SMALLEST_GROSS) || gross > int256(B.LARGEST_GROSS)) revert GrossOutsideUnit(gross);
    }

    /// @notice Reverts unless a proof that holds all markets took nothing from others.
    function requireAlone(uint256[] calldata values) internal pure {
        for (uint256 i = 0; i < B.PUBLIC_OTHERS_LENGTH; i++) {
            if (values[B.PUBLIC_OTHERS + i] != 0) revert OthersDiffer(0, i);
        }
    }

    /// @notice Reverts unless each of two proofs took the other's values, of one book and the same common factors.
    function requireTogether(uint256[] calldata a, uint256[] calldata b) internal pure {
        // Parts stand in the order in which they are taken: factors, projection, own variances, net exposure.
        for (uint256 i = 0; i < B.PUBLIC_OTHERS_LENGTH; i++) {
            if (a[B.PUBLIC_OTHERS + i] != b[B.PARTIAL_FACTORS + i]) revert OthersDiffer(0, i);
            if (b[B.PUBLIC_OTHERS + i] != a[B.PARTIAL_FACTORS + i]) revert OthersDiffer(1, i);
        }
        for (uint256 i = 0; i < B.COMMON_VARIANCES_LENGTH; i++) {
            if (a[B.COMMON_VARIANCES + i] != b[B.COMMON_VARIANCES + i]) revert CommonFactorsDiffer(i);
        }
        for (uint256 i = 0; i < B.PUBLIC_BOOK_LENGTH; i++) {
            if (a[B.PUBLIC_BOOK + i] != b[B.PUBLIC_BOOK + i]) revert BookDiffers(i);
        }
    }

    function _places() private pure returns (SandwichValues.Places memory) {
        return SandwichValues.Places({
            ratio: B.RESIDUAL_RATIO,
            inverse: B.RESIDUAL_INVERSE,
            inverses: B.RESIDUAL_INVERSE_LENGTH,
            log: B.RESIDUAL_LOG,
            probability: B.RESIDUAL_PROBABILITY,
            density: B.RESIDUAL_DENSITY,
            upper: B.RESIDUAL_UPPER,
            slack: B.SLACK,
            tilt: B.TILT,
            states: 1
        });
    }
}
