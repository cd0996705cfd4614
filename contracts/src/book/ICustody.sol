// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Where the exchange's money is.
interface ICustody {
    /// @notice Money that is there for traders and providers, quote currency with 18 decimals.
    function balance() external view returns (uint256);
}
