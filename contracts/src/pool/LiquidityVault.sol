// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {PoolTokens} from "./PoolTokens.sol";
import {Timelocked} from "../governance/Timelocked.sol";
import {TemporalPool} from "./TemporalPool.sol";

/// @title Shares of a pool that stand behind the exchange.
/// @notice Liquidity providers put shares of a pool in. The exchange counts their value, less a haircut, as its liquidity; it takes out the sums that
/// providers lose to traders, and puts their earnings in. Leaving takes two steps: whoever has asked no longer counts for
/// the exchange, and bears losses until the delay is over. Another exchange is appointed only after the same delay: who sees it coming can leave.
contract LiquidityVault is ERC4626, Timelocked {
    using SafeERC20 for IERC20;

    bytes32 public constant EXCHANGE_ROLE = keccak256("EXCHANGE");
    uint256 private constant ONE = 1e18;

    struct Keys {
        address admin;
        address governor;
        address guardian;
        address exchange;
    }

    struct Terms {
        /// @dev seconds from asking to leave until one can, and from proposing another exchange until it is appointed
        uint32 delay;
        /// @dev seconds between two takings of the exchange, at least
        uint32 coverInterval;
        /// @dev most of the vault that one taking may be, 18 decimals
        uint64 coverShare;
        /// @dev most of the vault that all takings within one delay may be, 18 decimals
        uint64 coverDelayShare;
    }

    struct Taking {
        uint64 at;
        uint192 shares;
    }

    struct Withdrawal {
        address owner;
        uint64 claimableAt;
        uint256 shares;
    }

    struct Token {
        bytes32 market;
        /// @dev 18 decimals, whatever the token's own
        uint256 balance;
        /// @dev of this block, 18 decimals
        uint256 weight;
    }

    /// @notice Data that the exchange values the vault by, as of one block.
    struct Holdings {
        uint256 blockNumber;
        /// @dev pool shares of holders who have not asked to leave
        uint256 counted;
        /// @dev pool shares in the vault
        uint256 held;
        /// @dev all shares of the pool there are
        uint256 supply;
        int256 settled;
        Token[] tokens;
    }

    TemporalPool public immutable pool;
    Terms public terms;
    /// @notice Pool shares the exchange has taken, less those it has given.
    int256 public settled;
    uint64 public coveredAt;
    /// @dev takings, oldest first; those before `_firstTaking` are older than the delay
    Taking[] private _takings;
    uint256 private _firstTaking;
    /// @dev sum of the takings from `_firstTaking` on
    uint256 private _taken;
    /// @notice Shares of the vault that have been asked back and not claimed.
    uint256 public requested;
    Withdrawal[] private _withdrawals;

    error TermsInvalid();
    error AmountIsZero();
    error LeavesByRequest();
    error NotOwner(uint256 id, address owner);
    error NotClaimable(uint256 id, uint64 claimableAt);
    error CoverTooLarge(uint256 shares, uint256 most);
    error CoverTooEarly(uint64 earliest);
    /// @notice More than may be taken before somebody who asks to leave now could.
    error CoverTooLargeForDelay(uint256 shares, uint256 left);
    error CoverToVault();

    event RedeemRequested(address indexed owner, uint256 indexed id, uint256 shares, uint64 claimableAt);
    event Claimed(address indexed owner, uint256 indexed id, uint256 shares, uint256 poolShares);
    event Covered(address indexed to, uint256 poolShares);
    event Repaid(address indexed from, uint256 poolShares);

    constructor(TemporalPool pool_, string memory name, string memory symbol, Keys memory keys, Terms memory terms_)
        ERC4626(IERC20(address(pool_)))
        ERC20(name, symbol)
        Timelocked(keys.admin, keys.governor, keys.guardian, terms_.delay)
    {
        if (terms_.delay == 0 || terms_.coverInterval == 0) revert TermsInvalid();
        if (terms_.coverShare == 0 || terms_.coverShare > terms_.coverDelayShare) revert TermsInvalid();
        if (terms_.coverDelayShare > ONE) revert TermsInvalid();
        pool = pool_;
        terms = terms_;
        _grantRole(EXCHANGE_ROLE, keys.exchange);
    }

    // ---------------------------------------------------------------- leaving

    /// @notice Asks to leave. The shares stay in the vault and bear its losses until they are claimed.
    function requestRedeem(uint256 shares) external returns (uint256 id) {
        if (shares == 0) revert AmountIsZero();
        _transfer(msg.sender, address(this), shares);
        requested += shares;
        uint64 claimableAt = uint64(block.timestamp) + terms.delay;
        id = _withdrawals.length;
        _withdrawals.push(Withdrawal(msg.sender, claimableAt, shares));
        emit RedeemRequested(msg.sender, id, shares, claimableAt);
    }

    /// @notice Pays a request after the delay, in shares of the pool at their value then.
    function claim(uint256 id) external returns (uint256 poolShares) {
        Withdrawal memory asked = _withdrawals[id];
        if (asked.owner != msg.sender) revert NotOwner(id, asked.owner);
        if (block.timestamp < asked.claimableAt) revert NotClaimable(id, asked.claimableAt);
        delete _withdrawals[id];
        poolShares = convertToAssets(asked.shares);
        requested -= asked.shares;
        _burn(address(this), asked.shares);
        emit Claimed(msg.sender, id, asked.shares, poolShares);
        IERC20(asset()).safeTransfer(msg.sender, poolShares);
    }

    function withdrawal(uint256 id) external view returns (Withdrawal memory) {
        return _withdrawals[id];
    }

    /// @dev Nothing leaves at once.
    function maxWithdraw(address) public pure override returns (uint256) {
        return 0;
    }

    function maxRedeem(address) public pure override returns (uint256) {
        return 0;
    }

    function _withdraw(address, address, address, uint256, uint256) internal pure override {
        revert LeavesByRequest();
    }

    // ---------------------------------------------------------------- the exchange

    /// @notice Takes the providers' losses to traders: a share of the vault at once, and a share within the delay that a provider
    /// waits for who asks to leave.
    function cover(uint256 poolShares, address to) external onlyRole(EXCHANGE_ROLE) {
        if (poolShares == 0) revert AmountIsZero();
        if (to == address(this)) revert CoverToVault();
        uint256 most = (totalAssets() * terms.coverShare) / ONE;
        if (poolShares > most) revert CoverTooLarge(poolShares, most);
        if (coveredAt != 0 && block.timestamp < coveredAt + terms.coverInterval) {
            revert CoverTooEarly(coveredAt + terms.coverInterval);
        }
        _countTaking(poolShares);
        coveredAt = uint64(block.timestamp);
        settled += int256(poolShares);
        emit Covered(to, poolShares);
        IERC20(asset()).safeTransfer(to, poolShares);
    }

    /// @notice Gives the providers' earnings. Anyone may.
    function repay(uint256 poolShares) external {
        if (poolShares == 0) revert AmountIsZero();
        settled -= int256(poolShares);
        emit Repaid(msg.sender, poolShares);
        IERC20(asset()).safeTransferFrom(msg.sender, address(this), poolShares);
    }

    /// @notice Holdings to value: see `Holdings`.
    function holdings() external view returns (Holdings memory all) {
        PoolTokens.Asset[] memory assets = pool.assets();
        uint256[] memory balances = pool.balances();
        uint256[] memory weights = pool.weights();
        all.blockNumber = block.number;
        all.held = totalAssets();
        all.counted = convertToAssets(totalSupply() - requested);
        all.supply = pool.totalSupply();
        all.settled = settled;
        all.tokens = new Token[](assets.length);
        for (uint256 i = 0; i < assets.length; i++) {
            uint256 scale = 10 ** (18 - IERC20Metadata(address(assets[i].token)).decimals());
            all.tokens[i] = Token(assets[i].market, balances[i] * scale, weights[i]);
        }
    }

    /// @dev A taking leaves the window after one delay; at least `coverInterval` lies between two, so that few are in it.
    function _countTaking(uint256 poolShares) private {
        for (; _firstTaking < _takings.length; _firstTaking++) {
            Taking memory oldest = _takings[_firstTaking];
            if (block.timestamp < uint256(oldest.at) + terms.delay) break;
            _taken -= oldest.shares;
        }
        uint256 most = ((totalAssets() + _taken) * terms.coverDelayShare) / ONE;
        if (_taken + poolShares > most) revert CoverTooLargeForDelay(poolShares, most > _taken ? most - _taken : 0);
        _taken += poolShares;
        _takings.push(Taking(uint64(block.timestamp), SafeCast.toUint192(poolShares)));
    }

    /// @dev Virtual shares: a gift to an empty vault cannot make a share worth more than others can pay.
    function _decimalsOffset() internal pure override returns (uint8) {
        return 6;
    }
}
