// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LiquidationAttestor} from "../LiquidationAttestor.sol";
import {MarkBand} from "./MarkBand.sol";
import {OperatorStake} from "./OperatorStake.sol";
import {TradeJournal} from "./TradeJournal.sol";
import {UnpaidEntry} from "./UnpaidEntry.sol";

/// @title Grounds of entries that move the pool's book and do not pay the model's premium for it.
abstract contract EntryGrounds is OperatorStake {
    /// @dev An entry's place in its epoch, and its epoch.
    struct Place {
        uint64 number;
        uint256 index;
        /// @dev the epoch before, and the end of its bar, which is the beginning of the entry's bar
        uint64 before;
        uint64 bar;
        uint64 ends;
        /// @dev digest of the book that the entry's epoch ends with
        bytes32 closing;
    }

    /// @notice Leaf of an entry that the governor has given its word for: it moves the book without the model's premium.
    mapping(uint64 number => mapping(uint256 index => bytes32)) public allowed;
    /// @notice Leaf of the entry that a proven plan was the grounds of: a plan is executed once.
    mapping(bytes32 plan => bytes32) public executed;

    /// @notice A mark is far from the prices that the chain holds of both ends of the bar.
    error MarksOutside(uint64 number, uint256 index);
    error EventDiffers(uint64 number, uint256 index);
    /// @notice The entry moves the book, does not pay the model's premium, and nothing says why.
    error GroundsMissing(uint64 number, uint256 index);

    event EntryAllowed(uint64 indexed number, uint256 indexed index, bytes32 leaf);

    /// @notice Gives the governor's word for an entry that moves the book without the model's premium: a trade that was taken back, positions
    /// that were reduced, a market's new unit, a liquidation that could not be attested. Everybody sees it.
    /// @param leaf digest of the entry's leaf: the word is for no other
    function allow(uint64 number, uint256 index, bytes32 leaf) external {
        _requireGovernor();
        allowed[number][index] = leaf;
        emit EntryAllowed(number, index, leaf);
    }

    /// @dev An entry that changes the pool's net size pays the model's premium, or answers with its event and one of these: the governor has
    /// given its word, it is dust, its market has ended, or it executes a plan that was proven.
    function _requireGrounds(
        Place memory place,
        TradeJournal.Leaf memory entry,
        bytes calldata rows,
        TradeJournal.Terms calldata terms,
        UnpaidEntry.Grounds calldata grounds
    ) internal {
        if (UnpaidEntry.isPaid(oracle.prices(), place.bar, rows, terms)) return;
        if (sha256(bytes.concat(grounds.salt, grounds.text)) != entry.content) {
            revert EventDiffers(place.number, place.index);
        }
        bytes32 leaf = TradeJournal.leafDigest(entry);
        if (allowed[place.number][place.index] == leaf) return;
        if (UnpaidEntry.isMinor(oracle.prices(), place.bar, rows, grounds, place.closing)) return;
        if (!_executes(place, leaf, rows, grounds)) revert GroundsMissing(place.number, place.index);
    }

    /// @dev Marks of a proven premium are near the prices that are held, or the governor has given its word for the entry.
    function _requireMarks(
        Place memory place,
        TradeJournal.Leaf memory entry,
        bytes calldata rows,
        LiquidationAttestor.ProvenBar calldata bar,
        bytes calldata places
    ) internal view {
        if (MarkBand.holds(oracle.prices(), place.bar, place.ends, bar, places, rows)) return;
        if (allowed[place.number][place.index] != TradeJournal.leafDigest(entry)) {
            revert MarksOutside(place.number, place.index);
        }
    }

    /// @dev A liquidation whose account could not pay, of a plan that was proven on the epoch before: for one entry, of no more than the account.
    function _executes(
        Place memory place,
        bytes32 leaf,
        bytes calldata rows,
        UnpaidEntry.Grounds calldata grounds
    ) private returns (bool) {
        bytes32 plan = UnpaidEntry.planOf(grounds.plan);
        LiquidationAttestor attestor = oracle.attestor();
        if (
            !UnpaidEntry.isOfPlan(grounds) || attestor.attestedIn(plan) != uint256(place.before) + 1
                || (executed[plan] != 0 && executed[plan] != leaf)
                || !UnpaidEntry.isWithin(oracle.prices(), place.bar, rows, attestor.notionalOf(plan))
        ) return false;
        executed[plan] = leaf;
        return true;
    }
}
