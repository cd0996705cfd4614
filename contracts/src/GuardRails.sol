// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title How fast numbers that others rely on may move: at most so far an update, so fast a block, and block by block.
/// @notice Values are shares with 18 decimals.
library GuardRails {
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

    /// @dev A value on its way: from `from` at block `start` to `to` at block `start + blocks`.
    struct Path {
        uint64 from;
        uint64 to;
        uint48 start;
        uint32 blocks;
        /// @dev end of the bar `to` is of, seconds since 1970
        uint48 bar;
    }

    error LimitsInvalid();

    function check(Limits memory limits) internal pure {
        if (limits.lowest > limits.highest || limits.velocity == 0 || limits.blocks == 0) revert LimitsInvalid();
        if (limits.step == 0) revert LimitsInvalid();
    }

    /// @notice The value at a block: linear between updates.
    function at(Path memory path, uint256 blockNumber) internal pure returns (uint64) {
        uint256 passed = blockNumber - path.start;
        if (passed >= path.blocks) return path.to;
        if (path.to >= path.from) return path.from + uint64((uint256(path.to - path.from) * passed) / path.blocks);
        return path.from - uint64((uint256(path.from - path.to) * passed) / path.blocks);
    }

    /// @notice Where an update may go from where the values are.
    /// @dev absolute: within [lowest, highest] and no further than `step`; velocity: if any is faster than allowed, all
    /// are scaled by the same factor, so that the direction of the update is kept.
    /// @return next values to be reached `limits.blocks` blocks later
    function bounded(Limits memory limits, uint256[] memory current, uint256[] memory target)
        internal
        pure
        returns (uint256[] memory next)
    {
        next = new uint256[](current.length);
        uint256 furthest = 0;
        for (uint256 i = 0; i < current.length; i++) {
            uint256 goal = target[i];
            if (goal < limits.lowest) goal = limits.lowest;
            if (goal > limits.highest) goal = limits.highest;
            if (goal > current[i] + limits.step) goal = current[i] + limits.step;
            if (goal + limits.step < current[i]) goal = current[i] - limits.step;
            next[i] = goal;
            uint256 distance = goal > current[i] ? goal - current[i] : current[i] - goal;
            if (distance > furthest) furthest = distance;
        }
        uint256 reach = uint256(limits.velocity) * limits.blocks;
        if (furthest <= reach) return next;
        for (uint256 i = 0; i < current.length; i++) {
            next[i] = next[i] > current[i]
                ? current[i] + ((next[i] - current[i]) * reach) / furthest
                : current[i] - ((current[i] - next[i]) * reach) / furthest;
        }
    }
}
