// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LiquidationLayout as L} from "./generated/Layout.sol";
import {SandwichValues} from "./SandwichValues.sol";

/// @title The public values of a liquidation's proof: their meaning, and when they hold.
library LiquidationValues {
    using SandwichValues for uint256[];

    int256 private constant ONE = 1 << 24;
    /// @dev factors of the circuit's products are numbers of its range
    int256 private constant NARROW = 1 << 39;
    /// @dev exact sums and products do not wrap around the field
    int256 private constant WIDE = 1 << 56;
    // deficit, mean, volatility, budget, weight, linear, premium
    uint256 private constant MEAN = L.PUBLIC_SCALARS + 1;
    uint256 private constant VOLATILITY = L.PUBLIC_SCALARS + 2;
    uint256 private constant BUDGET = L.PUBLIC_SCALARS + 3;
    uint256 private constant WEIGHT = L.PUBLIC_SCALARS + 4;
    uint256 private constant LINEAR = L.PUBLIC_SCALARS + 5;
    uint256 private constant PREMIUM = L.PUBLIC_SCALARS + 6;

    error WrongNumberOfLiquidationValues(uint256 expected, uint256 got);
    error FractionOutOfRange(uint256 position, int256 fraction);
    error NotionalNegative(uint256 position, int256 notional);
    error NotionalOutsideUnit(int256 notional);
    error MultiplierNegative(uint256 constraint, int256 multiplier);
    error MultipliersNotNormalised(int256 sum);
    error MarginNotRestored(int256 missing);
    error NotOptimal(int256 objective, int256 bound);
    error NotShownInfeasible(int256 bound);

    /// @notice Reverts unless the proof shows that its plan is optimal, or that no plan restores the margin.
    /// @param ofRates whether margin is linear; otherwise the caller compares the missing margin by `requireRestored`
    /// @return optimal whether it is the first
    function requireLiquidation(uint256[] calldata values, bool ofRates) internal pure returns (bool optimal) {
        if (values.length != L.COUNT) revert WrongNumberOfLiquidationValues(L.COUNT, values.length);
        values.requireNone(L.VIOLATIONS);
        int256 relief = _requireRanges(values);
        int256 s1 = values.integer(L.VOLATILITY_AFTER);
        SandwichValues.Places memory at = SandwichValues.Places({
            ratio: L.RESIDUAL_RATIO,
            inverse: L.RESIDUAL_INVERSE,
            inverses: 2,
            log: L.RESIDUAL_LOG,
            probability: L.RESIDUAL_PROBABILITY,
            density: L.RESIDUAL_DENSITY,
            upper: L.RESIDUAL_UPPER,
            slack: L.SLACK,
            tilt: L.TILT,
            states: L.STATES
        });
        values.requireSandwich(at, 0, values.integer(VOLATILITY));
        values.requireSandwich(at, 1, s1);
        values.bounded(L.RESIDUAL_VARIANCE, 1, (s1 + 1) << 24);
        values.bounded(L.RESIDUAL_DIRECTION, L.RESIDUAL_DIRECTION_LENGTH, (s1 >> 1) + 1);
        int256 linear = values.integer(LINEAR);
        int256 premium = values.integer(PREMIUM);
        if (linear < 0) revert MultiplierNegative(0, linear);
        if (premium < 0) revert MultiplierNegative(1, premium);
        int256 bound = values.integer(L.BOUND);
        int256 weight = values.integer(WEIGHT);
        optimal = weight == ONE;
        if (optimal) {
            int256 missing = values.integer(L.EXCESS);
            if (ofRates && missing > relief >> L.EXCESS_SHIFT) revert MarginNotRestored(missing);
            int256 objective = values.integer(L.OBJECTIVE);
            if (objective - bound > (objective >> L.GAP_SHIFT) + int256(L.GAP_TOLERANCE)) {
                revert NotOptimal(objective, bound);
            }
        } else {
            int256 sum = linear + premium;
            if (weight != 0 || sum > ONE + 2 || sum < ONE - 2) revert MultipliersNotNormalised(sum);
            if (bound < 0) revert NotShownInfeasible(bound);
        }
    }

    /// @notice Reverts where a portfolio's margin is short by more than a 2^18th of the notional.
    /// @param slack by which the margin is above its tangent at the plan
    function requireRestored(uint256[] calldata values, int256 notional, int256 slack) internal pure {
        int256 missing = values.integer(L.EXCESS) + slack;
        if (missing > notional >> L.SLACK_SHIFT) revert MarginNotRestored(missing);
    }

    function budgetOf(uint256[] calldata values) internal pure returns (int256) {
        return values.integer(BUDGET);
    }

    /// @dev the circuit checks the range of private values, not of public ones
    /// @return relief margin that closing everything frees
    function _requireRanges(uint256[] calldata values) private pure returns (int256 relief) {
        values.bounded(L.PUBLIC_SCALARS, L.PUBLIC_SCALARS_LENGTH, WIDE);
        values.bounded(L.PUBLIC_SCALARS, 1, NARROW);
        values.bounded(VOLATILITY, L.PUBLIC_SCALARS_LENGTH - 2, NARROW);
        values.bounded(L.PUBLIC_RELIEF, L.PUBLIC_RELIEF_LENGTH, NARROW);
        values.bounded(L.PUBLIC_BOOK, L.PUBLIC_BOOK_LENGTH, WIDE);
        values.bounded(L.PUBLIC_COVARIANCE, L.PUBLIC_COVARIANCE_LENGTH, WIDE);
        int256 notional = 0;
        for (uint256 i = 0; i < L.POSITIONS; i++) {
            int256 own = values.integer(L.PUBLIC_NOTIONALS + i);
            if (own < 0 || own > NARROW) revert NotionalNegative(i, own);
            notional += own;
            relief += values.integer(L.PUBLIC_RELIEF + i);
            int256 fraction = values.integer(L.PUBLIC_FRACTIONS + i);
            if (fraction < 0 || fraction > ONE) revert FractionOutOfRange(i, fraction);
        }
        if (notional < int256(L.SMALLEST_NOTIONAL) || notional > int256(L.LARGEST_NOTIONAL)) {
            revert NotionalOutsideUnit(notional);
        }
    }
}
