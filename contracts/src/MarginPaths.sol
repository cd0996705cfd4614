// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {GuardRails} from "./GuardRails.sol";

/// @title Margins of the markets of a list on their way, four in a word of storage.
/// @notice A list is the address of a contract whose code is its markets' names. All of its margins set out at the same block.
library MarginPaths {
    struct Paths {
        /// @dev by list: bar's end, and the block of the last update; 0 where there was none
        mapping(address list => uint256) updates;
        /// @dev for each market 32 bits where it set out, and 32 bits where it goes
        mapping(address list => mapping(uint256 word => uint256)) words;
        /// @dev place in the last list that has it, plus one, above the list's address; 0 for a market that never had a margin
        mapping(bytes32 market => uint256) homes;
    }

    uint256 private constant ADDRESS = 160;
    uint256 private constant HALF = 128;
    uint256 private constant IN_A_WORD = 4;
    uint256 private constant VALUE = 32;
    uint256 private constant MASK = type(uint32).max;

    /// @return value of a market in this block, in units of 10^-9, and the end of the bar that it is of; 0 for one that never had any
    function valueOf(Paths storage paths, bytes32 market, uint256 blocks)
        internal
        view
        returns (uint256 value, uint64 bar)
    {
        uint256 home = paths.homes[market];
        if (home == 0) return (0, 0);
        address list = address(uint160(home));
        uint256 place = (home >> ADDRESS) - 1;
        uint256 update = paths.updates[list];
        uint256 word = paths.words[list][place / IN_A_WORD];
        return (path(word, place, block.number - (update & type(uint128).max), blocks), uint64(update >> HALF));
    }

    /// @notice Values of a list's markets in this block. A market's first value is the required one within the limits: nobody relies on it
    /// yet.
    /// @param limits in the units of the values
    function current(
        Paths storage paths,
        address list,
        bytes32[] memory markets,
        uint256[] memory asked,
        GuardRails.Limits memory limits
    ) internal returns (uint256[] memory values) {
        unchecked {
            values = new uint256[](markets.length);
            uint256 update = paths.updates[list];
            if (update == 0) {
                for (uint256 i = 0; i < values.length; i++) {
                    (values[i],) = valueOf(paths, markets[i], limits.blocks);
                    if (values[i] == 0) {
                        uint256 goal = asked[i] > limits.lowest ? asked[i] : limits.lowest;
                        values[i] = goal < limits.highest ? goal : limits.highest;
                    }
                }
                // A market's last margin is read before its home is the new list.
                for (uint256 i = 0; i < values.length; i++) {
                    paths.homes[markets[i]] = ((i + 1) << ADDRESS) | uint160(list);
                }
                return values;
            }
            uint256 passed = block.number - (update & type(uint128).max);
            mapping(uint256 => uint256) storage words = paths.words[list];
            uint256 word;
            for (uint256 i = 0; i < values.length; i++) {
                if (i % IN_A_WORD == 0) word = words[i / IN_A_WORD];
                values[i] = path(word, i, passed, limits.blocks);
            }
        }
    }

    /// @notice Sends a list's margins on their way in this block.
    /// @return packed words that are stored
    function set(Paths storage paths, address list, uint64 bar, uint256[] memory from, uint256[] memory to)
        internal
        returns (uint256[] memory packed)
    {
        unchecked {
            paths.updates[list] = (uint256(bar) << HALF) | block.number;
            packed = new uint256[]((from.length + IN_A_WORD - 1) / IN_A_WORD);
            mapping(uint256 => uint256) storage words = paths.words[list];
            for (uint256 w = 0; w < packed.length; w++) {
                uint256 word = 0;
                uint256 end = IN_A_WORD * (w + 1) < from.length ? IN_A_WORD * (w + 1) : from.length;
                for (uint256 i = end; i > IN_A_WORD * w; i--) {
                    word = (word << (2 * VALUE)) | (from[i - 1] << VALUE) | to[i - 1];
                }
                words[w] = packed[w] = word;
            }
        }
    }

    function path(uint256 word, uint256 place, uint256 passed, uint256 blocks) private pure returns (uint256) {
        unchecked {
            word >>= 2 * VALUE * (place % IN_A_WORD);
            if (passed >= blocks) return word & MASK;
            return GuardRails.at((word >> VALUE) & MASK, word & MASK, passed, blocks);
        }
    }
}
