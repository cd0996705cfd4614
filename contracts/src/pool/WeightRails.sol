// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title How far and how fast the weights of a pool may move. They sum to one in every block, to the last unit.
/// @notice Weights are shares with 18 decimals.
library WeightRails {
    uint256 internal constant ONE = 1e18;
    uint256 internal constant TOKENS = 8;

    struct Limits {
        /// @dev no weight is below; none is above 1 - (n - 1) lowest
        uint64 lowest;
        /// @dev furthest an update may move a weight
        uint64 step;
        /// @dev fastest a weight may move a block
        uint64 velocity;
        /// @dev blocks an update is spread over
        uint32 blocks;
    }

    /// @dev A weight on its way: `from` at the path's start, and so much a block.
    struct Weight {
        uint64 from;
        int64 multiplier;
    }

    /// @dev Weights on their way, from block `start` for `blocks` blocks.
    struct Path {
        Weight[8] weights;
        uint64 start;
        uint32 blocks;
    }

    error LimitsInvalid();
    error WeightsInvalid();

    function check(Limits memory limits, uint256 tokens) internal pure {
        if (limits.lowest == 0 || limits.lowest * tokens >= ONE) revert LimitsInvalid();
        if (limits.step == 0 || limits.velocity == 0 || limits.blocks == 0) revert LimitsInvalid();
    }

    /// @notice The weights of a block.
    function at(Path storage path, uint256 tokens, uint256 blockNumber) internal view returns (uint256[] memory weights) {
        uint256 passed = blockNumber - path.start;
        if (passed > path.blocks) passed = path.blocks;
        weights = new uint256[](tokens);
        for (uint256 i = 0; i < tokens; i++) {
            Weight memory weight = path.weights[i];
            weights[i] = uint256(int256(uint256(weight.from)) + int256(weight.multiplier) * int256(passed));
        }
    }

    /// @notice The absolute guard rail, and weights that sum to one within it.
    /// @dev Each target is brought within [max(lowest, w - step), min(highest, w + step)]. The excess of their sum over one
    /// is taken from each in proportion to its distance from the floor, a shortfall is given in proportion to its distance
    /// still rise: since the weights themselves are within, there is always enough, and none leaves its rail.
    /// @param current sum to one and are not below `limits.lowest`
    /// @param target of any sum
    function guarded(Limits memory limits, uint256[] memory current, uint256[] memory target)
        internal
        pure
        returns (uint256[] memory next)
    {
        uint256 n = current.length;
        uint256 highest = ONE - (n - 1) * limits.lowest;
        uint256[] memory low = new uint256[](n);
        uint256[] memory high = new uint256[](n);
        next = new uint256[](n);
        uint256 sum = 0;
        uint256 falling = 0;
        uint256 rising = 0;
        for (uint256 i = 0; i < n; i++) {
            low[i] = current[i] > limits.lowest + limits.step ? current[i] - limits.step : limits.lowest;
            high[i] = current[i] + limits.step < highest ? current[i] + limits.step : highest;
            uint256 goal = target[i];
            if (goal < low[i]) goal = low[i];
            if (goal > high[i]) goal = high[i];
            next[i] = goal;
            sum += goal;
            falling += goal - low[i];
            rising += high[i] - goal;
        }
        if (sum == ONE) return next;
        bool above = sum > ONE;
        uint256 apart = above ? sum - ONE : ONE - sum;
        uint256 room = above ? falling : rising;
        uint256 left = apart;
        for (uint256 i = 0; i < n; i++) {
            uint256 share = (apart * (above ? next[i] - low[i] : high[i] - next[i])) / room;
            next[i] = above ? next[i] - share : next[i] + share;
            left -= share;
        }
        // The remainder of division, a unit for each token at most, goes where there is room.
        for (uint256 i = 0; left > 0; i++) {
            uint256 free = above ? next[i] - low[i] : high[i] - next[i];
            uint256 share = left < free ? left : free;
            next[i] = above ? next[i] - share : next[i] + share;
            left -= share;
        }
    }

    /// @notice Sets out for weights within the velocity limit: if any would be faster, all are slowed by the same factor.
    /// @dev Multipliers sum to zero, so every block's weights sum to one; the target is reached to `blocks` units of 1e-18.
    function move(Path storage path, Limits memory limits, uint256[] memory current, uint256[] memory next) internal {
        uint256 n = current.length;
        int256 furthest = 0;
        for (uint256 i = 0; i < n; i++) {
            int256 distance = int256(next[i]) - int256(current[i]);
            if (distance < 0) distance = -distance;
            if (distance > furthest) furthest = distance;
        }
        int256 blocks = int256(uint256(limits.blocks));
        int256 reach = int256(uint256(limits.velocity)) * blocks;
        int256[] memory multipliers = new int256[](n);
        int256 sum = 0;
        for (uint256 i = 0; i < n; i++) {
            int256 distance = int256(next[i]) - int256(current[i]);
            // Toward zero: no faster, and no further, than allowed.
            multipliers[i] = (furthest > reach ? (distance * reach) / furthest : distance) / blocks;
            sum += multipliers[i];
        }
        multipliers = _balanced(multipliers, sum);
        for (uint256 i = 0; i < n; i++) {
            path.weights[i] = Weight({from: uint64(current[i]), multiplier: int64(multipliers[i])});
        }
        path.start = uint64(block.number);
        path.blocks = limits.blocks;
    }

    /// @dev Takes the remainder of truncation from weights that move that way: it makes them slower, never faster.
    function _balanced(int256[] memory multipliers, int256 sum) private pure returns (int256[] memory) {
        for (uint256 i = 0; sum != 0; i++) {
            if (sum > 0 && multipliers[i] > 0) {
                int256 taken = multipliers[i] < sum ? multipliers[i] : sum;
                multipliers[i] -= taken;
                sum -= taken;
            } else if (sum < 0 && multipliers[i] < 0) {
                int256 taken = multipliers[i] > sum ? multipliers[i] : sum;
                multipliers[i] -= taken;
                sum -= taken;
            }
        }
        return multipliers;
    }
}
