// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

// Long because draw, answer, lapse and proof of a break change one set of open challenges.

import {IProvenBars, LiquidationAttestor} from "../LiquidationAttestor.sol";
import {PriceLayout} from "../generated/Layout.sol";
import {PriceValues} from "../PriceValues.sol";
import {IProofVerifier} from "../proofs/IProofVerifier.sol";
import {BlockHeader} from "./BlockHeader.sol";
import {EntryGrounds} from "./EntryGrounds.sol";
import {OperatorStake} from "./OperatorStake.sol";
import {ProvenPremium} from "./ProvenPremium.sol";
import {TradeJournal} from "./TradeJournal.sol";
import {UnpaidEntry} from "./UnpaidEntry.sol";

interface IJournals {
    /// @notice Digest of the journal that an oracle's epoch was bound with.
    function journalOf(address oracle, uint64 number) external view returns (bytes32);
}

/// @title Challenges of the premium of any trade, and the trades that the chain picks itself.
/// @notice A picked entry has to be answered in time: with its opening, and a `price` proof that the premium recorded is the model's, on the
/// committed model and state that the trade was priced on. Otherwise the oracle is disputed: nothing is published any more and no read
/// is fresh, until its governor installs another binding, which everybody sees coming.
contract PremiumChallenges is EntryGrounds {
    using TradeJournal for TradeJournal.Journal;

    enum Status {
        None,
        Open,
        Answered,
        /// @dev it was no statement of the circuit: one of its books has no position
        NotProvable,
        Unanswered
    }

    struct Case {
        Status status;
        uint64 due;
        /// @dev who has put up a bond; the zero address where the chain has picked the entry
        address challenger;
        /// @dev reserved of the operator's stake for the challenger, or for the account that shows that nobody has answered
        uint96 reward;
    }

    /// @notice An entry with its place in the journal, and the end of the entry before.
    struct Opening {
        bytes32 content;
        bytes rows;
        TradeJournal.Terms terms;
        bytes32[] path;
        /// @dev of the first entry the book of the epoch before takes its place
        TradeJournal.Leaf preceding;
        bytes32[] precedingPath;
    }

    /// @notice A proof of `price` and its reading.
    struct Answer {
        /// @dev proven values of the epoch before, as `RiskOracle.provenIn` digests them
        LiquidationAttestor.ProvenBar bar;
        bytes places;
        uint256 unit;
        bytes proof;
        uint256[] instances;
        /// @dev empty where the premium is paid in full, or no market's net size changes
        UnpaidEntry.Grounds grounds;
    }

    /// @notice Seconds between the deadlines of consecutive challenges: many at once do not exhaust the operator.
    uint64 public constant SPACING = 10 minutes;
    /// @notice Entries of each epoch that the chain picks.
    uint256 public constant SAMPLES = 1;
    /// @notice Blocks from the binding of an epoch to the one whose prevrandao picks.
    uint256 public constant DRAWN_AFTER = 8;
    /// @dev blocks whose hash a contract can see
    uint256 private constant HASHES = 256;

    IJournals public immutable journals;
    /// @notice Deadline of the challenge that was made last.
    uint64 public lastDue;
    mapping(uint64 number => mapping(uint256 index => Case)) public cases;
    /// @notice Block that picks entries of an epoch, where the first one was let pass.
    mapping(uint64 number => uint256) public postponedTo;
    mapping(uint64 number => bool) public drawn;

    error JournalUnknown(uint64 number);
    /// @notice The epoch before is of another bar than the one before, or its model has several parts: no state is known.
    error NotJudged(uint64 number);
    error BondDiffers(uint256 expected, uint256 got);
    error PeriodOver(uint64 number, uint256 until);
    error NoEntry(uint64 number, uint256 index);
    error AlreadyPicked(uint64 number, uint256 index);
    error NotOpen(uint64 number, uint256 index);
    error TooLate(uint64 due);
    error NotDue(uint64 due);
    error NotPickedYet(uint256 block_);
    error AlreadyDrawn(uint64 number);
    error NotPassed(uint256 block_);
    error JournalHolds(uint64 number, uint256 index);
    error BookDiffers(uint64 number, uint256 index);
    error NotProvenSo(uint64 number);
    error CommitmentDiffers(uint256 model, uint256 state);
    error KindUnknown(uint8 kind);
    error ChargedMore(uint256 charged, uint256 premium);
    error ProofRefused();

    /// @notice An entry has to be answered for: by a challenger's bond, or picked by the chain.
    event Picked(uint64 indexed number, uint256 indexed index, address challenger, uint64 due);
    event AnswerTaken(uint64 indexed number, uint256 indexed index, Status status, bytes32 digest);
    event DisputeBegun(uint64 indexed number, uint256 index);
    event Postponed(uint64 indexed number, uint256 block_);

    constructor(IProvenBars oracle_, IJournals journals_) OperatorStake(oracle_) {
        journals = journals_;
    }

    // ---------------------------------------------------------------- picking

    /// @notice Challenges an entry of an epoch for a bond.
    function challenge(TradeJournal.Journal calldata journal, TradeJournal.Journal calldata previous, uint256 index)
        external
        payable
    {
        if (msg.value != BOND) revert BondDiffers(BOND, msg.value);
        _requireJudged(journal, previous);
        uint256 until = uint256(journal.boundTime) + PERIOD;
        if (block.timestamp > until) revert PeriodOver(journal.number, until);
        _pick(journal, index, msg.sender);
    }

    /// @notice Block whose prevrandao picks entries of an epoch.
    function drawnBy(TradeJournal.Journal calldata journal) public view returns (uint256) {
        uint256 postponed = postponedTo[journal.number];
        return postponed == 0 ? uint256(journal.boundBlock) + DRAWN_AFTER : postponed;
    }

    /// @notice Picks entries of an epoch by the prevrandao of one block, which nobody can choose afterwards. Anybody, once.
    /// @param header of the block that `drawnBy` names
    function draw(TradeJournal.Journal calldata journal, TradeJournal.Journal calldata previous, bytes calldata header)
        external
    {
        _requireJudged(journal, previous);
        if (drawn[journal.number]) revert AlreadyDrawn(journal.number);
        if (journal.entries == 0) revert NoEntry(journal.number, 0);
        uint256 at = drawnBy(journal);
        if (block.number <= at) revert NotPickedYet(at);
        uint256 random = BlockHeader.prevrandao(at, header);
        drawn[journal.number] = true;
        for (uint256 k = 0; k < SAMPLES; k++) {
            uint256 index = uint256(keccak256(abi.encode(random, oracle, journal.number, k))) % journal.entries;
            // One that is open or answered for already needs no other answer.
            if (cases[journal.number][index].status == Status.None) _pick(journal, index, address(0));
        }
    }

    /// @notice Names another block where nobody has drawn while the hash of the first could be seen.
    function postpone(TradeJournal.Journal calldata journal) external {
        _requireKnown(journal);
        if (drawn[journal.number]) revert AlreadyDrawn(journal.number);
        uint256 at = drawnBy(journal);
        if (block.number <= at + HASHES) revert NotPassed(at);
        postponedTo[journal.number] = block.number + DRAWN_AFTER;
        emit Postponed(journal.number, block.number + DRAWN_AFTER);
    }

    // ---------------------------------------------------------------- answering

    /// @notice Takes the answer for an entry that was picked: its opening, that it follows the entry before, and the proof of its premium.
    function answer(
        TradeJournal.Journal calldata journal,
        TradeJournal.Journal calldata previous,
        uint256 index,
        Opening calldata opening,
        Answer calldata given
    ) external {
        Case storage open = cases[journal.number][index];
        if (open.status != Status.Open) revert NotOpen(journal.number, index);
        if (block.timestamp > open.due) revert TooLate(open.due);
        _requireJudged(journal, previous);
        (TradeJournal.Leaf memory leaf, bool follows) = _opened(journal, previous, index, opening);
        if (!follows) revert BookDiffers(journal.number, index);
        if (index == journal.entries - 1 && leaf.afterwards != journal.closing) {
            revert BookDiffers(journal.number, index + 1);
        }
        _requireCharged(opening.terms);
        Place memory place =
            Place(journal.number, index, previous.number, previous.bar, journal.bar, journal.closing);
        _requireGrounds(place, leaf, opening.rows, opening.terms, given.grounds);
        open.status = Status.Answered;
        if (opening.terms.kind != 0) {
            if (ProvenPremium.ofNoBook(opening.rows)) {
                open.status = Status.NotProvable;
            } else {
                _requireProof(previous, opening, given);
                _requireMarks(place, leaf, opening.rows, given.bar, given.places);
            }
        }
        stake += open.reward;
        if (open.challenger != address(0)) {
            // A proof costs the challenger the bond; an entry that no circuit proves returns it.
            if (open.status == Status.NotProvable) owed[open.challenger] += BOND;
            else stake += BOND;
        }
        emit AnswerTaken(journal.number, index, open.status, keccak256(msg.data));
    }

    /// @notice Shows that nobody has answered for an entry in time. The oracle is disputed from then on.
    function lapse(uint64 number, uint256 index) external {
        Case storage open = cases[number][index];
        if (open.status != Status.Open) revert NotOpen(number, index);
        if (block.timestamp <= open.due) revert NotDue(open.due);
        open.status = Status.Unanswered;
        bool bonded = open.challenger != address(0);
        owed[bonded ? open.challenger : msg.sender] += open.reward + (bonded ? BOND : 0);
        _dispute(number, index);
    }

    /// @notice Shows that a journal's books do not follow each other: what an entry begins with is not what the one before ended
    /// with, the last one does not end with the epoch's book, or the book has moved without an entry.
    /// @param index the entry that does not follow; `entries` where the epoch's book does not follow the last one
    function showBreak(
        TradeJournal.Journal calldata journal,
        TradeJournal.Journal calldata previous,
        uint256 index,
        TradeJournal.Leaf calldata leaf,
        bytes32[] calldata path,
        TradeJournal.Leaf calldata preceding,
        bytes32[] calldata precedingPath
    ) external {
        _requireKnown(journal);
        bytes32 before;
        if (index == 0) {
            _requireConsecutive(journal, previous);
            before = previous.closing;
        } else {
            TradeJournal.requireLeaf(journal, index - 1, preceding, precedingPath);
            before = preceding.afterwards;
        }
        bytes32 begins = journal.closing;
        if (index < journal.entries) {
            TradeJournal.requireLeaf(journal, index, leaf, path);
            begins = leaf.before;
        } else if (index > journal.entries) {
            revert NoEntry(journal.number, index);
        }
        if (begins == before) revert JournalHolds(journal.number, index);
        _dispute(journal.number, index);
    }

    // ---------------------------------------------------------------- inside

    function _pick(TradeJournal.Journal calldata journal, uint256 index, address challenger) private {
        uint64 number = journal.number;
        if (index >= journal.entries) revert NoEntry(number, index);
        if (cases[number][index].status != Status.None) revert AlreadyPicked(number, index);
        uint64 due = uint64(block.timestamp) + WINDOW;
        if (lastDue != 0 && due < lastDue + SPACING) due = lastDue + SPACING;
        lastDue = due;
        uint256 reward = stake < BOND ? stake : BOND;
        stake -= reward;
        cases[number][index] = Case(Status.Open, due, challenger, uint96(reward));
        emit Picked(number, index, challenger, due);
    }

    function _requireKnown(TradeJournal.Journal calldata journal) private view {
        if (journals.journalOf(address(oracle), journal.number) != journal.digest()) {
            revert JournalUnknown(journal.number);
        }
    }

    /// @dev The epoch before is of the bar before: every trade between them is in a journal.
    function _requireConsecutive(TradeJournal.Journal calldata journal, TradeJournal.Journal calldata previous)
        private
        view
    {
        _requireKnown(previous);
        if (previous.number + 1 != journal.number || previous.bar + journal.barSeconds != journal.bar) {
            revert NotJudged(journal.number);
        }
    }

    function _requireJudged(TradeJournal.Journal calldata journal, TradeJournal.Journal calldata previous) private view {
        _requireKnown(journal);
        _requireConsecutive(journal, previous);
        if (previous.model == 0) revert NotJudged(journal.number);
    }

    function _leaf(Opening calldata opening) private pure returns (TradeJournal.Leaf memory leaf) {
        leaf.content = opening.content;
        (leaf.before, leaf.afterwards, leaf.marks) = TradeJournal.digests(opening.rows);
        leaf.terms = sha256(abi.encode(opening.terms));
    }

    /// @return leaf of the opening
    /// @return follows whether it begins with the book that the entry before has ended with
    function _opened(
        TradeJournal.Journal calldata journal,
        TradeJournal.Journal calldata previous,
        uint256 index,
        Opening calldata opening
    ) private pure returns (TradeJournal.Leaf memory leaf, bool follows) {
        leaf = _leaf(opening);
        TradeJournal.requireLeaf(journal, index, leaf, opening.path);
        bytes32 before = previous.closing;
        if (index > 0) {
            TradeJournal.requireLeaf(journal, index - 1, opening.preceding, opening.precedingPath);
            before = opening.preceding.afterwards;
        }
        follows = leaf.before == before;
    }

    /// @dev Only an accepted quote may charge more than the model's premium.
    function _requireCharged(TradeJournal.Terms calldata terms) private pure {
        if (terms.kind > 2) revert KindUnknown(terms.kind);
        uint256 premium = terms.riskPremium + terms.liquidityPremium;
        if ((terms.kind == 0 && premium != 0) || (terms.kind != 2 && terms.charged > premium)) {
            revert ChargedMore(terms.charged, terms.kind == 0 ? 0 : premium);
        }
    }

    /// @dev The proof is of the model and the state that the epoch before has ended in, of this entry's books, and holds.
    function _requireProof(TradeJournal.Journal calldata previous, Opening calldata opening, Answer calldata given)
        private
        view
    {
        if (keccak256(abi.encode(given.bar)) != oracle.provenIn(previous.number) || given.bar.number != previous.number)
        {
            revert NotProvenSo(previous.number);
        }
        PriceValues.requireHolds(given.instances, oracle.budget(), given.bar.tailFactor);
        uint256 model = given.instances[PriceLayout.MODEL_COMMITMENT];
        uint256 state = given.instances[PriceLayout.STATE_COMMITMENT];
        if (model != previous.model || state != previous.state) revert CommitmentDiffers(model, state);
        ProvenPremium.requireClaim(
            given.instances,
            ProvenPremium.Claim(given.bar.markets, given.places, opening.rows, opening.terms, given.unit)
        );
        (IProofVerifier verifier,, address key,) = oracle.verifiers();
        try verifier.verifyProof(key, given.proof, given.instances) returns (bool holds) {
            if (!holds) revert ProofRefused();
        } catch {
            revert ProofRefused();
        }
    }

    function _dispute(uint64 number, uint256 index) private {
        if (disputed == 0) disputed = number;
        emit DisputeBegun(number, index);
    }
}
