// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title What the public values of the circuits say, and when they hold.
/// @notice Numbers are fixed point, in units of 2^-24; negative ones are the field's order minus their magnitude. The
/// tolerances are those of docs/proofs.md, with the rounding that makes each necessary.
library PublicValues {
    uint256 internal constant FIELD =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;
    int256 internal constant ONE = 1 << 24;
    /// @dev circuits compute with numbers below 2^15
    uint256 internal constant LARGEST = 1 << 39;

    /// @dev Poseidon hash of a row of nine zeros: what a cluster that is not there commits to
    uint256 internal constant NOTHING = 0x2c681882cfb4eaab7e7c1463c9622722c74d42a52dcd92544033933fb2a57a03;

    uint256 internal constant CLUSTERS = 4;
    uint256 internal constant ASSETS = 8;
    uint256 internal constant COVARIANCE_VALUES = 63;
    uint256 internal constant PRICING_VALUES = 69;

    // covariance: model, state, next state, risk, drift, witness, exposure, then rows of eight
    uint256 internal constant MODEL = 0;
    uint256 internal constant STATE = 1;
    uint256 internal constant NEXT_STATE = 2;
    uint256 internal constant RISK = 3;
    uint256 internal constant DRIFT = 4;
    uint256 internal constant VARIANCES = 39;
    uint256 internal constant CHANGES = 47;
    uint256 internal constant EXPOSURES = 55;

    // pricing: risk, drift and risk after of four clusters each, then
    uint256 internal constant AFTER = 8;
    uint256 internal constant CORRELATION = 12;
    uint256 internal constant SLACK = 38;
    uint256 internal constant VOLATILITY = 40;
    uint256 internal constant UPPER = 42;
    uint256 internal constant LOWER = 44;
    uint256 internal constant TILT = 46;
    uint256 internal constant FUNDING = 49;
    uint256 internal constant BOOK = 58;
    uint256 internal constant BUDGET = 68;

    int256 internal constant LARGEST_TILT = 8192 << 24;

    error ValueOutOfRange(uint256 index);
    error WrongNumberOfValues(uint256 expected, uint256 got);
    error ResidualAboveTolerance(uint256 index, int256 residual, int256 tolerance);
    error TiltNotOptimal(uint256 state, int256 upper, int256 lower);
    error TooMuchEntropy(uint256 state, int256 slack);
    error TiltOutOfRange(uint256 state, int256 tilt);
    error VolatilityOutOfRange(uint256 state, int256 volatility);

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

    function within(uint256[] calldata values, uint256 first, uint256 length, int256 tolerance) internal pure {
        for (uint256 i = first; i < first + length; i++) {
            int256 residual = number(values, i);
            if (residual > tolerance || residual < -tolerance) {
                revert ResidualAboveTolerance(i, residual, tolerance);
            }
        }
    }

    /// @notice Reverts unless the equations of a covariance proof hold within their tolerances.
    function requireCovariance(uint256[] calldata values) internal pure {
        count(values, COVARIANCE_VALUES);
        within(values, 7, 8, 1);
        within(values, 15, 8, 256);
        within(values, 23, 8, 1);
        within(values, 31, 8, 256);
    }

    /// @notice Reverts unless the equations of a pricing proof hold and both tilts are the optimal ones.
    function requirePricing(uint256[] calldata values) internal pure {
        count(values, PRICING_VALUES);
        within(values, 15, 2, 512); // volatility
        within(values, 17, 1, 256); // rate
        within(values, 18, 2, 130); // ratio
        within(values, 20, 12, 4); // inverse, log, probability, density
        within(values, 34, 4, 256); // spread, gamma
        for (uint256 state = 0; state < 2; state++) {
            int256 volatility = number(values, VOLATILITY + state);
            if (volatility < 1 << 16 || volatility > 256 << 24) revert VolatilityOutOfRange(state, volatility);
            int256 tilt = requireTilt(values, state, TILT + state, SLACK + state, 32 + state);
            int256 upper = number(values, UPPER + state);
            int256 lower = number(values, LOWER + state);
            // 2^-13 + tilt 2^-21 of upper, and two units
            if ((upper - lower - 2) << 13 > upper + ((upper * tilt) >> 32)) revert TiltNotOptimal(state, upper, lower);
        }
    }

    /// @dev A tilt within bounds, whose upper bound is the one of its equation to half a unit times the tilt, and whose
    /// entropy is within the budget but for rounding, 2^-12 + tilt 2^-19.
    function requireTilt(uint256[] calldata values, uint256 state, uint256 tiltAt, uint256 slackAt, uint256 residualAt)
        private
        pure
        returns (int256 tilt)
    {
        tilt = number(values, tiltAt);
        if (tilt <= 0 || tilt > LARGEST_TILT) revert TiltOutOfRange(state, tilt);
        within(values, residualAt, 1, (tilt >> 25) + 4);
        int256 slack = number(values, slackAt);
        if (slack < -((1 << 12) + (tilt >> 19))) revert TooMuchEntropy(state, slack);
    }
}
