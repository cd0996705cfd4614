// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {LocalChain} from "../LocalChain.sol";

/// @title Changes that everybody sees coming, and four keys that are not one another's.
/// @notice A change is a call of a function that is marked `timelocked`. The governor proposes the exact call; from `delay` seconds
/// later and for `WINDOW` seconds it can be made, once. There is one pending proposal for each function. Grants of roles wait as well;
/// taking a role away does not.
abstract contract Timelocked is AccessControl {
    /// @notice Proposes changes and makes them.
    bytes32 public constant GOVERNOR_ROLE = keccak256("GOVERNOR");
    /// @notice Pauses, and cancels proposals.
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN");
    /// @notice Publishes epochs and attests liquidations.
    bytes32 public constant PUBLISHER_ROLE = keccak256("PUBLISHER");

    /// @notice Shortest delay on chains that are not local.
    uint256 public constant SHORTEST_DELAY = 1 days;
    /// @notice A proposal that was not installed this long after its delay is void.
    uint256 public constant WINDOW = 7 days;

    struct Proposal {
        /// @dev keccak256 of the call
        bytes32 digest;
        uint64 installableAt;
    }

    uint32 public immutable delay;
    /// @notice The proposal that is pending for a function, by its selector.
    mapping(bytes4 kind => Proposal) public proposals;

    error DelayTooShort(uint256 delay, uint256 shortest);
    error NotTimelocked(bytes4 kind);
    error ProposalPending(bytes4 kind, uint256 until);
    error NotProposed(bytes4 kind, bytes32 digest);
    error NotInstallableYet(bytes4 kind, uint256 installableAt);
    error ProposalExpired(bytes4 kind, uint256 at);
    error NotGovernorOrGuardian(address account);
    /// @notice One key may not have two duties on chains that are not local.
    error SameKey(address account, bytes32 role, bytes32 held);

    event Proposed(bytes4 indexed kind, bytes32 indexed digest, bytes call, uint256 installableAt);
    event Installed(bytes4 indexed kind, bytes32 indexed digest);
    event Cancelled(bytes4 indexed kind, bytes32 indexed digest);

    /// @dev Runs only where the call was proposed, its delay is over and its window is not.
    modifier timelocked() {
        _install(msg.sig, keccak256(msg.data));
        _;
    }

    constructor(address admin, address governor, address guardian, uint32 delay_) {
        if (!LocalChain.here() && delay_ < SHORTEST_DELAY) revert DelayTooShort(delay_, SHORTEST_DELAY);
        delay = delay_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(GOVERNOR_ROLE, governor);
        _grantRole(GUARDIAN_ROLE, guardian);
    }

    /// @notice Announces a call, with its arguments, that may be made after the delay.
    function propose(bytes calldata call) external onlyRole(GOVERNOR_ROLE) {
        bytes4 kind = bytes4(call);
        _checkProposal(kind, call[4:]);
        uint256 held = proposals[kind].installableAt;
        if (held != 0 && block.timestamp <= held + WINDOW) revert ProposalPending(kind, held + WINDOW);
        uint256 installableAt = block.timestamp + delay;
        bytes32 digest = keccak256(call);
        proposals[kind] = Proposal(digest, uint64(installableAt));
        emit Proposed(kind, digest, call, installableAt);
    }

    /// @notice Withdraws the pending call of a function.
    function cancel(bytes4 kind) external {
        if (!hasRole(GOVERNOR_ROLE, msg.sender) && !hasRole(GUARDIAN_ROLE, msg.sender)) {
            revert NotGovernorOrGuardian(msg.sender);
        }
        bytes32 digest = proposals[kind].digest;
        if (digest == 0) revert NotProposed(kind, 0);
        delete proposals[kind];
        emit Cancelled(kind, digest);
    }

    /// @notice Gives a role, after a proposal's delay: the governor announces it, the admin does it.
    function grantRole(bytes32 role, address account) public override timelocked {
        super.grantRole(role, account);
    }

    /// @dev Reverts for calls that may not be proposed: functions that are not timelocked, and arguments that could never be installed.
    function _checkProposal(bytes4 kind, bytes calldata) internal view virtual {
        if (kind != this.grantRole.selector) revert NotTimelocked(kind);
    }

    /// @dev Off local chains one account has one of the four roles at most.
    function _grantRole(bytes32 role, address account) internal virtual override returns (bool) {
        if (!LocalChain.here()) _requireNoOtherDuty(role, account);
        return super._grantRole(role, account);
    }

    /// @dev Reverts where an account has one of the four roles besides `role`.
    function _requireNoOtherDuty(bytes32 role, address account) internal view {
        bytes32[4] memory duties = [DEFAULT_ADMIN_ROLE, GOVERNOR_ROLE, GUARDIAN_ROLE, PUBLISHER_ROLE];
        for (uint256 i = 0; i < 4; i++) {
            if (duties[i] != role && hasRole(duties[i], account)) revert SameKey(account, role, duties[i]);
        }
    }

    function _install(bytes4 kind, bytes32 digest) private {
        Proposal memory held = proposals[kind];
        if (held.digest != digest) revert NotProposed(kind, digest);
        if (block.timestamp < held.installableAt) revert NotInstallableYet(kind, held.installableAt);
        if (block.timestamp > held.installableAt + WINDOW) revert ProposalExpired(kind, held.installableAt + WINDOW);
        delete proposals[kind];
        emit Installed(kind, digest);
    }
}
