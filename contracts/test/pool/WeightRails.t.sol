// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {WeightRails} from "../../src/pool/WeightRails.sol";
import {Base} from "../Base.sol";

contract WeightRailsTest is Base {
    using WeightRails for WeightRails.Path;

    uint256 private constant ONE = 1e18;
    WeightRails.Path private _path;

    function _limits() private pure returns (WeightRails.Limits memory) {
        return WeightRails.Limits({lowest: 0.03e18, step: 0.05e18, velocity: 0.0005e18, blocks: 50});
    }

    /// @dev Weights within the rails that sum to one.
    function _weights(uint256 n, uint256 seed) private pure returns (uint256[] memory weights) {
        weights = new uint256[](n);
        uint256 sum = 0;
        for (uint256 i = 0; i < n; i++) {
            weights[i] = 1 + uint256(keccak256(abi.encode(seed, i))) % ONE;
            sum += weights[i];
        }
        uint256 left = ONE;
        for (uint256 i = 0; i < n; i++) {
            weights[i] = 0.03e18 + (weights[i] * (ONE - n * 0.03e18)) / sum;
            left -= weights[i];
        }
        weights[0] += left;
    }

    function testFuzz_targetsAreBroughtWithinTheRails(uint256 n, uint256 seed, uint256[8] memory asked) public pure {
        n = bound(n, 2, 8);
        uint256[] memory current = _weights(n, seed);
        uint256[] memory target = new uint256[](n);
        for (uint256 i = 0; i < n; i++) target[i] = bound(asked[i], 0, 2 * ONE);
        uint256[] memory next = WeightRails.guarded(_limits(), current, target);
        uint256 sum = 0;
        for (uint256 i = 0; i < n; i++) {
            sum += next[i];
            holds(next[i] >= 0.03e18 && next[i] <= ONE - (n - 1) * 0.03e18, "outside its bounds");
            uint256 moved = next[i] > current[i] ? next[i] - current[i] : current[i] - next[i];
            holds(moved <= 0.05e18, "further than a step");
        }
        equal(sum, ONE);
    }

    function testFuzz_weightsOnTheirWay(uint256 n, uint256 seed, uint256 blocks) public {
        n = bound(n, 2, 8);
        uint256[] memory current = _weights(n, seed);
        uint256[] memory next = WeightRails.guarded(_limits(), current, _weights(n, seed ^ 1));
        _path.move(_limits(), current, next);
        uint256[] memory before = _path.at(n, block.number);
        for (uint256 i = 0; i < n; i++) equal(before[i], current[i]);
        uint256 start = block.number;
        blocks = bound(blocks, 1, 80);
        vm.roll(start + blocks - 1);
        before = _path.at(n, block.number);
        vm.roll(start + blocks);
        uint256[] memory then = _path.at(n, block.number);
        uint256 sum = 0;
        for (uint256 i = 0; i < n; i++) {
            sum += then[i];
            uint256 moved = then[i] > before[i] ? then[i] - before[i] : before[i] - then[i];
            holds(moved <= 0.0005e18, "faster than allowed");
            holds(then[i] >= 0.03e18, "below the lowest");
            // Between where it was and where it goes.
            bool between = current[i] <= next[i]
                ? then[i] >= current[i] && then[i] <= next[i]
                : then[i] <= current[i] && then[i] >= next[i];
            holds(between, "past its target");
        }
        equal(sum, ONE);
    }

    /// @dev Where one is too fast all are slowed alike: the direction stays.
    function test_theDirectionIsKept() public {
        uint256[] memory current = new uint256[](3);
        uint256[] memory next = new uint256[](3);
        (current[0], current[1], current[2]) = (0.5e18, 0.3e18, 0.2e18);
        (next[0], next[1], next[2]) = (0.55e18, 0.27e18, 0.18e18);
        _path.move(_limits(), current, next);
        vm.roll(block.number + 50);
        uint256[] memory then = _path.at(3, block.number);
        // Half the way: 50 blocks of 0.0005 are 0.025 of 0.05.
        equal(then[0], 0.525e18);
        equal(then[1], 0.285e18);
        equal(then[2], 0.19e18);
    }

    function test_targetsWithinAreTaken() public pure {
        uint256[] memory current = new uint256[](2);
        uint256[] memory target = new uint256[](2);
        (current[0], current[1]) = (0.5e18, 0.5e18);
        (target[0], target[1]) = (0.52e18, 0.48e18);
        uint256[] memory next = WeightRails.guarded(_limits(), current, target);
        equal(next[0], 0.52e18);
        equal(next[1], 0.48e18);
    }
}
