// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {GuardRails} from "../src/GuardRails.sol";
import {Base} from "./Base.sol";

/// @notice Updates margins as the oracle does, with any requirements at any blocks, and remembers each block's value.
contract MarginHandler is Base {
    using GuardRails for GuardRails.Path;

    uint256 public constant MARKETS = 3;
    GuardRails.Limits public limits = GuardRails.Limits(1e15, 1e18, 5e16, 2e15, 50);
    GuardRails.Path[3] private _paths;
    /// @dev furthest any value has moved in one block
    uint256 public fastest;
    uint256 public lowest = type(uint256).max;
    uint256 public highest;

    constructor() {
        for (uint256 i = 0; i < MARKETS; i++) {
            _paths[i] = GuardRails.Path(uint64(1e16 * (i + 1)), uint64(1e16 * (i + 1)), uint48(block.number), 50, 0);
        }
    }

    function update(uint256[3] calldata asked, uint8 blocks) external {
        uint256[] memory current = new uint256[](MARKETS);
        uint256[] memory target = new uint256[](MARKETS);
        // Every block on the way is looked at, the one of the update included.
        for (uint256 passed = 0; passed < blocks; passed++) {
            uint256[] memory before = values();
            vm.roll(block.number + 1);
            note(before);
        }
        for (uint256 i = 0; i < MARKETS; i++) {
            current[i] = _paths[i].at(block.number);
            target[i] = asked[i] % 3e18;
        }
        uint256[] memory next = GuardRails.bounded(limits, current, target);
        uint256[] memory old = values();
        for (uint256 i = 0; i < MARKETS; i++) {
            _paths[i] = GuardRails.Path(uint64(current[i]), uint64(next[i]), uint48(block.number), 50, 0);
        }
        note(old);
    }

    function values() public view returns (uint256[] memory found) {
        found = new uint256[](MARKETS);
        for (uint256 i = 0; i < MARKETS; i++) found[i] = _paths[i].at(block.number);
    }

    function note(uint256[] memory before) private {
        uint256[] memory now_ = values();
        for (uint256 i = 0; i < MARKETS; i++) {
            uint256 moved = now_[i] > before[i] ? now_[i] - before[i] : before[i] - now_[i];
            if (moved > fastest) fastest = moved;
            if (now_[i] < lowest) lowest = now_[i];
            if (now_[i] > highest) highest = now_[i];
        }
    }
}

contract GuardRailsTest is Base {
    MarginHandler private handler;

    function setUp() public {
        handler = new MarginHandler();
    }

    function targetContracts() external view returns (address[] memory found) {
        found = new address[](1);
        found[0] = address(handler);
    }

    /// @dev Whatever is asked for and however many blocks pass between updates.
    function invariant_marginsNeverMoveFasterThanAllowed() external view {
        // Interpolation rounds down: one unit in 10^18 on top.
        holds(handler.fastest() <= 2e15 + 1, "velocity");
    }

    function invariant_marginsStayWithinLimits() external view {
        holds(handler.highest() <= 1e18, "highest");
        holds(handler.lowest() >= 1e15, "lowest");
    }

    function testFuzz_updatesKeepTheirDirectionAndProportions(uint64[4] calldata from, uint64[4] calldata asked) external pure {
        GuardRails.Limits memory limits = GuardRails.Limits(0, 1e18, 1e18, 1e15, 10);
        uint256[] memory current = new uint256[](4);
        uint256[] memory target = new uint256[](4);
        for (uint256 i = 0; i < 4; i++) {
            current[i] = from[i] % 1e18;
            target[i] = asked[i] % 1e18;
        }
        uint256[] memory next = GuardRails.bounded(limits, current, target);
        int256 largest = 0;
        for (uint256 i = 0; i < 4; i++) {
            int256 moved = int256(next[i]) - int256(current[i]);
            int256 wished = int256(target[i]) - int256(current[i]);
            holds(moved * wished >= 0, "direction");
            holds(moved <= 1e16 && moved >= -1e16, "velocity");
            int256 size = moved < 0 ? -moved : moved;
            if (size > largest) largest = size;
        }
        for (uint256 i = 0; i < 4; i++) {
            for (uint256 j = 0; j < 4; j++) {
                // a/b = A/B to a unit: a B = b A
                int256 a = int256(next[i]) - int256(current[i]);
                int256 b = int256(next[j]) - int256(current[j]);
                int256 A = int256(target[i]) - int256(current[i]);
                int256 B = int256(target[j]) - int256(current[j]);
                int256 off = a * B - b * A;
                holds((off < 0 ? -off : off) <= 1e18, "proportion");
            }
        }
    }

    function testFuzz_interpolationIsMonotonousAndArrives(uint64 from, uint64 to, uint32 blocks) external pure {
        vm.assume(blocks > 0);
        GuardRails.Path memory path = GuardRails.Path(from, to, 100, blocks, 0);
        equal(GuardRails.at(path, 100), from);
        equal(GuardRails.at(path, 100 + uint256(blocks)), to);
        equal(GuardRails.at(path, 100 + uint256(blocks) + 1000), to);
        uint64 half = GuardRails.at(path, 100 + uint256(blocks) / 2);
        holds(from <= to ? half >= from && half <= to : half <= from && half >= to, "between");
    }
}
