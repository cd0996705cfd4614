// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PremiumChallenges} from "../../src/book/PremiumChallenges.sol";
import {TradeJournal} from "../../src/book/TradeJournal.sol";
import {JournalFixture} from "./JournalFixture.sol";

/// @notice Journals whose books do not follow each other.
contract JournalBreaksTest is JournalFixture {
    function refusedBreak(
        uint256 index,
        TradeJournal.Leaf memory at,
        bytes32[] memory path_,
        TradeJournal.Leaf memory preceding,
        bytes32[] memory precedingPath,
        bytes4 error
    ) private {
        (bool done, bytes memory reason) = address(challenges).call(
            abi.encodeCall(
                PremiumChallenges.showBreak, (journal, previous, index, at, path_, preceding, precedingPath)
            )
        );
        holds(!done, "a break is shown where there is none");
        equal(uint32(bytes4(reason)), uint32(error));
    }

    function test_aBrokenJournalHasNoAnswerAndIsShown() public {
        // 0.05 BTC come from nowhere between the first entry and the second.
        entries[1].rows = bytes.concat(
            row(BTC, 0.75e8, 76e8, 0.7e8, 71e8, 100e18), row(ETH, -0.8e8, -40e8, -0.9e8, -45e8, 50e18)
        );
        rebound();
        challenges.challenge{value: 0.1 ether}(journal, previous, 1);
        refusedAnswer(1, opening(1), answerFor(1), BREAK);
        refusedBreak(2, leaf(2), path(2), leaf(1), path(1), PremiumChallenges.JournalHolds.selector);
        refusedBreak(1, leaf(2), path(2), leaf(0), path(0), NOT_IN);
        challenges.showBreak(journal, previous, 1, leaf(1), path(1), leaf(0), path(0));
        equal(challenges.disputed(), 3);
        holds(oracle.disputed(), "disputed");
    }

    function test_aJournalThatDoesNotBeginOrEndWithTheEpochsBooksIsShown() public {
        TradeJournal.Leaf memory none;
        bytes32[] memory nothing = new bytes32[](0);
        uint256 honest = vm.snapshotState();
        refusedBreak(0, leaf(0), path(0), none, nothing, PremiumChallenges.JournalHolds.selector);
        refusedBreak(3, none, nothing, leaf(2), path(2), PremiumChallenges.JournalHolds.selector);
        refusedBreak(4, none, nothing, none, path(3), NOT_IN);
        entries[0].rows = bytes.concat(
            row(BTC, 0.5e8, 51e8, 0.7e8, 71e8, 100e18), row(ETH, -0.8e8, -40e8, -0.8e8, -40e8, 50e18)
        );
        rebound();
        challenges.challenge{value: 0.1 ether}(journal, previous, 0);
        refusedAnswer(0, opening(0), answerFor(0), BREAK);
        challenges.showBreak(journal, previous, 0, leaf(0), path(0), none, nothing);
        equal(challenges.disputed(), 3);
        vm.revertToState(honest);
        entries[2].rows = bytes.concat(
            row(BTC, 0.7e8, 71e8, 0.7e8, 71e8, 100e18), row(ETH, -0.9e8, -45e8, -0.8e8, -40e8, 50e18)
        );
        rebound();
        challenges.challenge{value: 0.1 ether}(journal, previous, 2);
        refusedAnswer(2, opening(2), answerFor(2), BREAK);
        challenges.showBreak(journal, previous, 3, none, nothing, leaf(2), path(2));
        equal(challenges.disputed(), 3);
    }

    function test_aBookThatMovesWithoutAnEntryIsShown() public {
        TradeJournal.Leaf memory none;
        bytes32[] memory nothing = new bytes32[](0);
        previous = journal;
        journal = bind(0, 0);
        refusedBreak(0, none, nothing, none, nothing, PremiumChallenges.JournalHolds.selector);
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.NoEntry.selector, uint64(3), uint256(0)));
        challenges.challenge{value: 0.1 ether}(journal, previous, 0);
        // The same net exposure made of another entry notional is another book: the binding takes it, the journal shows it.
        TradeJournal.Journal memory other = journal;
        other.closing = "another";
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.JournalUnknown.selector, uint64(3)));
        challenges.showBreak(other, previous, 0, none, nothing, none, nothing);
    }
}
