// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BookBinding} from "../../src/book/BookBinding.sol";
import {OperatorStake} from "../../src/book/OperatorStake.sol";
import {PremiumChallenges} from "../../src/book/PremiumChallenges.sol";
import {TradeJournal} from "../../src/book/TradeJournal.sol";
import {RiskOracle} from "../../src/RiskOracle.sol";
import {JournalFixture} from "./JournalFixture.sol";

/// @notice Takes no money.
contract Penniless {
    function challenge(
        PremiumChallenges of_,
        TradeJournal.Journal calldata journal,
        TradeJournal.Journal calldata previous,
        uint256 index
    ) external {
        of_.challenge{value: of_.BOND()}(journal, previous, index);
    }
}

/// @notice Bonds, stake and deadlines of challenges.
contract ChallengeBondsTest is JournalFixture {
    function test_aLateAnswerIsNoneAndTheOracleIsDisputed() public {
        challenges.fund{value: 1 ether}();
        challenged(0);
        (, uint64 due,,) = challenges.cases(2, 0);
        equal(due, block.timestamp + 1 days);
        vm.warp(due);
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.NotDue.selector, due));
        challenges.lapse(2, 0);
        vm.warp(due + 1);
        refusedAnswer(0, opening(0), answerFor(0), PremiumChallenges.TooLate.selector);
        vm.prank(MALLORY);
        challenges.lapse(2, 0);
        equal(challenges.disputed(), 2);
        // Double the bond is the challenger's, whoever says that time is over.
        equal(challenges.owed(address(this)), 2 * challenges.BOND());
        equal(challenges.owed(MALLORY), 0);
        uint256 balance = address(this).balance;
        vm.prank(MALLORY);
        challenges.collect(payable(address(this)));
        equal(address(this).balance, balance + 0.2 ether);
        vm.expectRevert(abi.encodeWithSelector(OperatorStake.NothingOwed.selector, address(this)));
        challenges.collect(payable(address(this)));
        refusedAnswer(0, opening(0), answerFor(0), PremiumChallenges.NotOpen.selector);
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.NotOpen.selector, uint64(2), uint256(0)));
        challenges.lapse(2, 0);
        // Nothing is fresh any more and nothing is published.
        (, bool fresh) = oracle.measure();
        holds(!fresh && oracle.disputed(), "disputed");
        (, fresh) = oracle.margin(BTC);
        holds(!fresh, "margins");
        RiskOracle.Epoch memory next = epoch();
        next.book = committed(0, 0);
        refused(next, BookBinding.EpochDisputed.selector);
        // Stake does not leave a dispute.
        challenges.leave(0.5 ether);
        vm.warp(block.timestamp + 10 days);
        vm.expectRevert(abi.encodeWithSelector(OperatorStake.Disputed.selector, uint64(2)));
        challenges.withdrawStake(payable(address(this)));
    }

    function test_anEntryIsPickedOnceAndInItsTime() public {
        challenged(0);
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.AlreadyPicked.selector, uint64(2), uint256(0)));
        challenges.challenge{value: 0.1 ether}(journal, previous, 0);
        answered(0);
        refusedAnswer(0, opening(0), answerFor(0), PremiumChallenges.NotOpen.selector);
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.AlreadyPicked.selector, uint64(2), uint256(0)));
        challenges.challenge{value: 0.1 ether}(journal, previous, 0);
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.NoEntry.selector, uint64(2), uint256(3)));
        challenges.challenge{value: 0.1 ether}(journal, previous, 3);
        for (uint256 value = 0; value < 2; value++) {
            vm.expectRevert(
                abi.encodeWithSelector(PremiumChallenges.BondDiffers.selector, 0.1 ether, value * (0.1 ether + 1))
            );
            challenges.challenge{value: value * (0.1 ether + 1)}(journal, previous, 1);
        }
        // The first epoch follows none, and an epoch that is not known is none.
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.NotJudged.selector, uint64(1)));
        challenges.challenge{value: 0.1 ether}(previous, previous, 0);
        TradeJournal.Journal memory forged = journal;
        forged.entries = 4;
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.JournalUnknown.selector, uint64(2)));
        challenges.challenge{value: 0.1 ether}(forged, previous, 3);
        forged = previous;
        forged.state += 1;
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.JournalUnknown.selector, uint64(1)));
        challenges.challenge{value: 0.1 ether}(journal, forged, 1);
        vm.warp(journal.boundTime + 7 days);
        challenged(1);
        vm.warp(journal.boundTime + 7 days + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                PremiumChallenges.PeriodOver.selector, uint64(2), uint256(journal.boundTime) + 7 days
            )
        );
        challenges.challenge{value: 0.1 ether}(journal, previous, 2);
    }

    function test_anEpochAfterAGapIsNotJudged() public {
        previous = journal;
        propose(model(bar + 5 * BAR));
        vm.warp(block.timestamp + DELAY);
        vm.warp(bar + 5 * BAR + DELAY);
        oracle.installModel(model(bar + 5 * BAR));
        bar += 5 * BAR;
        setPrices(bar, 100e18, 50e18);
        journal = bind(tree(), 3);
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.NotJudged.selector, uint64(3)));
        challenges.challenge{value: 0.1 ether}(journal, previous, 0);
    }

    function test_aBondIsNobodysToSteal() public {
        // Whoever copies the operator's answer gives the bond to the operator.
        challenged(0);
        vm.prank(MALLORY);
        challenges.answer(journal, previous, 0, opening(0), answerFor(0));
        equal(challenges.owed(MALLORY), 0);
        equal(challenges.stake(), 0.1 ether);
        vm.prank(MALLORY);
        vm.expectRevert(abi.encodeWithSelector(OperatorStake.NotTheGovernor.selector, MALLORY));
        challenges.leave(0.1 ether);
        vm.prank(MALLORY);
        vm.expectRevert(abi.encodeWithSelector(OperatorStake.NotTheGovernor.selector, MALLORY));
        challenges.withdrawStake(payable(MALLORY));
        vm.prank(MALLORY);
        vm.expectRevert(abi.encodeWithSelector(OperatorStake.NothingOwed.selector, MALLORY));
        challenges.collect(payable(MALLORY));
    }

    function test_aChallengerThatTakesNoMoneyStopsNothing() public {
        Penniless penniless = new Penniless();
        vm.deal(address(penniless), 0.1 ether);
        challenges.fund{value: 1 ether}();
        penniless.challenge(challenges, journal, previous, 0);
        vm.warp(block.timestamp + 1 days + 1);
        challenges.lapse(2, 0);
        equal(challenges.disputed(), 2);
        vm.expectRevert(abi.encodeWithSelector(OperatorStake.PaymentFailed.selector, address(penniless)));
        challenges.collect(payable(address(penniless)));
        equal(challenges.owed(address(penniless)), 0.2 ether);
    }

    function test_stakeLeavesAfterEveryChallengeThatItStandsFor() public {
        challenges.fund{value: 1 ether}();
        vm.expectRevert(abi.encodeWithSelector(OperatorStake.NotLeavingYet.selector, uint64(0)));
        challenges.withdrawStake(payable(address(this)));
        challenges.leave(0.95 ether);
        uint64 at = uint64(block.timestamp) + 9 days;
        equal(challenges.leavingAt(), at);
        challenged(0);
        vm.warp(at - 1);
        vm.expectRevert(abi.encodeWithSelector(OperatorStake.NotLeavingYet.selector, at));
        challenges.withdrawStake(payable(address(this)));
        vm.warp(at);
        // A tenth is reserved for the challenge that is open.
        vm.expectRevert(abi.encodeWithSelector(OperatorStake.StakeTooSmall.selector, 0.9 ether, 0.95 ether));
        challenges.withdrawStake(payable(address(this)));
        challenges.leave(0.9 ether);
        vm.warp(at + 9 days);
        uint256 before = address(this).balance;
        challenges.withdrawStake(payable(address(this)));
        equal(address(this).balance, before + 0.9 ether);
        equal(challenges.stake(), 0);
        // Without stake a challenge still disputes, for the bond alone.
        challenges.lapse(2, 0);
        equal(challenges.owed(address(this)), 0.2 ether);
    }

    function test_manyChallengesExhaustNobody() public {
        challenged(0);
        challenged(1);
        challenged(2);
        for (uint256 i = 0; i < 3; i++) {
            (, uint64 due,,) = challenges.cases(2, i);
            equal(due, block.timestamp + 1 days + i * 10 minutes);
        }
        // Once they are over the next has its day and no more.
        vm.warp(block.timestamp + 2 hours);
        rebound();
        challenges.challenge{value: 0.1 ether}(journal, previous, 0);
        (, uint64 last,,) = challenges.cases(3, 0);
        equal(last, block.timestamp + 1 days);
    }
}
