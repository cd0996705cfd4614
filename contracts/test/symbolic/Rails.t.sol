// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {GuardRails} from "../../src/GuardRails.sol";
import {WeightRails} from "../../src/pool/WeightRails.sol";
import {Timelocked} from "../../src/governance/Timelocked.sol";

/// @title What no input whatever breaks of guard rails and rate limits: `check_` functions are executed on symbols, not on samples.
/// @notice `npm run symbolic` runs them with halmos. Every argument is any value of its type.
contract RailsSymbolic {
    using GuardRails for GuardRails.Path;
    using WeightRails for WeightRails.Path;

    WeightRails.Path private _path;

    /// @notice On its way a margin is between where it was and where it goes, and at the end it has arrived.
    function check_aMarginOnItsWayIsBetweenItsEnds(uint64 from, uint64 to, uint48 start, uint32 blocks, uint64 at)
        external
        pure
    {
        if (blocks == 0 || at < start) return;
        uint64 value = GuardRails.Path(from, to, start, blocks, 0).at(at);
        (uint64 low, uint64 high) = from < to ? (from, to) : (to, from);
        assert(value >= low && value <= high);
        if (at - start >= blocks) assert(value == to);
        if (at == start) assert(value == from);
    }

    /// @notice One update of a margin stays within its limits, its step and its speed, whatever the model asks for.
    function check_anUpdateStaysWithinLimitsStepAndSpeed(GuardRails.Limits memory limits, uint64 from, uint256 asked)
        external
        pure
    {
        GuardRails.check(limits);
        if (from < limits.lowest || from > limits.highest) return;
        uint256[] memory current = new uint256[](1);
        uint256[] memory target = new uint256[](1);
        (current[0], target[0]) = (from, asked);
        uint256 next = GuardRails.bounded(limits, current, target)[0];
        assert(next >= limits.lowest && next <= limits.highest);
        uint256 moved = next > from ? next - from : from - next;
        assert(moved <= limits.step);
        assert(moved <= uint256(limits.velocity) * limits.blocks);
        // It never moves away from what was asked for.
        if (asked >= from) assert(next >= from);
        else assert(next <= from);
    }

    /// @notice Of two margins neither leaves its step, and a slow one never gains by a fast one.
    function check_twoUpdatesKeepTheirSteps(GuardRails.Limits memory limits, uint64[2] memory from, uint64[2] memory asked)
        external
        pure
    {
        GuardRails.check(limits);
        uint256[] memory current = new uint256[](2);
        uint256[] memory target = new uint256[](2);
        for (uint256 i = 0; i < 2; i++) {
            if (from[i] < limits.lowest || from[i] > limits.highest) return;
            (current[i], target[i]) = (from[i], asked[i]);
        }
        uint256[] memory next = GuardRails.bounded(limits, current, target);
        for (uint256 i = 0; i < 2; i++) {
            uint256 moved = next[i] > from[i] ? next[i] - from[i] : from[i] - next[i];
            assert(moved <= limits.step);
            assert(next[i] >= limits.lowest && next[i] <= limits.highest);
        }
    }

    /// @notice Two weights on their way move against one another by the same amount, no faster than they may.
    function check_weightsMoveNoFasterThanTheyMayAndSumToTheSame(
        uint64 velocity,
        uint32 blocks,
        uint64[2] memory from,
        uint64[2] memory to,
        uint32 passed
    ) external {
        uint256 one = 1e18;
        if (blocks == 0 || velocity == 0 || velocity > one) return;
        if (uint256(from[0]) + from[1] != one || uint256(to[0]) + to[1] != one) return;
        uint256[] memory current = new uint256[](2);
        uint256[] memory next = new uint256[](2);
        for (uint256 i = 0; i < 2; i++) (current[i], next[i]) = (from[i], to[i]);
        WeightRails.Limits memory limits = WeightRails.Limits(1, uint64(one), velocity, blocks);
        _path.move(limits, current, next);
        for (uint256 i = 0; i < 2; i++) {
            int64 speed = _path.weights[i].multiplier;
            assert(speed <= int64(velocity) && -speed <= int64(velocity));
        }
        assert(_path.weights[0].multiplier + _path.weights[1].multiplier == 0);
        uint256[] memory weights = _path.at(2, block.number + passed);
        assert(weights[0] + weights[1] == one);
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

interface Cheats {
    function warp(uint256 time) external;
    function chainId(uint256 id) external;
}

/// @title No call that is timelocked runs before its delay is over, after its window, or with other arguments than were announced.
contract TimelockSymbolic {
    Cheats private constant VM = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));
    OneCall private locked;

    function setUp() public {
        VM.chainId(1);
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
