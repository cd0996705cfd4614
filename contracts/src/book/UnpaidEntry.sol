// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPriceSource} from "../prices/IPriceSource.sol";
import {ProvenPremium} from "./ProvenPremium.sol";
import {TradeJournal} from "./TradeJournal.sol";

/// @title Entries of a journal that move the pool's book and do not pay the model's premium.
/// @notice The pool's book decides the price of the next trade, so such an entry needs grounds: the event that has made it, in the
/// clear, and a reason that nobody can make up alone.
library UnpaidEntry {
    /// @dev the engine closes positions of less than a unit of the quote currency by itself, by default: money with 8 decimals
    uint256 internal constant DUST = 10e8;
    /// @dev part of the book that dust is at most
    uint256 internal constant DUST_SHIFT = 10;
    /// @dev an accepted quote may be cheaper than the model's premium when it is booked by this part of it ...
    uint256 internal constant QUOTE_SHIFT = 3;
    /// @dev ... and by this part of the traded notional
    uint256 internal constant QUOTE_PART = 500_000;
    /// @dev units of 10^-8 that the shares of a match's accounts are rounded by
    uint256 internal constant ROUNDING = 64;
    /// @dev amounts are below this: their products fit 256 bits
    uint256 private constant LARGEST = 1 << 127;

    struct Grounds {
        /// @dev of the content's digest
        bytes32 salt;
        /// @dev the event, as the content's digest has it
        bytes text;
        /// @dev of an event that ends a market: the book that the epoch ends with
        bytes closing;
        /// @dev of a liquidation: its plan's id, and where the text names it
        bytes plan;
        uint256 planAt;
    }

    error PriceTooLarge(bytes32 market, uint256 price);
    error ClosingDiffers();

    /// @notice Whether an entry needs no grounds: it changes no net size, for accounts have traded with each other, or a proof can say what
    /// its premium is and it is paid.
    /// @param bar whose prices a quote's tolerance is computed at
    function isPaid(IPriceSource prices, uint64 bar, bytes memory rows, TradeJournal.Terms memory terms)
        internal
        view
        returns (bool)
    {
        if (terms.kind == 0 || ProvenPremium.ofNoBook(rows)) return _isStill(rows);
        uint256 premium = terms.riskPremium + terms.liquidityPremium;
        if (terms.charged + ROUNDING >= premium) return true;
        if (terms.kind != 2) return false;
        (uint256 traded,) = _movedAt(prices, bar, rows);
        return terms.charged + (premium >> QUOTE_SHIFT) + traded / QUOTE_PART >= premium;
    }

    /// @notice Whether an event that charges nothing is dust, or ends a market.
    /// @param bar at whose prices it is small
    /// @param closing digest of the book that the entry's epoch ends with
    function isMinor(
        IPriceSource prices,
        uint64 bar,
        bytes memory rows,
        Grounds memory grounds,
        bytes32 closing
    ) internal view returns (bool) {
        if (_isOf(grounds.text, "dust-closed")) {
            (uint256 moved, uint256 gross) = _movedAt(prices, bar, rows);
            return moved <= DUST && moved <= gross >> DUST_SHIFT;
        }
        return _isOf(grounds.text, "positions-settled") && _isGone(rows, grounds.closing, closing);
    }

    function _isStill(bytes memory rows) private pure returns (bool) {
        for (uint256 i = 0; i < TradeJournal.count(rows); i++) {
            TradeJournal.Row memory row = TradeJournal.row(rows, i);
            if (row.before != row.afterwards) return false;
        }
        return true;
    }

    /// @dev Notional that an entry moves, and that of the book before it, at prices that are held: marks are the operator's word.
    /// @return moved money with 8 decimals, rounded up
    /// @return gross money with 8 decimals
    function _movedAt(IPriceSource prices, uint64 bar, bytes memory rows)
        private
        view
        returns (uint256 moved, uint256 gross)
    {
        for (uint256 i = 0; i < TradeJournal.count(rows); i++) {
            TradeJournal.Row memory row = TradeJournal.row(rows, i);
            uint256 price = prices.priceAt(row.name, bar);
            if (price >= LARGEST) revert PriceTooLarge(row.name, price);
            moved += (_magnitude(int256(row.afterwards) - row.before) * price + 1e18 - 1) / 1e18;
            gross += (_magnitude(row.before) * price) / 1e18;
        }
    }

    /// @dev Whether every market that an entry moves has no position in the book that its epoch ends with.
    /// @param digest of that book
    function _isGone(bytes memory rows, bytes memory closing, bytes32 digest) private pure returns (bool) {
        if (sha256(closing) != digest) revert ClosingDiffers();
        for (uint256 i = 0; i < TradeJournal.count(rows); i++) {
            TradeJournal.Row memory row = TradeJournal.row(rows, i);
            if (row.before == row.afterwards) continue;
            for (uint256 at = 0; at < closing.length; at += TradeJournal.POSITION) {
                if (TradeJournal.wordAt(closing, at) == uint256(row.name)) return false;
            }
        }
        return true;
    }

    /// @notice Whether an event's text is of a trade that executes a plan. A quotation mark within a text of JSON is escaped: nothing else
    /// looks like the plan's field.
    function isOfPlan(Grounds memory grounds) internal pure returns (bool) {
        return _isOf(grounds.text, "trade-booked")
            && _has(grounds.text, grounds.planAt, bytes.concat('"planId":"', grounds.plan, '"'));
    }

    /// @notice Whether an entry moves no more than a notional, but for what prices have moved since: an eighth.
    /// @param notional money with 18 decimals
    function isWithin(IPriceSource prices, uint64 bar, bytes memory rows, uint256 notional)
        internal
        view
        returns (bool)
    {
        (uint256 moved,) = _movedAt(prices, bar, rows);
        return moved * 1e10 <= notional + notional / 8;
    }

    /// @notice A plan's name on the chain: its id, hashed where it is longer than a word.
    function planOf(bytes memory id) internal pure returns (bytes32) {
        return id.length <= 32 ? bytes32(id) : keccak256(id);
    }

    /// @dev The first field of an event's text is its kind.
    function _isOf(bytes memory text, string memory kind) private pure returns (bool) {
        return _has(text, 0, bytes.concat('{"kind":"', bytes(kind), '"'));
    }

    function _has(bytes memory text, uint256 at, bytes memory part) private pure returns (bool) {
        if (at > text.length || part.length > text.length - at) return false;
        for (uint256 i = 0; i < part.length; i++) {
            if (text[at + i] != part[i]) return false;
        }
        return true;
    }

    function _magnitude(int256 value) private pure returns (uint256) {
        return uint256(value < 0 ? -value : value);
    }
}
