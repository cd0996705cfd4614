// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PremiumChallenges} from "../../src/book/PremiumChallenges.sol";
import {JournalFixture} from "./JournalFixture.sol";

/// @notice Entries that the chain draws by the prevrandao of a block.
contract DrawnEntriesTest is JournalFixture {
    function header(uint256 random) private pure returns (bytes memory made) {
        bytes memory word = bytes.concat(hex"a0", keccak256("anything"));
        // parent, ommers, coinbase, state, transactions, receipts, bloom
        made = bytes.concat(word, word, hex"94", bytes20(address(7)), word, word, word);
        made = bytes.concat(made, hex"b90100", new bytes(256));
        // difficulty 0, number, gas limit, gas used, time, extra data
        made = bytes.concat(made, hex"80", hex"8203e8", hex"840abcdef0", hex"05", hex"846553f100", hex"83616263");
        made = bytes.concat(made, hex"a0", bytes32(random), hex"880000000000000000", hex"07");
        made = bytes.concat(hex"f9", bytes2(uint16(made.length)), made);
    }

    function picked(uint256 random) private view returns (uint256) {
        return uint256(keccak256(abi.encode(random, oracle, uint64(2), uint256(0)))) % 3;
    }

    function mined(uint256 at, uint256 random) private {
        vm.roll(at + 1);
        vm.setBlockhash(at, keccak256(header(random)));
    }

    function testFuzz_thePrevrandaoOfOneBlockPicks(uint256 random) public {
        uint256 at = challenges.drawnBy(journal);
        equal(at, block.number + 8);
        vm.roll(at);
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.NotPickedYet.selector, at));
        challenges.draw(journal, previous, header(random));
        mined(at, random);
        bytes memory other = header(random ^ 1);
        vm.expectRevert();
        challenges.draw(journal, previous, other);
        vm.prank(MALLORY);
        challenges.draw(journal, previous, header(random));
        uint256 index = picked(random);
        for (uint256 i = 0; i < 3; i++) holds((statusOf(i) == PremiumChallenges.Status.Open) == (i == index), "one");
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.AlreadyDrawn.selector, uint64(2)));
        challenges.draw(journal, previous, header(random));
        answered(index);
        equal(challenges.disputed(), 0);
        equal(challenges.stake(), 0);
    }

    function test_aPickedEntryThatNobodyAnswersDisputesTheOracle() public {
        challenges.fund{value: 1 ether}();
        uint256 at = challenges.drawnBy(journal);
        mined(at, 11);
        challenges.draw(journal, previous, header(11));
        vm.warp(block.timestamp + 1 days + 1);
        vm.prank(MALLORY);
        challenges.lapse(2, picked(11));
        equal(challenges.disputed(), 2);
        // Whoever shows it is paid from the stake: nobody has put up a bond.
        equal(challenges.owed(MALLORY), 0.1 ether);
        equal(challenges.owed(address(0)), 0);
    }

    function test_aBlockThatWasLetPassIsReplacedByALaterOne() public {
        uint256 at = challenges.drawnBy(journal);
        vm.roll(at + 256);
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.NotPassed.selector, at));
        challenges.postpone(journal);
        vm.roll(at + 257);
        vm.expectRevert();
        challenges.draw(journal, previous, header(5));
        challenges.postpone(journal);
        equal(challenges.drawnBy(journal), at + 265);
        mined(at + 265, 5);
        challenges.draw(journal, previous, header(5));
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.AlreadyDrawn.selector, uint64(2)));
        challenges.postpone(journal);
    }

    function test_anEntryThatIsAnsweredForIsNotPickedAgain() public {
        for (uint256 i = 0; i < 3; i++) {
            challenged(i);
            answered(i);
        }
        mined(challenges.drawnBy(journal), 5);
        challenges.draw(journal, previous, header(5));
        for (uint256 i = 0; i < 3; i++) holds(statusOf(i) == PremiumChallenges.Status.Answered, "answered");
    }
}
