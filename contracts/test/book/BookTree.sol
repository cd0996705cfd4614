// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BookInclusion} from "../../src/book/BookInclusion.sol";
import {BookSums} from "../../src/book/BookSums.sol";

/// @notice Leaves and nodes of a book's tree, as libs/commitment makes them.
library BookTree {
    bytes32 internal constant SALT = keccak256("salt");

    function market(bytes32 name, uint128 long, uint128 short, int128 entry) internal pure returns (bytes memory) {
        return abi.encodePacked(name, long, short, entry, int128(0));
    }

    /// @param cash negative for a debt
    function holding(int256 cash, bytes memory markets) internal pure returns (bytes memory) {
        (uint128 paid, uint128 debt) = cash < 0 ? (uint128(0), uint128(uint256(-cash))) : (uint128(uint256(cash)), 0);
        return abi.encodePacked(paid, debt, uint128(0), uint128(1), markets);
    }

    function leaf(bytes memory account, bytes memory sums) internal pure returns (BookInclusion.Node memory) {
        return BookInclusion.Node(sha256(abi.encodePacked(uint8(0), SALT, account)), sums);
    }

    function node(BookInclusion.Node memory left, BookInclusion.Node memory right)
        internal
        pure
        returns (BookInclusion.Node memory)
    {
        bytes32 digest = sha256(
            abi.encodePacked(uint8(1), left.digest, sha256(left.sums), right.digest, sha256(right.sums))
        );
        return BookInclusion.Node(digest, BookSums.add(left.sums, right.sums));
    }

    function root(BookInclusion.Node memory top, bytes32 pool) internal pure returns (bytes32) {
        return BookSums.root(top.digest, top.sums, pool);
    }
}
