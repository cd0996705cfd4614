// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title More of rising tokens: the estimator of price gradients and the momentum rule, as in libs/pools.
/// @notice Numbers have 18 decimals.
library MomentumRule {
    int256 internal constant ONE = 1e18;

    /// @dev moving average of a price, and the running sum of its deviations
    struct Estimate {
        int128 average;
        int128 running;
    }

    error DecayInvalid();

    function check(uint256 decay) internal pure {
        // Below a half a step of prices forgets most of the one before; a hundred-thousandth of fresh price is nothing.
        if (decay < 0.5e18 || decay > 0.99999e18) revert DecayInvalid();
    }

    /// @notice The estimate before any step.
    function start(uint256 price) internal pure returns (Estimate memory) {
        return Estimate({average: _narrow(int256(price)), running: 0});
    }

    /// @notice The estimate one step later: e += (1 - decay)(p - e), a = decay a + (p - e)/(1 - decay).
    function step(Estimate memory estimate, uint256 price, uint256 decay) internal pure returns (Estimate memory) {
        int256 fresh = ONE - int256(decay);
        int256 average = estimate.average;
        average += (fresh * (int256(price) - average)) / ONE;
        int256 running = (int256(decay) * estimate.running) / ONE + ((int256(price) - average) * ONE) / fresh;
        return Estimate({average: _narrow(average), running: _narrow(running)});
    }

    /// @notice Relative gradient by step: (1 - decay)^3/decay a/e, rounded toward zero once.
    /// @dev The cube is not divided by itself: at a decay of 0.99999 that would leave three of its digits. Its product with the running
    /// sum, below 2^127 * 2^177, is taken with 512 bits.
    function gradient(Estimate memory estimate, uint256 decay) internal pure returns (int256) {
        uint256 fresh = uint256(ONE) - decay;
        int256 running = estimate.running;
        uint256 magnitude = Math.mulDiv(
            uint256(running < 0 ? -running : running), fresh * fresh * fresh, uint256(ONE) * decay * uint256(int256(estimate.average))
        );
        return running < 0 ? -int256(magnitude) : int256(magnitude);
    }

    /// @notice w + k (g - sum(k g)/sum(k)), not yet within any rail; negative weights become zero.
    function target(uint256[] memory weights, int256[] memory gradients, uint256[] memory k)
        internal
        pure
        returns (uint256[] memory next)
    {
        int256 weighted = 0;
        int256 total = 0;
        for (uint256 i = 0; i < k.length; i++) {
            weighted += int256(k[i]) * gradients[i];
            total += int256(k[i]);
        }
        int256 offset = total == 0 ? int256(0) : weighted / total;
        next = new uint256[](k.length);
        for (uint256 i = 0; i < k.length; i++) {
            int256 goal = int256(weights[i]) + (int256(k[i]) * (gradients[i] - offset)) / ONE;
            next[i] = goal > 0 ? uint256(goal) : 0;
        }
    }

    function _narrow(int256 value) private pure returns (int128) {
        if (value != int128(value)) revert DecayInvalid();
        return int128(value);
    }
}
