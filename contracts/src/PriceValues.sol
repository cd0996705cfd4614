// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PriceLayout as P, SharedLayout} from "./generated/Layout.sol";
import {SandwichValues} from "./SandwichValues.sol";

/// @title The public values of a `price` proof, and when they hold: the risk that a trade adds to a book on one committed state.
library PriceValues {
    using SandwichValues for uint256[];

    uint256 private constant BUDGET = P.PUBLIC_BOOK + P.BOOKS * P.BOOK_FIELDS;
    uint256 private constant TAIL_FACTOR = BUDGET + 1;
    int256 private constant NARROW = 1 << 39;

    error WrongNumberOfPriceValues(uint256 expected, uint256 got);
    error UpperTooSmall(uint256 book, int256 upper);
    error BudgetDiffers(int256 expected, int256 proven);
    error TailFactorDiffers(int256 expected, int256 proven);

    /// @notice Reverts unless the proof's equations hold within their tolerances, for this budget and tail factor.
    function requireHolds(uint256[] calldata values, int256 budget, int256 tailFactor) internal pure {
        if (values.length != P.COUNT) revert WrongNumberOfPriceValues(P.COUNT, values.length);
        values.requireNone(P.VIOLATIONS);
        SandwichValues.Places memory places = SandwichValues.Places({
            ratio: P.RESIDUAL_RATIO,
            inverse: P.RESIDUAL_INVERSE,
            inverses: P.RESIDUAL_INVERSE_LENGTH / P.BOOKS,
            log: P.RESIDUAL_LOG,
            probability: P.RESIDUAL_PROBABILITY,
            density: P.RESIDUAL_DENSITY,
            upper: P.RESIDUAL_UPPER,
            slack: P.SLACK,
            tilt: P.TILT,
            states: P.BOOKS
        });
        for (uint256 i = 0; i < P.BOOKS; i++) {
            int256 s = values.integer(P.VOLATILITY + i);
            // EVaR is of kappa s; residuals are divided by s itself as well.
            SandwichValues.requireVolatility(i, s);
            values.requireSandwich(places, i, values.integer(P.SCALED_VOLATILITY + i));
            int256 upper = values.integer(P.UPPER + i);
            if (upper < int256(SharedLayout.SMALLEST_UPPER)) revert UpperTooSmall(i, upper);
            values.bounded(P.RESIDUAL_VOLATILITY + i, 1, (s + 1) << 128);
            for (uint256 end = 0; end < P.RESIDUAL_SPREAD_LENGTH; end += P.BOOKS) {
                values.bounded(P.RESIDUAL_SPREAD + end + i, 1, (s >> 1) + 1);
            }
        }
        // Public inputs are checked here: larger terms could wrap around the field.
        values.bounded(P.EXPOSURES, P.EXPOSURES_LENGTH, NARROW);
        values.bounded(P.PUBLIC_BOOK, P.BOOKS * P.BOOK_FIELDS, NARROW);
        int256 proven = values.integer(BUDGET);
        if (proven != budget) revert BudgetDiffers(budget, proven);
        proven = values.integer(TAIL_FACTOR);
        if (proven != tailFactor) revert TailFactorDiffers(tailFactor, proven);
    }

    /// @notice Digest of both books: exposures and terms before and after, budget and tail factor, and the sums of other markets.
    function booksDigest(uint256[] calldata values) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(values[P.EXPOSURES:]));
    }

    /// @notice The trade's premium, percent of the unit of account in units of 2^-24.
    function premium(uint256[] calldata values) internal pure returns (int256) {
        return values.integer(P.PREMIUM);
    }
}
