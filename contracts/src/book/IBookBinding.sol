// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Binds the book in an epoch's proofs to the accounts it is made of.
interface IBookBinding {
    /// @notice The book in proofs. Numbers in shares of the unit of account, in units of 2^-24.
    struct ProvenBook {
        uint64 number;
        /// @dev end of the bar
        uint64 bar;
        bytes32[] markets;
        /// @dev signed notional at the bar's prices, in the order of the markets
        int256[] exposures;
        /// @dev at the bar's end, 18 decimals
        uint256[] prices;
        /// @dev C, P, L and P_t
        int256 entry;
        int256 capital;
        int256 liquidity;
        int256 pending;
        /// @dev one share of the unit of account, quote currency with 18 decimals
        uint256 unit;
        uint32 barSeconds;
        /// @dev commitments of the model and of the state that the bar ends in; zeros where the model has several parts
        uint256 model;
        uint256 state;
    }

    /// @notice Reverts unless the book is that of the commitment.
    /// @param commitment as the binding encodes it: a root and its opening
    function requireBook(ProvenBook calldata book, bytes calldata commitment) external;

    /// @notice Whether a challenged premium of one of the oracle's epochs was not proven in time, or a journal was shown to be broken.
    function disputed(address oracle) external view returns (bool);

    /// @notice Root of the book that an oracle's epoch was bound with; zero where none was.
    function rootOf(address oracle, uint64 number) external view returns (bytes32);
}
