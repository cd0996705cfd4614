// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {IProvenBars} from "../LiquidationAttestor.sol";

/// @title The operator's money that challengers are paid from, and the bonds of challengers.
/// @notice Whoever is owed something collects it: an account that takes no money stops nothing.
abstract contract OperatorStake is ReentrancyGuard {
    bytes32 private constant GOVERNOR_ROLE = keccak256("GOVERNOR");
    /// @notice A challenger puts up this bond; an answer pays it to the operator.
    uint256 public constant BOND = 0.1 ether;
    /// @notice How long an epoch's entries can be challenged, seconds.
    uint64 public constant PERIOD = 7 days;
    /// @notice How long the operator has for an answer, seconds.
    uint64 public constant WINDOW = 1 days;
    /// @notice Seconds from the announcement of a withdrawal of stake to it: longer than any entry can be open.
    uint64 public constant NOTICE = PERIOD + 2 * WINDOW;

    IProvenBars public immutable oracle;
    /// @notice The first epoch with an entry that was not answered for in time, or whose journal was shown to be broken.
    uint64 public disputed;
    /// @notice The operator's money that challengers are paid from, without what is reserved.
    uint256 public stake;
    uint256 public leaving;
    uint64 public leavingAt;
    mapping(address account => uint256) public owed;

    error Disputed(uint64 number);
    error NotTheGovernor(address account);
    error StakeTooSmall(uint256 stake, uint256 asked);
    error NotLeavingYet(uint64 at);
    error NothingOwed(address account);
    error PaymentFailed(address account);

    event Funded(address indexed from, uint256 amount, uint256 stake);
    event Leaving(uint256 amount, uint64 at);
    event Left(address indexed to, uint256 amount);

    constructor(IProvenBars oracle_) {
        oracle = oracle_;
    }

    /// @notice Adds to the operator's stake.
    function fund() external payable {
        stake += msg.value;
        emit Funded(msg.sender, msg.value, stake);
    }

    /// @notice Announces a withdrawal of stake.
    function leave(uint256 amount) external {
        _requireGovernor();
        (leaving, leavingAt) = (amount, uint64(block.timestamp) + NOTICE);
        emit Leaving(amount, leavingAt);
    }

    /// @notice Withdraws what was announced, as far as it is not reserved; never while the oracle is disputed.
    function withdrawStake(address payable to) external nonReentrant {
        _requireGovernor();
        if (disputed != 0) revert Disputed(disputed);
        uint256 amount = leaving;
        if (amount == 0 || block.timestamp < leavingAt) revert NotLeavingYet(leavingAt);
        if (amount > stake) revert StakeTooSmall(stake, amount);
        stake -= amount;
        leaving = 0;
        _pay(to, amount);
        emit Left(to, amount);
    }

    /// @notice Pays a challenger: bonds that come back, and rewards.
    function collect(address payable account) external nonReentrant {
        uint256 amount = owed[account];
        if (amount == 0) revert NothingOwed(account);
        owed[account] = 0;
        _pay(account, amount);
    }

    function _requireGovernor() internal view {
        if (!oracle.hasRole(GOVERNOR_ROLE, msg.sender)) revert NotTheGovernor(msg.sender);
    }

    function _pay(address payable to, uint256 amount) private {
        (bool done,) = to.call{value: amount}("");
        if (!done) revert PaymentFailed(to);
    }
}
