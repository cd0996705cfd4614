// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title The journal of an epoch: every change of the pool's book since the epoch before, as libs/commitment encodes it.
/// @notice leaf = SHA-256(3 | content | book before | book after | marks | terms), node = SHA-256(4 | left | right); leaves that are
/// missing to a power of two are zeros.
library TradeJournal {
    /// @dev name, net and entry before, net and entry after, price
    uint256 private constant ROW = 128;
    /// @dev name, net and entry
    uint256 internal constant POSITION = 64;

    /// @notice What is kept of an epoch, by its digest.
    struct Journal {
        uint64 number;
        /// @dev end of the bar
        uint64 bar;
        /// @dev bars of this length follow each other
        uint32 barSeconds;
        /// @dev block and time it was bound in
        uint64 boundBlock;
        uint64 boundTime;
        bytes32 root;
        uint256 entries;
        /// @dev book that the epoch proves: net size and entry notional by market
        bytes32 closing;
        /// @dev commitments of the model and of the state that the bar ended in: trades of the next epoch are priced on them; zeros where
        /// the model has several parts
        uint256 model;
        uint256 state;
    }

    /// @notice Digests that a leaf is made of.
    struct Leaf {
        /// @dev salted digest of the event
        bytes32 content;
        bytes32 before;
        bytes32 afterwards;
        bytes32 marks;
        bytes32 terms;
    }

    /// @notice The pool when a trade was priced, and its premium. Money with 8 decimals.
    struct Terms {
        /// @dev market time, milliseconds
        uint64 time;
        /// @dev 0: no premium is charged; 1: at the price of that moment; 2: at the price of a quote that the trader has accepted
        uint8 kind;
        int256 capital;
        int256 liquidity;
        int256 pending;
        /// @dev sum of size times execution price: what the trade adds to the entry notional where nothing is realised
        int256 traded;
        /// @dev of the model for this trade then
        uint256 riskPremium;
        uint256 liquidityPremium;
        /// @dev paid, both together
        uint256 charged;
    }

    struct Row {
        bytes32 name;
        /// @dev base units, 8 decimals
        int128 before;
        int128 entryBefore;
        int128 afterwards;
        int128 entryAfter;
        /// @dev mark, 18 decimals
        uint256 price;
    }

    error RowsInvalid(uint256 length);
    error RowsOutOfOrder(uint256 row);
    error NetTooLarge(bytes32 market);
    error PathLengthDiffers(uint256 entries, uint256 length);
    error NotInJournal(uint256 index);

    function leafDigest(Leaf memory leaf) internal pure returns (bytes32) {
        return sha256(
            abi.encodePacked(uint8(3), leaf.content, leaf.before, leaf.afterwards, leaf.marks, leaf.terms)
        );
    }

    /// @notice Reverts unless a leaf is the one at this place.
    function requireLeaf(Journal memory journal, uint256 index, Leaf memory leaf, bytes32[] memory path) internal pure {
        // One length for each number of entries: a node is no leaf of a shorter tree.
        uint256 depth = 0;
        while ((uint256(1) << depth) < journal.entries) depth++;
        if (path.length != depth) revert PathLengthDiffers(journal.entries, path.length);
        if (index >= journal.entries) revert NotInJournal(index);
        bytes32 node = leafDigest(leaf);
        uint256 place = index;
        for (uint256 i = 0; i < depth; i++) {
            node = place & 1 == 0
                ? sha256(abi.encodePacked(uint8(4), node, path[i]))
                : sha256(abi.encodePacked(uint8(4), path[i], node));
            place >>= 1;
        }
        if (node != journal.root) revert NotInJournal(index);
    }

    function count(bytes memory rows) internal pure returns (uint256) {
        if (rows.length % ROW != 0) revert RowsInvalid(rows.length);
        return rows.length / ROW;
    }

    /// @notice The i-th row; there have to be so many.
    function row(bytes memory rows, uint256 i) internal pure returns (Row memory found) {
        uint256 at = ROW * i;
        found.name = bytes32(wordAt(rows, at));
        (found.before, found.entryBefore) = halves(wordAt(rows, at + 32));
        (found.afterwards, found.entryAfter) = halves(wordAt(rows, at + 64));
        found.price = wordAt(rows, at + 96);
    }

    /// @notice Digests of the books and marks in rows; reverts unless names ascend.
    function digests(bytes memory rows) internal pure returns (bytes32 before, bytes32 afterwards, bytes32 marks) {
        uint256 rows_ = count(rows);
        bytes memory first = "";
        bytes memory last = "";
        bytes memory prices = "";
        bytes32 previous = 0;
        for (uint256 i = 0; i < rows_; i++) {
            Row memory found = row(rows, i);
            if (found.name <= previous) revert RowsOutOfOrder(i);
            previous = found.name;
            first = withPosition(first, found.name, found.before, found.entryBefore);
            last = withPosition(last, found.name, found.afterwards, found.entryAfter);
            prices = bytes.concat(prices, found.name, bytes32(found.price));
        }
        return (sha256(first), sha256(last), sha256(prices));
    }

    /// @notice A book with one more position; a market without any is not in it.
    function withPosition(bytes memory book, bytes32 name, int128 net, int128 entry)
        internal
        pure
        returns (bytes memory)
    {
        if (net == 0 && entry == 0) return book;
        return bytes.concat(book, name, bytes16(uint128(net)), bytes16(uint128(entry)));
    }

    /// @notice Writes one more position behind a book's first `length` bytes; there has to be room. A market without any is not in it.
    /// @return bytes of the book then
    function append(bytes memory book, uint256 length, bytes32 name, int128 net, int256 entry)
        internal
        pure
        returns (uint256)
    {
        if (net == 0 && entry == 0) return length;
        uint256 amounts = (uint256(uint128(net)) << 128) | uint128(uint256(entry));
        assembly ("memory-safe") {
            let at := add(add(book, 32), length)
            mstore(at, name)
            mstore(add(at, 32), amounts)
        }
        return length + POSITION;
    }

    /// @dev a sum of sizes as a row has it
    function narrow(bytes32 market, int256 net) internal pure returns (int128) {
        if (net > type(int128).max || net < type(int128).min) revert NetTooLarge(market);
        return int128(net);
    }

    function digest(Journal memory journal) internal pure returns (bytes32) {
        return keccak256(abi.encode(journal));
    }

    function halves(uint256 value) private pure returns (int128 first, int128 second) {
        return (int128(uint128(value >> 128)), int128(uint128(value)));
    }

    /// @dev the word at a place; there has to be one
    function wordAt(bytes memory data, uint256 at) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(add(data, 32), at))
        }
    }
}
