// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BookSums} from "./BookSums.sol";

/// @title Shows that an account with its holdings is in the sums of a book, as libs/commitment does off the chain.
/// @notice Sums are added up at every level: a tree with a branch that its sums leave out has no path to the leaves in it.
library BookInclusion {
    /// @dev a tree of 2^40 accounts: no path is longer
    uint256 private constant LONGEST_PATH = 40;

    struct Node {
        bytes32 digest;
        bytes sums;
    }

    struct Leaf {
        /// @dev UTF-8
        bytes account;
        bytes32 salt;
        uint256 index;
        /// @dev of this account alone
        bytes sums;
        /// @dev siblings from the leaf to the root
        Node[] path;
        /// @dev SHA-256 of the pool's amounts, which the root binds
        bytes32 pool;
    }

    error NoSuchLeaf(uint256 index, uint256 levels);
    error NotOneAccount(uint256 accounts);

    /// @notice Root of the book that has this leaf.
    function rootOf(Leaf calldata leaf) internal pure returns (bytes32) {
        uint256 levels = leaf.path.length;
        if (levels > LONGEST_PATH || leaf.index >> levels != 0) revert NoSuchLeaf(leaf.index, levels);
        bytes memory sums = leaf.sums;
        bytes32 digest = sha256(abi.encodePacked(uint8(0), leaf.salt, leaf.account));
        for (uint256 i = 0; i < levels; i++) {
            bytes memory other = leaf.path[i].sums;
            bytes32 own = sha256(sums);
            digest = (leaf.index >> i) & 1 == 0
                ? sha256(abi.encodePacked(uint8(1), digest, own, leaf.path[i].digest, sha256(other)))
                : sha256(abi.encodePacked(uint8(1), leaf.path[i].digest, sha256(other), digest, own));
            sums = BookSums.add(sums, other);
        }
        uint256 accounts = BookSums.totals(leaf.sums).accounts;
        if (accounts != 1) revert NotOneAccount(accounts);
        return BookSums.root(digest, sums, leaf.pool);
    }
}
