// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BookBinding} from "../../src/book/BookBinding.sol";
import {PremiumChallenges} from "../../src/book/PremiumChallenges.sol";
import {IProvenBars} from "../../src/LiquidationAttestor.sol";
import {ProvenPremium} from "../../src/book/ProvenPremium.sol";
import {TradeJournal} from "../../src/book/TradeJournal.sol";
import {PriceLayout as P} from "../../src/generated/Layout.sol";
import {PriceValues} from "../../src/PriceValues.sol";
import {SandwichValues} from "../../src/SandwichValues.sol";
import {ToldVerifier} from "../OracleFixture.sol";
import {JournalFixture} from "./JournalFixture.sol";

/// @notice Answers of every kind; real proofs are in test/proof/challenges.spec.ts.
contract PremiumChallengesTest is JournalFixture {
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
        for (uint256 i = 0; i < 2; i++) {
            entries[i].content = contentOf(BUST);
        }
        rebound();
        for (uint256 i = 0; i < 2; i++) {
            challenges.challenge{value: 0.1 ether}(journal, previous, i);
            allow(i);
            PremiumChallenges.Answer memory given = answerFor(i);
            given.grounds = groundsOf(BUST);
            challenges.answer(journal, previous, i, opening(i), given);
            (PremiumChallenges.Status status,,,) = challenges.cases(3, i);
            holds(status == PremiumChallenges.Status.NotProvable, "not provable");
        }
        equal(challenges.owed(address(this)), 0.2 ether);
        equal(challenges.stake(), 1 ether);
    }

    function test_challengesAreOpenedOnceByAnybody() public {
        vm.expectRevert(abi.encodeWithSelector(BookBinding.AlreadyOpen.selector, address(oracle)));
        accounts.open(IProvenBars(address(oracle)));
        holds(accounts.challengesOf(address(oracle)) == challenges, "challenges");
        holds(!accounts.disputed(address(this)), "another oracle");
    }
}
