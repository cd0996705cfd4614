// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {GuardRails} from "../src/GuardRails.sol";
import {MarginPaths} from "../src/MarginPaths.sol";
import {Base} from "./Base.sol";

/// @notice Updates margins as the oracle does, with any requirements at any blocks, and remembers each block's value.
contract MarginHandler is Base {
    using MarginPaths for MarginPaths.Paths;

    uint256 public constant MARKETS = 3;
    address private constant LIST = address(0x115);
    GuardRails.Limits public limits = GuardRails.Limits(1e15, 1e18, 5e16, 2e15, 50);
    MarginPaths.Paths private _paths;
    bytes32[] private _markets;
    /// @dev furthest any value has moved in one block
    uint256 public fastest;
    uint256 public lowest = type(uint256).max;
    uint256 public highest;

    constructor() {
        uint256[] memory asked = new uint256[](MARKETS);
        for (uint256 i = 0; i < MARKETS; i++) {
            _markets.push(bytes32(i + 1));
            asked[i] = 1e7 * (i + 1);
        }
        uint256[] memory current = _paths.current(LIST, _markets, asked, GuardRails.kept(limits));
        _paths.set(LIST, 1, current, current);
    }

    function update(uint256[3] calldata asked, uint8 blocks) external {
        uint256[] memory target = new uint256[](MARKETS);
        // Every block on the way is looked at, the one of the update included.
        for (uint256 passed = 0; passed < blocks; passed++) {
            uint256[] memory before = values();
            vm.roll(block.number + 1);
            note(before);
        }
        for (uint256 i = 0; i < MARKETS; i++) target[i] = asked[i] % 3e9;
        uint256[] memory old = values();
        GuardRails.Limits memory rails = GuardRails.kept(limits);
        uint256[] memory current = _paths.current(LIST, _markets, target, rails);
        for (uint256 i = 0; i < MARKETS; i++) equal(current[i] * 1e9, old[i]);
        _paths.set(LIST, 1, current, GuardRails.bounded(rails, current, target));
        note(old);
    }

    function values() public view returns (uint256[] memory found) {
        found = new uint256[](MARKETS);
        for (uint256 i = 0; i < MARKETS; i++) {
            (found[i],) = _paths.valueOf(_markets[i], 50);
            found[i] *= 1e9;
        }
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
        holds(handler.fastest() <= 2e15, "velocity");
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

    function testFuzz_interpolationIsMonotonousAndArrives(uint32 from, uint32 to, uint32 blocks) external pure {
        vm.assume(blocks > 0);
        equal(GuardRails.at(from, to, 0, blocks), from);
        equal(GuardRails.at(from, to, blocks, blocks), to);
        equal(GuardRails.at(from, to, uint256(blocks) + 1000, blocks), to);
        uint256 half = GuardRails.at(from, to, blocks / 2, blocks);
        holds(from <= to ? half >= from && half <= to : half <= from && half >= to, "between");
    }

    function refusedLimits(GuardRails.Limits memory limits) private {
        (bool done, bytes memory reason) = address(this).call(abi.encodeCall(this.checked, (limits)));
        holds(!done && bytes4(reason) == GuardRails.LimitsInvalid.selector, "limits");
    }

    function checked(GuardRails.Limits calldata limits) external pure {
        GuardRails.check(limits);
    }

    function test_refusesLimitsThatItsUnitsCannotKeep() public {
        this.checked(GuardRails.Limits(1, 4294967295e9, 1e9, 2e9, 1));
        refusedLimits(GuardRails.Limits(2, 1, 1e9, 2e9, 1));
        refusedLimits(GuardRails.Limits(1, 4294967296e9, 1e9, 2e9, 1));
        refusedLimits(GuardRails.Limits(1, 1e18, 1e9 - 1, 2e9, 1));
        refusedLimits(GuardRails.Limits(1, 1e18, 1e9, 2e9 - 1, 1));
        refusedLimits(GuardRails.Limits(1, 1e18, 1e9, 2e9, 0));
        GuardRails.Limits memory kept = GuardRails.kept(GuardRails.Limits(1, 1e18 + 1, 5e16 + 1, 2e15 + 1, 7));
        holds(kept.lowest == 1 && kept.highest == 1e9 && kept.step == 5e7, "no wider");
        holds(kept.velocity == 2e6 - 1 && kept.blocks == 7, "velocity");
    }
}
