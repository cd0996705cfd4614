// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Public values as fixed-point numbers of the circuits' range.
/// @notice In units of 2^-24; negative ones are the field's order minus their magnitude.
library PublicValues {
    uint256 internal constant FIELD =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;
    int256 internal constant ONE = 1 << 24;
    /// @dev circuits compute with numbers below 2^15
    uint256 internal constant LARGEST = 1 << 39;

    error ValueOutOfRange(uint256 index);
    error WrongNumberOfValues(uint256 expected, uint256 got);

    /// @notice A public value as a number in units of 2^-24.
    function number(uint256[] calldata values, uint256 index) internal pure returns (int256) {
        uint256 value = values[index];
        if (value <= LARGEST) return int256(value);
        if (value < FIELD && FIELD - value <= LARGEST) return -int256(FIELD - value);
        revert ValueOutOfRange(index);
    }

    function count(uint256[] calldata values, uint256 expected) internal pure {
        if (values.length != expected) revert WrongNumberOfValues(expected, values.length);
    }
}
