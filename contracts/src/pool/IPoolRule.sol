// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title A rule that says which weights a pool should have.
/// @notice Numbers are integers in units of 2^-24. A pool gives a rule its sight and takes its word for the target alone: how far
/// and how fast weights move is the pool's.
interface IPoolRule {
    /// @notice A rule's sight of the pool, in this order: its weights, gradients of prices, and prices of the last bars over the newest,
    /// oldest first, without the newest.
    struct Sight {
        bool weights;
        bool gradients;
        /// @dev bars of prices, the newest among them; 0: none
        uint8 bars;
    }

    function tokens() external view returns (uint256);

    function sight() external view returns (Sight memory);

    /// @notice Commitment to the state before the first update; 0: the rule keeps nothing.
    function firstState() external view returns (uint256);

    /// @notice The weights that the rule asks for, and the commitment to its next state.
    /// @param state commitment to its state
    /// @param seen as `sight` says
    /// @dev reverts where the proof does not show it
    function target(uint256 state, int256[] calldata seen, bytes calldata proof, uint256[] calldata instances)
        external
        view
        returns (int256[] memory asked, uint256 next);
}
