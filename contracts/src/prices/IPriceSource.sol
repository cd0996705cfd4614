// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Prices of bars, as a chain holds them.
interface IPriceSource {
    error PriceUnknown(bytes32 market, uint64 bar);
    /// @notice A bar that is not over has no price.
    error BarNotOver(uint64 bar);

    /// @notice The price of a market at the end of a bar.
    /// @param market name of the market, left-aligned ASCII
    /// @param bar end of the bar, seconds since 1970
    /// @return price with 18 decimals, never 0
    /// @dev reverts with PriceUnknown where there is none
    function priceAt(bytes32 market, uint64 bar) external view returns (uint256 price);

    /// @notice The prices of several markets at the end of a bar, in their order.
    /// @dev reverts as `priceAt` does where one is unknown
    function pricesAt(bytes32[] calldata markets, uint64 bar) external view returns (uint256[] memory prices);

    /// @notice Whether an account's signature decides prices here: it must not publish measures that use these.
    function isReporter(address account) external view returns (bool);
}
