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
