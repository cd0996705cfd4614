// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LiquidationAttestor} from "../../src/LiquidationAttestor.sol";
import {OperatorStake} from "../../src/book/OperatorStake.sol";
import {EntryGrounds} from "../../src/book/EntryGrounds.sol";
import {PremiumChallenges} from "../../src/book/PremiumChallenges.sol";
import {UnpaidEntry} from "../../src/book/UnpaidEntry.sol";
import {JournalFixture} from "./JournalFixture.sol";

/// @notice An operator who shapes the book that trades are priced on, without paying for it.
contract UnpaidEntriesTest is JournalFixture {
    bytes4 private constant MISSING = EntryGrounds.GroundsMissing.selector;
    bytes4 private constant OTHER_EVENT = EntryGrounds.EventDiffers.selector;
    bytes32 private constant SOL = "SOL";
    string private constant DUST = '{"kind":"dust-closed","at":1,"market":"BTC","size":"0.0009","price":"100","account":"bob"}';
    string private constant SETTLED = '{"kind":"positions-settled","at":1,"market":"SOL","price":"10","accounts":[]}';
    string private constant TRADE = '{"kind":"trade-booked","at":1,"tradeId":"plan","account":"bob","planId":"plan"}';
    /// @dev where it names the plan
    uint256 private constant PLAN_AT = 63;

    /// @dev The first entry: BTC is bought, in size of 10^-8.
    function bought(uint8 kind, uint256 charged, int128 size, string memory text) private {
        entries[0].rows = bytes.concat(
            row(BTC, 0.6e8, 61e8, 0.6e8 + size, 61e8 + 100 * size, 100e18),
            row(ETH, -0.8e8, -40e8, -0.8e8, -40e8, 50e18)
        );
        entries[0].terms = terms(kind, 100 * size);
        entries[0].terms.charged = charged;
        if (kind == 0) (entries[0].terms.riskPremium, entries[0].terms.liquidityPremium) = (0, 0);
        entries[0].content = contentOf(text);
        rebound();
        challenges.challenge{value: 0.1 ether}(journal, previous, 0);
    }

    function given(uint256 i, UnpaidEntry.Grounds memory grounds)
        private
        view
        returns (PremiumChallenges.Answer memory made)
    {
        made = answerFor(i);
        made.grounds = grounds;
    }

    function refusedGrounds(uint256 i, UnpaidEntry.Grounds memory grounds, bytes4 error) private {
        refusedAnswer(i, opening(i), given(i, grounds), error);
    }

    function taken(uint256 i, UnpaidEntry.Grounds memory grounds) private {
        uint256 before = vm.snapshotState();
        challenges.answer(journal, previous, i, opening(i), given(i, grounds));
        (PremiumChallenges.Status status,,,) = challenges.cases(journal.number, i);
        holds(status != PremiumChallenges.Status.Open, "answered");
        vm.revertToState(before);
    }

    function test_aMadeUpPairOfEntriesHasNoAnswer() public {
        // Before a trade BTC comes from nowhere, and after it goes again: neither pays a premium.
        string memory text = '{"kind":"positions-reduced","at":1,"settlementId":"s","reductions":[]}';
        bought(0, 0, 0.1e8, text);
        UnpaidEntry.Grounds memory none;
        refusedGrounds(0, none, OTHER_EVENT);
        refusedGrounds(0, groundsOf(text), MISSING);
        refusedGrounds(0, groundsOf(BUST), OTHER_EVENT);
        UnpaidEntry.Grounds memory grounds = groundsOf(text);
        grounds.salt = "other";
        refusedGrounds(0, grounds, OTHER_EVENT);
        challenges.challenge{value: 0.1 ether}(journal, previous, 2);
        refusedAnswer(2, opening(2), answerFor(2), MISSING);
        vm.warp(block.timestamp + 1 days + 1);
        challenges.lapse(journal.number, 0);
        holds(oracle.disputed(), "disputed");
    }

    function test_theGovernorsWordIsForOneEntryAndNobodyElses() public {
        challenged(2);
        bytes32 third = digestOf(2);
        vm.prank(MALLORY);
        vm.expectRevert(abi.encodeWithSelector(OperatorStake.NotTheGovernor.selector, MALLORY));
        challenges.allow(2, 2, third);
        challenges.allow(2, 1, digestOf(2));
        challenges.allow(2, 2, digestOf(1));
        challenges.allow(3, 2, digestOf(2));
        refusedAnswer(2, opening(2), answerFor(2), MISSING);
        challenges.allow(2, 2, digestOf(2));
        // The word does not spare the event.
        UnpaidEntry.Grounds memory none;
        refusedGrounds(2, none, OTHER_EVENT);
        taken(2, groundsOf(BUST));
    }

    function test_aTradeThatPaysLessThanTheModelsPremiumIsAFavour() public {
        UnpaidEntry.Grounds memory none;
        bought(1, 0.015e8 - 64, 0.1e8, TRADE);
        taken(0, none);
        bought(1, 0.015e8 - 65, 0.1e8, TRADE);
        refusedGrounds(0, none, OTHER_EVENT);
        refusedGrounds(0, groundsOf(TRADE), MISSING);
        allow(0);
        taken(0, groundsOf(TRADE));
    }

    function test_anAcceptedQuoteIsCheaperByAnEighthAndAFiveHundredThousandthAtMost() public {
        // 10 of notional: 2000 units of 10^-8.
        UnpaidEntry.Grounds memory none;
        uint256 least = 0.015e8 - (0.015e8 >> 3) - 2000;
        bought(2, least, 0.1e8, TRADE);
        taken(0, none);
        bought(2, least - 1, 0.1e8, TRADE);
        refusedGrounds(0, groundsOf(TRADE), MISSING);
    }

    function test_accountsThatTradeWithEachOtherMoveNothing() public {
        entries[0].rows = bytes.concat(
            row(BTC, 0.6e8, 61e8, 0.6e8, 65e8, 100e18), row(ETH, -0.8e8, -40e8, -0.8e8, -40e8, 50e18)
        );
        entries[0].terms = entries[2].terms;
        rebound();
        challenges.challenge{value: 0.1 ether}(journal, previous, 0);
        UnpaidEntry.Grounds memory none;
        taken(0, none);
    }

    function test_dustIsSmallAtPricesThatAreHeld() public {
        UnpaidEntry.Grounds memory none;
        // A 1024th of the book of 100, at 100.
        bought(0, 0, 97656, DUST);
        uint256 before = vm.snapshotState();
        challenges.answer(journal, previous, 0, opening(0), given(0, groundsOf(DUST)));
        vm.snapshotGasLastCall("answer of dust");
        vm.revertToState(before);
        taken(0, groundsOf(DUST));
        refusedGrounds(0, none, OTHER_EVENT);
        bought(0, 0, -97656, DUST);
        taken(0, groundsOf(DUST));
        bought(0, 0, 97657, DUST);
        refusedGrounds(0, groundsOf(DUST), MISSING);
        // At a mark of next to nothing everything would be dust: the entry's own marks do not count.
        entries[0].rows =
            bytes.concat(row(BTC, 0.6e8, 61e8, 6e8, 61e8, 1), row(ETH, -0.8e8, -40e8, -0.8e8, -40e8, 1));
        rebound();
        challenges.challenge{value: 0.1 ether}(journal, previous, 0);
        refusedGrounds(0, groundsOf(DUST), MISSING);
        // The event says what it is.
        bought(0, 0, 97656, SETTLED);
        refusedGrounds(0, groundsOf(SETTLED), UnpaidEntry.ClosingDiffers.selector);
        bought(0, 0, 97656, BUST);
        refusedGrounds(0, groundsOf(BUST), MISSING);
        // In a large book dust is ten at most.
        bought(0, 0, 10000, DUST);
        prices.set(BTC, previous.bar, 100_000e18);
        taken(0, groundsOf(DUST));
        bought(0, 0, 10001, DUST);
        prices.set(BTC, previous.bar, 100_000e18);
        refusedGrounds(0, groundsOf(DUST), MISSING);
        prices.set(BTC, previous.bar, 1 << 127);
        refusedGrounds(0, groundsOf(DUST), UnpaidEntry.PriceTooLarge.selector);
    }

    function closing() private pure returns (bytes memory book) {
        (int128 size, int128 entry) = (-0.8e8, -40e8);
        book = bytes.concat(BTC, bytes16(uint128(0.6e8)), bytes16(uint128(61e8)), ETH);
        return bytes.concat(book, bytes16(uint128(size)), bytes16(uint128(entry)));
    }

    function test_aMarketThatEndsIsNotInTheBookThatTheEpochEndsWith() public {
        bytes memory others = bytes.concat(
            row(BTC, 0.6e8, 61e8, 0.6e8, 61e8, 100e18), row(ETH, -0.8e8, -40e8, -0.8e8, -40e8, 50e18)
        );
        entries[0].rows = bytes.concat(others, row(SOL, 0, 0, 1e8, 10e8, 10e18));
        entries[1].rows = bytes.concat(others, row(SOL, 1e8, 10e8, 0, 0, 10e18));
        (entries[1].terms, entries[1].content) = (entries[2].terms, contentOf(SETTLED));
        rebound();
        challenges.challenge{value: 0.1 ether}(journal, previous, 1);
        UnpaidEntry.Grounds memory grounds = groundsOf(SETTLED);
        refusedGrounds(1, grounds, UnpaidEntry.ClosingDiffers.selector);
        grounds.closing = closing();
        taken(1, grounds);
        // BTC, which "ends" with it, is still there.
        entries[1].rows = bytes.concat(
            row(BTC, 0.6e8, 61e8, 0.5e8, 51e8, 100e18),
            row(ETH, -0.8e8, -40e8, -0.8e8, -40e8, 50e18),
            row(SOL, 1e8, 10e8, 0, 0, 10e18)
        );
        rebound();
        challenges.challenge{value: 0.1 ether}(journal, previous, 1);
        refusedGrounds(1, grounds, MISSING);
        // And so is ETH, the last of it.
        entries[1].rows = bytes.concat(
            row(BTC, 0.6e8, 61e8, 0.6e8, 61e8, 100e18),
            row(ETH, -0.8e8, -40e8, 0, 0, 50e18),
            row(SOL, 1e8, 10e8, 0, 0, 10e18)
        );
        rebound();
        challenges.challenge{value: 0.1 ether}(journal, previous, 1);
        refusedGrounds(1, grounds, MISSING);
    }

    function test_aBookThatIsLeftAndTakenUpAgainIsNoWayAroundTheProof() public {
        // "Everything is closed", at a premium that no proof can say anything about.
        entries[0].rows = bytes.concat(row(BTC, 0.6e8, 61e8, 0, 0, 100e18), row(ETH, -0.8e8, -40e8, 0, 0, 50e18));
        entries[1].rows = bytes.concat(row(BTC, 0, 0, 6e8, 610e8, 100e18), row(ETH, 0, 0, -9e8, -450e8, 50e18));
        (entries[0].content, entries[1].content) = (contentOf(TRADE), contentOf(TRADE));
        rebound();
        for (uint256 i = 0; i < 2; i++) {
            challenges.challenge{value: 0.1 ether}(journal, previous, i);
            refusedGrounds(i, groundsOf(TRADE), MISSING);
        }
    }

    function attested(uint256 number, uint256 notional) private {
        address attestor = address(oracle.attestor());
        bytes memory call = abi.encodeCall(LiquidationAttestor.attestedIn, ("plan"));
        vm.mockCall(attestor, call, abi.encode(number));
        call = abi.encodeCall(LiquidationAttestor.notionalOf, ("plan"));
        vm.mockCall(attestor, call, abi.encode(notional));
    }

    function test_aLiquidationWhoseAccountCannotPayIsOfAPlanThatWasProven() public {
        bought(1, 0, 0.1e8, TRADE);
        UnpaidEntry.Grounds memory grounds = groundsOf(TRADE);
        (grounds.plan, grounds.planAt) = ("plan", PLAN_AT);
        refusedGrounds(0, grounds, MISSING);
        // On the epoch before, of an account that has so much, an eighth apart.
        attested(previous.number + 1, 10e18);
        taken(0, grounds);
        attested(previous.number + 1, 8.9e18);
        taken(0, grounds);
        attested(previous.number + 1, 8.88e18);
        refusedGrounds(0, grounds, MISSING);
        attested(previous.number, 10e18);
        refusedGrounds(0, grounds, MISSING);
        attested(previous.number + 2, 10e18);
        refusedGrounds(0, grounds, MISSING);
        attested(previous.number + 1, 10e18);
        // The text names it, there.
        for (uint256 at = 0; at < 100; at++) {
            if (at == PLAN_AT) continue;
            grounds.planAt = at;
            refusedGrounds(0, grounds, MISSING);
        }
        grounds.planAt = type(uint256).max;
        refusedGrounds(0, grounds, MISSING);
        (grounds.plan, grounds.planAt) = ("pla", PLAN_AT);
        refusedGrounds(0, grounds, MISSING);
        grounds.plan = "plan";
        challenges.answer(journal, previous, 0, opening(0), given(0, grounds));
        holds(challenges.executed("plan") == digestOf(0), "executed");
        // Once: another entry of the same plan has no grounds.
        entries[1] = entries[0];
        entries[1].rows = bytes.concat(
            row(BTC, 0.7e8, 71e8, 0.8e8, 81e8, 100e18), row(ETH, -0.8e8, -40e8, -0.8e8, -40e8, 50e18)
        );
        rebound();
        attested(previous.number + 1, 10e18);
        challenges.challenge{value: 0.1 ether}(journal, previous, 1);
        refusedGrounds(1, grounds, MISSING);
        challenges.challenge{value: 0.1 ether}(journal, previous, 0);
        taken(0, grounds);
    }

    function test_anEventThatQuotesAPlanExecutesNone() public {
        string memory text =
            '{"kind":"trade-booked","at":1,"tradeId":"a","account":"\\"planId\\":\\"plan\\"","planId":"other"}';
        bought(1, 0, 0.1e8, text);
        attested(previous.number + 1, 10e18);
        UnpaidEntry.Grounds memory grounds = groundsOf(text);
        grounds.plan = "plan";
        for (uint256 at = 0; at < 110; at++) {
            grounds.planAt = at;
            refusedGrounds(0, grounds, MISSING);
        }
        // Nor does another event than a trade.
        text = '{"kind":"trade-busted","at":1,"tradeId":"plan","planId":"plan"}';
        bought(1, 0, 0.1e8, text);
        attested(previous.number + 1, 10e18);
        grounds = groundsOf(text);
        (grounds.plan, grounds.planAt) = ("plan", 47);
        refusedGrounds(0, grounds, MISSING);
    }
}
