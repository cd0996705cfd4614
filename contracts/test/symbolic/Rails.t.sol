// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {GuardRails} from "../../src/GuardRails.sol";
import {Timelocked} from "../../src/governance/Timelocked.sol";

interface Cheats {
    function warp(uint256 time) external;
    function chainId(uint256 id) external;
    function assume(bool condition) external pure;
}

/// @title What no input whatever breaks of guard rails: `check_` functions are executed on symbols, not on samples.
/// @notice `npm run analyse` runs them with halmos. Every argument is any value of its type. A path's quotients are by a constant and its
/// 49 blocks are looked at one by one. Where an update is scaled down the divisor is a symbol, beyond the solver on bits: that
/// ⌊d·r/f⌋ is at most d and r for 0 ≤ d ≤ f, 0 ≤ r ≤ f is proven of all whole numbers in quotients.py, and assumed here.
contract RailsSymbolic {
    Cheats private constant VM = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint32 private constant BLOCKS = 50;

    /// @notice On its way a margin is where it was at the first block, and at the last one has arrived, for good.
    function check_aMarginStartsWhereItWasAndArrives(uint32 from, uint32 to, uint32 passed) external pure {
        if (passed >= BLOCKS) assert(GuardRails.at(from, to, passed, BLOCKS) == to);
        assert(GuardRails.at(from, to, 0, BLOCKS) == from);
    }

    /// @notice In between it is between its ends.
    function check_aMarginStaysBetweenItsEnds(uint32 from, uint32 to) external pure {
        (uint256 lower, uint256 upper) = from < to ? (from, to) : (to, from);
        for (uint256 passed = 1; passed < BLOCKS; passed++) {
            uint256 value = GuardRails.at(from, to, passed, BLOCKS);
            assert(value >= lower && value <= upper);
        }
    }

    /// @notice No block moves it further than its velocity and a unit, where its whole way is as many blocks long: `kept` takes the unit off.
    function check_noBlockMovesAMarginFasterThanItsVelocity(uint32 from, uint32 to, uint32 velocity) external pure {
        if (_distance(from, to) > uint256(velocity) * BLOCKS) return;
        for (uint256 passed = 0; passed < BLOCKS; passed++) {
            uint256 before = GuardRails.at(from, to, passed, BLOCKS);
            uint256 after_ = GuardRails.at(from, to, passed + 1, BLOCKS);
            assert(_distance(before, after_) <= uint256(velocity) + 1);
        }
    }

    /// @notice Limits in the units that values are kept in are none of them wider than they were.
    function check_limitsThatAreKeptAreNotWider(uint64 lowest, uint64 highest, uint64 step, uint64 velocity) external pure {
        GuardRails.Limits memory limits = GuardRails.Limits(lowest, highest, step, velocity, BLOCKS);
        if (lowest > highest || highest > uint256(type(uint32).max) * GuardRails.UNIT) return;
        if (velocity < 2 * GuardRails.UNIT) return;
        GuardRails.Limits memory kept = GuardRails.kept(limits);
        assert(uint256(kept.lowest) * GuardRails.UNIT >= lowest);
        assert(uint256(kept.highest) * GuardRails.UNIT <= highest);
        assert(uint256(kept.step) * GuardRails.UNIT <= step);
        assert((uint256(kept.velocity) + 1) * GuardRails.UNIT <= velocity);
    }

    /// @notice From anywhere within the limits, to anywhere: two margins end within the limits, no further than a step, and no further than the
    /// velocity takes them in all blocks.
    function check_anUpdateStaysWithinEveryLimit(
        uint32[2] calldata from,
        uint32[2] calldata to,
        uint32 lowest,
        uint32 highest,
        uint32 step,
        uint32 velocity
    ) external pure {
        GuardRails.Limits memory limits = GuardRails.Limits(lowest, highest, step, velocity, BLOCKS);
        uint256[] memory current = new uint256[](2);
        uint256[] memory target = new uint256[](2);
        uint256 furthest = 0;
        for (uint256 i = 0; i < 2; i++) {
            if (from[i] < lowest || from[i] > highest) return;
            (current[i], target[i]) = (from[i], to[i]);
            uint256 distance = _distance(from[i], _goal(from[i], to[i], limits));
            if (distance > furthest) furthest = distance;
        }
        uint256 reach = uint256(velocity) * BLOCKS;
        if (furthest > reach) {
            for (uint256 i = 0; i < 2; i++) {
                uint256 distance = _distance(from[i], _goal(from[i], to[i], limits));
                uint256 part = (distance * reach) / furthest;
                VM.assume(part <= distance && part <= reach);
            }
        }
        uint256[] memory next = GuardRails.bounded(limits, current, target);
        for (uint256 i = 0; i < 2; i++) {
            assert(next[i] >= lowest && next[i] <= highest);
            assert(_distance(from[i], next[i]) <= step);
            assert(_distance(from[i], next[i]) <= reach);
        }
    }

    /// @dev Where an update goes before its velocity is looked at.
    function _goal(uint256 from, uint256 to, GuardRails.Limits memory limits) private pure returns (uint256 goal) {
        goal = to;
        if (goal < limits.lowest) goal = limits.lowest;
        if (goal > limits.highest) goal = limits.highest;
        if (goal > from + limits.step) goal = from + limits.step;
        if (goal + limits.step < from) goal = from - limits.step;
    }

    function _distance(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a - b : b - a;
    }
}

/// @notice A timelock with one call behind it.
contract OneCall is Timelocked {
    uint256 public called;

    constructor(uint32 delay_) Timelocked(msg.sender, msg.sender, msg.sender, delay_) {}

    function change(uint256 value) external timelocked {
        called = value;
    }

    function _checkProposal(bytes4, bytes calldata) internal pure override {}
}

/// @title No call that is timelocked runs before its delay is over, after its window, or with other arguments than were announced.
contract TimelockSymbolic {
    Cheats private constant VM = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));
    OneCall private locked;

    function setUp() public {
        // Where one account may have every duty.
        VM.chainId(31337);
        VM.warp(1_700_000_000);
        locked = new OneCall(1 days);
    }

    function check_nothingRunsUnannouncedOrOutsideItsWindow(uint64 at, uint256 announced, uint256 called) external {
        if (at < block.timestamp) return;
        uint256 proposedAt = block.timestamp;
        locked.propose(abi.encodeCall(OneCall.change, (announced)));
        VM.warp(at);
        (bool done,) = address(locked).call(abi.encodeCall(OneCall.change, (called)));
        bool inTime = at >= proposedAt + 1 days && at <= proposedAt + 1 days + 7 days;
        assert(done == (inTime && announced == called));
        // And once: the same call again needs another proposal.
        (bool again,) = address(locked).call(abi.encodeCall(OneCall.change, (called)));
        assert(!again);
    }
}
