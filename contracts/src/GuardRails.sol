// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title How fast numbers that others rely on may move: at most so far an update, so fast a block, and block by block.
library GuardRails {
    /// @dev Shares with 18 decimals.
    struct Limits {
        /// @dev values stay within [lowest, highest]
        uint64 lowest;
        uint64 highest;
        /// @dev furthest an update may move a value
        uint64 step;
        /// @dev fastest a value may move a block
        uint64 velocity;
        /// @dev blocks an update is spread over
        uint32 blocks;
    }

    /// @dev Values are kept in units of 10^-9, with 32 bits each.
    uint256 internal constant UNIT = 1e9;
    uint256 private constant LARGEST = type(uint32).max;

    error LimitsInvalid();

    function check(Limits memory limits) internal pure {
        if (limits.lowest > limits.highest || limits.highest / UNIT > LARGEST || limits.blocks == 0) revert LimitsInvalid();
        if (limits.step / UNIT == 0 || limits.velocity / UNIT < 2) revert LimitsInvalid();
    }

    /// @notice The limits in the units that values are kept in: none is wider than it was.
    function kept(Limits memory limits) internal pure returns (Limits memory) {
        uint64 unit = uint64(UNIT);
        return Limits({
            lowest: (limits.lowest + unit - 1) / unit,
            highest: limits.highest / unit,
            step: limits.step / unit,
            // Interpolation rounds: a block may move a value by a unit more than its part of the way.
            velocity: limits.velocity / unit - 1,
            blocks: limits.blocks
        });
    }

    /// @notice A value `passed` blocks after an update: linear from `from` to `to` over `blocks`, then `to`.
    function at(uint256 from, uint256 to, uint256 passed, uint256 blocks) internal pure returns (uint256) {
        if (passed >= blocks) return to;
        unchecked {
            // Differences below 2^32 times less than 2^32 blocks.
            return to >= from ? from + ((to - from) * passed) / blocks : from - ((from - to) * passed) / blocks;
        }
    }

    /// @notice Targets of an update within the limits, from the current values; all in the limits' units, below 2^64.
    /// @dev absolute: within [lowest, highest] and no further than `step`; velocity: if any is faster than allowed, all
    /// are scaled by the same factor, so that the direction of the update is kept.
    /// @return next values to be reached `limits.blocks` blocks later
    function bounded(Limits memory limits, uint256[] memory current, uint256[] memory target)
        internal
        pure
        returns (uint256[] memory next)
    {
        unchecked {
            next = new uint256[](current.length);
            (uint256 lowest, uint256 highest, uint256 step) = (limits.lowest, limits.highest, limits.step);
            uint256 furthest = 0;
            for (uint256 i = 0; i < next.length; i++) {
                (uint256 goal, uint256 from) = (target[i], current[i]);
                if (goal < lowest) goal = lowest;
                if (goal > highest) goal = highest;
                if (goal > from + step) goal = from + step;
                if (goal + step < from) goal = from - step;
                next[i] = goal;
                uint256 distance = goal > from ? goal - from : from - goal;
                if (distance > furthest) furthest = distance;
            }
            uint256 reach = uint256(limits.velocity) * limits.blocks;
            if (furthest <= reach) return next;
            for (uint256 i = 0; i < next.length; i++) {
                (uint256 goal, uint256 from) = (next[i], current[i]);
                next[i] = goal > from ? from + ((goal - from) * reach) / furthest : from - ((from - goal) * reach) / furthest;
            }
        }
    }
}
