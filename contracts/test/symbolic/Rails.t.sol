// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {GuardRails} from "../../src/GuardRails.sol";
import {Timelocked} from "../../src/governance/Timelocked.sol";

interface Cheats {
    function warp(uint256 time) external;
    function chainId(uint256 id) external;
}

/// @title Properties of guard rails that no input breaks: `check_` functions are executed on symbols, not on samples.
/// @notice `npm run analyse` runs them with halmos. Every argument is any value of its type. They do not show that an update
/// stays within step and velocity: it divides by a symbol, which is beyond the solvers on bits. quotients.py proves for all whole numbers that a
/// scaled move is no longer than the move itself and within reach; `GuardRails.t.sol` tests the rest by samples.
contract RailsSymbolic {
    uint32 private constant BLOCKS = 50;

    /// @notice On its way a margin is where it was at the first block, and at the last one has arrived, for good.
    function check_aMarginStartsWhereItWasAndArrives(uint32 from, uint32 to, uint32 passed) external pure {
        if (passed >= BLOCKS) assert(GuardRails.at(from, to, passed, BLOCKS) == to);
        assert(GuardRails.at(from, to, 0, BLOCKS) == from);
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
