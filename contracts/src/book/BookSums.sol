// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Sums of all accounts of a book, as libs/commitment encodes them, and the root that binds them to each.
/// @notice Words of 32 bytes: cash | debt, shares | accounts, then for each market by ascending name: name, long | short,
/// entry | accrual. Halves are 128 bits; entry and accrual are signed.
library BookSums {
    uint256 private constant HEADER = 64;
    uint256 private constant MARKET = 96;

    struct Totals {
        /// @dev money, 8 decimals
        uint128 cash;
        uint128 debt;
        /// @dev of the providers
        uint128 shares;
        uint128 accounts;
    }

    struct Market {
        bytes32 name;
        /// @dev base units, 8 decimals
        uint128 long;
        uint128 short;
        /// @dev sum of size times entry price, money with 8 decimals
        int128 entry;
    }

    error SumsInvalid(uint256 length);
    /// @notice Markets of a node's sums are out of order or twice.
    error SumsOutOfOrder(bytes32 before, bytes32 market);
    error SumTooLarge();

    /// @notice How many markets there are; reverts for bytes of another length.
    function count(bytes memory sums) internal pure returns (uint256) {
        if (sums.length < HEADER || (sums.length - HEADER) % MARKET != 0) revert SumsInvalid(sums.length);
        return (sums.length - HEADER) / MARKET;
    }

    function totals(bytes memory sums) internal pure returns (Totals memory) {
        (uint128 cash, uint128 debt) = halves(sums, 0);
        (uint128 shares, uint128 accounts) = halves(sums, 32);
        return Totals(cash, debt, shares, accounts);
    }

    /// @notice The i-th market; there have to be so many.
    function market(bytes memory sums, uint256 i) internal pure returns (Market memory) {
        uint256 start = HEADER + MARKET * i;
        (uint128 long, uint128 short) = halves(sums, start + 32);
        (uint128 entry,) = halves(sums, start + 64);
        return Market(bytes32(word(sums, start)), long, short, int128(entry));
    }

    /// @notice The sums of two nodes' accounts together.
    function add(bytes memory a, bytes memory b) internal pure returns (bytes memory sum) {
        sum = new bytes(HEADER + MARKET * (count(a) + count(b)));
        (uint256 p, uint256 q, uint256 to) = (begin(a), begin(b), begin(sum));
        uint256 end = merge(p, p + a.length, q, q + b.length, to);
        assembly ("memory-safe") {
            mstore(sum, sub(end, to))
        }
    }

    function begin(bytes memory sums) private pure returns (uint256 at) {
        assembly ("memory-safe") {
            at := add(sums, 32)
        }
    }

    /// @dev In assembly: a path of a million accounts adds up 700 markets.
    /// @param p first byte of the one's sums, which end before `pe`; `q` and `qe` of the other's
    /// @param to room for both
    /// @return end of the sums
    function merge(uint256 p, uint256 pe, uint256 q, uint256 qe, uint256 to) private pure returns (uint256 end) {
        bytes4 tooLarge = SumTooLarge.selector;
        bytes4 outOfOrder = SumsOutOfOrder.selector;
        assembly ("memory-safe") {
            function addUnsigned(x, y, error) -> z {
                let low := add(and(x, 0xffffffffffffffffffffffffffffffff), and(y, 0xffffffffffffffffffffffffffffffff))
                let high := add(shr(128, x), shr(128, y))
                if shr(128, or(low, high)) {
                    mstore(0, error)
                    revert(0, 4)
                }
                z := or(shl(128, high), low)
            }
            function addSigned(x, y, error) -> z {
                let low := add(signextend(15, x), signextend(15, y))
                let high := add(sar(128, x), sar(128, y))
                if or(xor(low, signextend(15, low)), xor(high, signextend(15, high))) {
                    mstore(0, error)
                    revert(0, 4)
                }
                z := or(shl(128, high), and(low, 0xffffffffffffffffffffffffffffffff))
            }
            mstore(to, addUnsigned(mload(p), mload(q), tooLarge))
            mstore(add(to, 32), addUnsigned(mload(add(p, 32)), mload(add(q, 32)), tooLarge))
            p := add(p, HEADER)
            q := add(q, HEADER)
            end := add(to, HEADER)
            let before := 0
            for {} or(lt(p, pe), lt(q, qe)) {} {
                // No market has this name: a list that has ended is behind all others.
                let first := not(0)
                if lt(p, pe) { first := mload(p) }
                let second := not(0)
                if lt(q, qe) { second := mload(q) }
                let name := first
                if lt(second, first) { name := second }
                if or(iszero(gt(name, before)), iszero(not(name))) {
                    mstore(0, outOfOrder)
                    mstore(4, before)
                    mstore(36, name)
                    revert(0, 68)
                }
                before := name
                mstore(end, name)
                let sizes := 0
                let amounts := 0
                if eq(first, name) {
                    sizes := mload(add(p, 32))
                    amounts := mload(add(p, 64))
                    p := add(p, MARKET)
                }
                if eq(second, name) {
                    sizes := addUnsigned(sizes, mload(add(q, 32)), tooLarge)
                    amounts := addSigned(amounts, mload(add(q, 64)), tooLarge)
                    q := add(q, MARKET)
                }
                mstore(add(end, 32), sizes)
                mstore(add(end, 64), amounts)
                end := add(end, MARKET)
            }
        }
    }

    /// @notice The i-th market as it is encoded: its name, long | short, entry | accrual. The caller has compared i with `count`.
    function row(bytes memory sums, uint256 i) internal pure returns (bytes32 name, uint256 sizes, uint256 amounts) {
        unchecked {
            uint256 start = HEADER + MARKET * i;
            return (bytes32(word(sums, start)), word(sums, start + 32), word(sums, start + 64));
        }
    }

    /// @notice SHA-256 of 2, the root's digest, that of its sums and that of the pool's amounts.
    function root(bytes32 digest, bytes memory sums, bytes32 pool) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(uint8(2), digest, sha256(sums), pool));
    }

    function halves(bytes memory sums, uint256 at) private pure returns (uint128 first, uint128 second) {
        uint256 value = word(sums, at);
        return (uint128(value >> 128), uint128(value));
    }

    /// @dev `count` has looked at the length.
    function word(bytes memory sums, uint256 at) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(add(sums, 32), at))
        }
    }
}
