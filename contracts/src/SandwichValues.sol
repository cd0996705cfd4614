// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SharedLayout} from "./generated/Layout.sol";

/// @title The conditions that every circuit with an EVaR sandwich shares, on exact residuals.
/// @notice Each tolerance is half of the private value's divisor; docs/concepts/proofs.md has the reasons.
library SandwichValues {
    uint256 private constant FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    /// @dev first index of each value, of `states` books
    struct Places {
        uint256 ratio;
        uint256 inverse;
        uint256 inverses;
        uint256 log;
        uint256 probability;
        uint256 density;
        uint256 upper;
        uint256 slack;
        uint256 tilt;
        uint256 states;
    }

    error NotAFieldElement(uint256 index);
    error ValueAboveTolerance(uint256 index, int256 value, int256 tolerance);
    error Violated(uint256 violations);
    error TiltOutside(uint256 state, int256 tilt);
    error VolatilityOutside(uint256 state, int256 volatility);

    /// @notice A public value as an integer: the upper half of the field is negative.
    /// @param values the caller has compared their number with the circuit's: bounds are not checked again for each of hundreds
    function integer(uint256[] calldata values, uint256 index) internal pure returns (int256) {
        uint256 value;
        assembly ("memory-safe") {
            value := calldataload(add(values.offset, shl(5, index)))
        }
        if (value >= FIELD) revert NotAFieldElement(index);
        unchecked {
            // Below the order: the difference is negative, and wraps around to two's complement.
            return int256(value <= FIELD / 2 ? value : value - FIELD);
        }
    }

    /// @notice Reverts unless |value| <= tolerance for `length` values.
    function bounded(uint256[] calldata values, uint256 first, uint256 length, int256 tolerance) internal pure {
        int256 smallest = -tolerance;
        unchecked {
            for (uint256 i = first; i < first + length; i++) {
                int256 value = integer(values, i);
                if (value > tolerance || value < smallest) revert ValueAboveTolerance(i, value, tolerance);
            }
        }
    }

    /// @notice Reverts unless the circuit's own conditions hold: ranges, digits, well-formedness.
    function requireNone(uint256[] calldata values, uint256 violations) internal pure {
        if (values[violations] != 0) revert Violated(values[violations]);
    }

    /// @notice Reverts unless a volatility that residuals are divided by is large beside its own rounding.
    function requireVolatility(uint256 state, int256 volatility) internal pure {
        if (
            volatility < int256(SharedLayout.SMALLEST_VOLATILITY)
                || volatility > int256(SharedLayout.LARGEST_VOLATILITY)
        ) revert VolatilityOutside(state, volatility);
    }

    /// @notice Reverts unless the sandwich of a state is made of roundings, at the tilt that is the optimal one.
    /// @param volatility of the state, public
    function requireSandwich(uint256[] calldata values, Places memory at, uint256 state, int256 volatility) internal pure {
        requireVolatility(state, volatility);
        int256 tilt = integer(values, at.tilt + state);
        if (tilt <= 0 || tilt > int256(SharedLayout.LARGEST_TILT)) revert TiltOutside(state, tilt);
        bounded(values, at.ratio + state, 1, (volatility >> 1) + 1);
        for (uint256 i = 0; i < at.inverses; i++) {
            bounded(values, at.inverse + i * at.states + state, 1, int256(SharedLayout.INVERSE_TOLERANCE));
        }
        bounded(values, at.log + state, 1, int256(SharedLayout.LOG_TOLERANCE));
        bounded(values, at.probability + state, 1, int256(SharedLayout.PROBABILITY_TOLERANCE));
        bounded(values, at.density + state, 1, int256(SharedLayout.DENSITY_TOLERANCE));
        bounded(values, at.upper + state, 1, (tilt >> 1) + 1);
        // From both sides: it pins the tilt, and with it the slope that funding is made of.
        bounded(
            values, at.slack + state, 1, int256(SharedLayout.SLACK_TOLERANCE) + (tilt >> SharedLayout.SLACK_SHIFT)
        );
    }
}
