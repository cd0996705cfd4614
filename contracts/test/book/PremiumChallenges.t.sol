// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BookBinding} from "../../src/book/BookBinding.sol";
import {IProvingOracle, PremiumChallenges} from "../../src/book/PremiumChallenges.sol";
import {ProvenPremium} from "../../src/book/ProvenPremium.sol";
import {TradeJournal} from "../../src/book/TradeJournal.sol";
import {PriceLayout as P, SharedLayout} from "../../src/generated/Layout.sol";
import {PriceValues} from "../../src/PriceValues.sol";
import {RiskOracle} from "../../src/RiskOracle.sol";
import {SandwichValues} from "../../src/SandwichValues.sol";
import {ToldVerifier} from "../OracleFixture.sol";
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

/// @notice Answers of every kind; money and time; real proofs are in test/proof/challenges.spec.ts.
contract PremiumChallengesTest is JournalFixture {
    address private constant MALLORY = address(0xbad);

    function statusOf(uint256 index) private view returns (PremiumChallenges.Status status) {
        (status,,,) = challenges.cases(2, index);
    }

    function test_takesTheAnswerForEveryKindOfEntry() public {
        for (uint256 i = 0; i < 3; i++) {
            challenged(i);
            answered(i);
            if (i == 1) vm.snapshotGasLastCall("answer of two markets, without the verifier");
            holds(statusOf(i) == PremiumChallenges.Status.Answered, "answered");
        }
        equal(challenges.stake(), 3 * challenges.BOND());
        equal(challenges.disputed(), 0);
        (, bool fresh) = oracle.measure();
        holds(fresh, "fresh");
    }

    function test_refusesEveryFalseOpening() public {
        challenged(1);
        PremiumChallenges.Answer memory given = answerFor(1);
        PremiumChallenges.Opening memory open = opening(1);
        open.content = "other";
        refusedAnswer(1, open, given, NOT_IN);
        open = opening(1);
        open.terms.riskPremium += 1;
        refusedAnswer(1, open, given, NOT_IN);
        open = opening(1);
        open.rows = entries[0].rows;
        refusedAnswer(1, open, given, NOT_IN);
        open = opening(1);
        open.path[1] = "other";
        refusedAnswer(1, open, given, NOT_IN);
        open.path = new bytes32[](1);
        refusedAnswer(1, open, given, TradeJournal.PathLengthDiffers.selector);
        open = opening(1);
        open.preceding.afterwards = "other";
        refusedAnswer(1, open, given, NOT_IN);
        open = opening(1);
        (open.preceding, open.precedingPath) = (leaf(2), path(2));
        refusedAnswer(1, open, given, NOT_IN);
        open = opening(1);
        // Another entry's opening, which is in the journal, is no answer for this one.
        refusedAnswer(1, opening(0), answerFor(0), NOT_IN);
        open.rows = bytes.concat(entries[1].rows, hex"00");
        refusedAnswer(1, open, given, TradeJournal.RowsInvalid.selector);
        // Rows out of order, and a market twice.
        open.rows = bytes.concat(row(ETH, 0, 0, 1, 1, 1), row(BTC, 0, 0, 1, 1, 1));
        refusedAnswer(1, open, given, TradeJournal.RowsOutOfOrder.selector);
        open.rows = bytes.concat(row(BTC, 0, 0, 1, 1, 1), row(BTC, 0, 0, 1, 1, 1));
        refusedAnswer(1, open, given, TradeJournal.RowsOutOfOrder.selector);
        answered(1);
    }

    function refusedValue(uint256 at, uint256 value, bytes4 error) private {
        PremiumChallenges.Answer memory given = answerFor(0);
        given.instances[at] = value;
        refusedAnswer(0, opening(0), given, error);
    }

    /// @dev Each public value that is bound, one unit past its tolerance, either way.
    function test_refusesEveryProofOfSomethingElse() public {
        challenged(0);
        uint256[] memory v = priceValues(0);
        refusedValue(P.MODEL_COMMITMENT, 401, PremiumChallenges.CommitmentDiffers.selector);
        // The state before the bar, and the one after the trade's epoch: neither was in force.
        refusedValue(P.STATE_COMMITMENT, previous.state - 1, PremiumChallenges.CommitmentDiffers.selector);
        refusedValue(P.STATE_COMMITMENT, journal.state, PremiumChallenges.CommitmentDiffers.selector);
        for (uint256 side = 0; side < 2; side++) {
            uint256 at = P.EXPOSURES + 32 * side;
            refusedValue(at, v[at] + 2, ProvenPremium.ExposureDiffers.selector);
            refusedValue(at + 1, v[at + 1] - 2, ProvenPremium.ExposureDiffers.selector);
            refusedValue(at + 31, 1, ProvenPremium.ExposureOfNoMarket.selector);
            for (uint256 term = 0; term < 4; term++) {
                at = P.PUBLIC_BOOK + 2 * term + side;
                refusedValue(at, v[at] + 2, ProvenPremium.TermDiffers.selector);
                refusedValue(at, v[at] - 2, ProvenPremium.TermDiffers.selector);
            }
        }
        for (uint256 i = 0; i < P.PUBLIC_OTHERS_LENGTH; i++) {
            refusedValue(P.PUBLIC_OTHERS + i, 1, ProvenPremium.OtherMarketsDiffer.selector);
        }
        // A 128th of the premium, a 4096th of the risk and 64 units: a unit less, a unit more.
        uint256 allowed = (PREMIUM >> 7) + ((3 << 24) >> 12) + 64;
        refusedValue(P.PREMIUM, PREMIUM + (allowed * 128) / 127 + 2, ProvenPremium.PremiumDiffers.selector);
        refusedValue(P.PREMIUM, PREMIUM - allowed, ProvenPremium.PremiumDiffers.selector);
        refusedValue(P.PREMIUM, 0, ProvenPremium.PremiumDiffers.selector);
        allowed = (SPREAD >> 7) + ((1 << 24) >> 12) + 64;
        refusedValue(
            P.LIQUIDITY_PREMIUM, SPREAD + (allowed * 128) / 127 + 2, ProvenPremium.LiquidityPremiumDiffers.selector
        );
        refusedValue(P.LIQUIDITY_PREMIUM, SPREAD - allowed, ProvenPremium.LiquidityPremiumDiffers.selector);
        refusedValue(P.VIOLATIONS, 1, SandwichValues.Violated.selector);
        refusedValue(P.PUBLIC_BOOK + 8, uint256(int256(BUDGET)) + 1, PriceValues.BudgetDiffers.selector);
        refusedValue(P.PUBLIC_BOOK + 9, KAPPA + 1, PriceValues.TailFactorDiffers.selector);
        PremiumChallenges.Answer memory given = answerFor(0);
        given.instances[P.PREMIUM] = PREMIUM + 1000;
        given.instances[P.EXPOSURES] += 1;
        challenges.answer(journal, previous, 0, opening(0), given);
    }

    function test_refusesAReadingThatIsNotTheEpochs() public {
        challenged(0);
        PremiumChallenges.Answer memory given = answerFor(0);
        given.bar.variances[0] += 1;
        refusedAnswer(0, opening(0), given, PremiumChallenges.NotProvenSo.selector);
        given = answerFor(0);
        given.bar.number = 2;
        refusedAnswer(0, opening(0), given, PremiumChallenges.NotProvenSo.selector);
        given = answerFor(0);
        given.places = hex"0100";
        refusedAnswer(0, opening(0), given, ProvenPremium.MarketDiffers.selector);
        given.places = hex"0002";
        refusedAnswer(0, opening(0), given, ProvenPremium.MarketDiffers.selector);
        given.places = hex"00";
        refusedAnswer(0, opening(0), given, ProvenPremium.PlacesDiffer.selector);
        // A unit that makes tolerances as large as one likes.
        given = answerFor(0);
        given.unit = 0;
        refusedAnswer(0, opening(0), given, ProvenPremium.UnitIsZero.selector);
        given.unit = 1e30;
        for (uint256 i = P.EXPOSURES; i < P.EXPOSURES + 64; i++) given.instances[i] = 0;
        refusedAnswer(0, opening(0), given, ProvenPremium.GrossOutsideUnit.selector);
        for (uint256 told = 1; told < 3; told++) {
            verifier.tell(ToldVerifier.Answer(told), KEY_P);
            refusedAnswer(0, opening(0), answerFor(0), PremiumChallenges.ProofRefused.selector);
        }
        // Nobody has answered with any of it.
        holds(statusOf(0) == PremiumChallenges.Status.Open, "open");
    }

    function rebound() private {
        // The same fixture with a journal of its own: one more epoch.
        previous = journal;
        provenBar.number = 2;
        provenBar.bar = previous.bar;
        journal = bind(tree(), 3);
    }

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

    function test_nobodyIsChargedMoreThanTheModelsPremium() public {
        entries[0].terms.charged += 1;
        entries[2].terms.charged = 1;
        rebound();
        challenges.challenge{value: 0.1 ether}(journal, previous, 0);
        refusedAnswer(0, opening(0), answerFor(0), PremiumChallenges.ChargedMore.selector);
        challenges.challenge{value: 0.1 ether}(journal, previous, 2);
        refusedAnswer(2, opening(2), answerFor(2), PremiumChallenges.ChargedMore.selector);
        // A quote that was accepted may be dearer or cheaper than the model's premium when it is booked.
        entries[1].terms.charged *= 2;
        entries[0].terms = terms(3, 10e8);
        rebound();
        challenges.challenge{value: 0.1 ether}(journal, previous, 1);
        provenBar.number = 3;
        provenBar.bar = previous.bar;
        challenges.answer(journal, previous, 1, opening(1), answerFor(1));
        challenges.challenge{value: 0.1 ether}(journal, previous, 0);
        refusedAnswer(0, opening(0), answerFor(0), PremiumChallenges.KindUnknown.selector);
    }

    function test_anEntryWithoutABookIsNoStatement() public {
        entries[0].rows = row(BTC, 0, 0, 0.6e8, 61e8, 100e18);
        holds(ProvenPremium.ofNoBook(entries[0].rows), "nothing before");
        holds(ProvenPremium.ofNoBook(row(BTC, 1, 1, 0, 0, 1)), "nothing after");
        holds(!ProvenPremium.ofNoBook(entries[1].rows), "books");
        holds(!ProvenPremium.ofNoBook(bytes.concat(row(BTC, 1, 1, 0, 0, 1), row(ETH, 0, 0, 1, 1, 1))), "moved");
    }

    function test_whoeverAsksForWhatIsNoStatementHasTheBondBack() public {
        challenges.fund{value: 1 ether}();
        entries[0].rows = bytes.concat(row(BTC, 0.6e8, 61e8, 0, 0, 100e18), row(ETH, -0.8e8, -40e8, 0, 0, 50e18));
        entries[1].rows =
            bytes.concat(row(BTC, 0, 0, 0.7e8, 71e8, 100e18), row(ETH, 0, 0, -0.9e8, -45e8, 50e18));
        rebound();
        for (uint256 i = 0; i < 2; i++) {
            challenges.challenge{value: 0.1 ether}(journal, previous, i);
            challenges.answer(journal, previous, i, opening(i), answerFor(i));
            (PremiumChallenges.Status status,,,) = challenges.cases(3, i);
            holds(status == PremiumChallenges.Status.NotProvable, "not provable");
        }
        equal(challenges.owed(address(this)), 0.2 ether);
        equal(challenges.stake(), 1 ether);
    }

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
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.NothingOwed.selector, address(this)));
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
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.Disputed.selector, uint64(2)));
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
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.NotTheGovernor.selector, MALLORY));
        challenges.leave(0.1 ether);
        vm.prank(MALLORY);
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.NotTheGovernor.selector, MALLORY));
        challenges.withdrawStake(payable(MALLORY));
        vm.prank(MALLORY);
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.NothingOwed.selector, MALLORY));
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
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.PaymentFailed.selector, address(penniless)));
        challenges.collect(payable(address(penniless)));
        equal(challenges.owed(address(penniless)), 0.2 ether);
    }

    function test_stakeLeavesAfterEveryChallengeThatItStandsFor() public {
        challenges.fund{value: 1 ether}();
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.NotLeavingYet.selector, uint64(0)));
        challenges.withdrawStake(payable(address(this)));
        challenges.leave(0.95 ether);
        uint64 at = uint64(block.timestamp) + 9 days;
        equal(challenges.leavingAt(), at);
        challenged(0);
        vm.warp(at - 1);
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.NotLeavingYet.selector, at));
        challenges.withdrawStake(payable(address(this)));
        vm.warp(at);
        // A tenth is reserved for the challenge that is open.
        vm.expectRevert(abi.encodeWithSelector(PremiumChallenges.StakeTooSmall.selector, 0.9 ether, 0.95 ether));
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
        previous = journal;
        provenBar.number = 2;
        provenBar.bar = previous.bar;
        journal = bind(tree(), 3);
        challenges.challenge{value: 0.1 ether}(journal, previous, 0);
        (, uint64 last,,) = challenges.cases(3, 0);
        equal(last, block.timestamp + 1 days);
    }

    // ---------------------------------------------------------------- the chain picks

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

    function test_challengesAreOpenedOnceByAnybody() public {
        vm.expectRevert(abi.encodeWithSelector(BookBinding.AlreadyOpen.selector, address(oracle)));
        accounts.open(IProvingOracle(address(oracle)));
        holds(accounts.challengesOf(address(oracle)) == challenges, "challenges");
        holds(!accounts.disputed(address(this)), "another oracle");
    }
}
