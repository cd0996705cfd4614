// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProvenBars} from "./LiquidationAttestor.sol";
import {LocalChain} from "./LocalChain.sol";
import {MarginTangent} from "./MarginTangent.sol";

/// @title Portfolio margins by the time from which they are in force.
/// @notice The governor registers the digest of a margin's scenarios, rates and depths at least the oracle's delay ahead: nobody's
/// account is judged by a margin that was chosen after the fact.
abstract contract MarginRegistry {
    struct Margin {
        /// @dev (2 kappa_m)^2 times the margin's horizon over the forecast's, in units of 2^-24; 0: no EVaR
        uint64 evarMultiple;
        /// @dev b of the pool's capital K, in units of 2^-24; 0: losses never count as concentrated
        uint64 absorbableShare;
        /// @dev digest of each market
        bytes32[] markets;
    }

    struct Registered {
        bytes32 digest;
        uint64 from;
    }

    bytes32 private constant GOVERNOR = keccak256("GOVERNOR");
    bytes32 private constant GUARDIAN = keccak256("GUARDIAN");

    IProvenBars public immutable oracle;
    /// @notice By ascending time. A digest of 0 ends portfolio margin.
    Registered[] public margins;

    error NotTheGovernor(address account);
    error InForceTooSoon(uint64 from, uint256 earliest);
    error NothingToWithdraw();
    error MarketNotRegistered(bytes32 market);

    event MarginRegistered(uint256 indexed version, bytes32 digest, uint64 from);
    event MarginWithdrawn(uint256 indexed version);

    constructor(IProvenBars oracle_) {
        oracle = oracle_;
    }

    /// @notice Registers the margin that is in force from a time on. On local chains, which replay the past, the time is free.
    /// @param digest of it, or 0 where margin is linear from then on
    function registerMargin(bytes32 digest, uint64 from) external {
        if (!oracle.hasRole(GOVERNOR, msg.sender)) revert NotTheGovernor(msg.sender);
        uint256 earliest = LocalChain.here() ? 0 : block.timestamp + oracle.delay();
        uint256 count = margins.length;
        if (count > 0 && margins[count - 1].from >= earliest) earliest = margins[count - 1].from + 1;
        if (from < earliest) revert InForceTooSoon(from, earliest);
        margins.push(Registered(digest, from));
        emit MarginRegistered(count + 1, digest, from);
    }

    /// @notice Withdraws the last margin while it is not in force. The guardian can as well.
    function withdrawMargin() external {
        if (!oracle.hasRole(GOVERNOR, msg.sender) && !oracle.hasRole(GUARDIAN, msg.sender)) {
            revert NotTheGovernor(msg.sender);
        }
        uint256 count = margins.length;
        if (count == 0 || margins[count - 1].from <= block.timestamp) revert NothingToWithdraw();
        margins.pop();
        emit MarginWithdrawn(count);
    }

    /// @notice Version of the portfolio margin that was in force; 0 where margin was linear.
    function marginAt(uint64 time) public view returns (uint256) {
        for (uint256 version = margins.length; version > 0; version--) {
            Registered storage held = margins[version - 1];
            if (held.from <= time) return held.digest == 0 ? 0 : version;
        }
        return 0;
    }

    function marginDigest(Margin calldata margin) public pure returns (bytes32) {
        return keccak256(abi.encode(margin));
    }

    /// @param market name of 32 bytes
    function marketDigest(bytes32 market, MarginTangent.Market calldata terms) public pure returns (bytes32) {
        return keccak256(abi.encode(market, terms));
    }
}
