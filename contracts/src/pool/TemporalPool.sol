// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IPriceSource} from "../prices/IPriceSource.sol";
import {RuleWeights} from "./RuleWeights.sol";
import {PoolTokens} from "./PoolTokens.sol";
import {WeightedMath} from "./WeightedMath.sol";
import {WeightRails} from "./WeightRails.sol";

/// @title A pool of 2 to 8 tokens whose weights follow a rule: its swaps, joins and exits.
contract TemporalPool is AccessControl, RuleWeights {
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN");

    uint256 private constant HIGHEST_FEE = 0.1e18;
    /// @dev shares nobody owns: the first depositor cannot make a share worth more than others can pay
    uint256 public constant LOCKED_SHARES = 1e6;
    address private constant NOBODY = address(0xdead);

    struct Terms {
        IPriceSource prices;
        /// @dev of the estimator, by update, 18 decimals
        uint64 decay;
        /// @dev share of the amount that goes in, 18 decimals
        uint64 fee;
        /// @dev most of a balance that may come or go in one call, 18 decimals
        uint64 tradeSize;
        /// @dev seconds between updates, at least
        uint32 interval;
        /// @dev seconds after which a price is too old to update with
        uint32 staleness;
        WeightRails.Limits limits;
    }

    /// @notice Share of the amount that goes in, 18 decimals.
    uint64 public immutable fee;

    error AmountIsZero();
    error LimitExceeded(uint256 limit, uint256 amount);
    error Expired(uint256 deadline);
    error AlreadyStarted();

    event Swapped(
        address indexed sender, uint256 indexed tokenIn, uint256 indexed tokenOut, uint256 amountIn, uint256 amountOut
    );
    event Joined(address indexed sender, uint256 shares, uint256[] amounts);
    event Exited(address indexed sender, uint256 shares, uint256[] amounts);

    constructor(
        string memory name,
        string memory symbol,
        address admin,
        Asset[] memory assets,
        Strategy memory strategy_,
        Terms memory terms
    )
        ERC20(name, symbol)
        PoolTokens(assets, terms.tradeSize, terms.limits)
        RuleWeights(strategy_, Feed(terms.prices, terms.decay, terms.interval, terms.staleness))
    {
        if (terms.fee > HIGHEST_FEE) revert TermsInvalid();
        fee = terms.fee;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    // ---------------------------------------------------------------- pausing

    /// @notice Stops swaps, joins and updates. Who wants to leave still can.
    function pause() external onlyRole(GUARDIAN_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }

    // ---------------------------------------------------------------- swaps

    /// @notice Gives an exact amount of one token for another.
    /// @param amountIn in units of the token, fee included
    function swapExactIn(uint256 tokenIn, uint256 tokenOut, uint256 amountIn, uint256 leastOut, uint256 deadline)
        external
        nonReentrant
        whenNotPaused
        returns (uint256 amountOut)
    {
        _checkSwap(tokenIn, tokenOut, amountIn, deadline);
        uint256[] memory now_ = weights();
        amountOut = WeightedMath.outGivenIn(
            _scaled(tokenIn, _balances[tokenIn]),
            now_[tokenIn],
            _scaled(tokenOut, _balances[tokenOut]),
            now_[tokenOut],
            _scaled(tokenIn, amountIn),
            fee
        ) / _scales[tokenOut];
        if (amountOut < leastOut) revert LimitExceeded(leastOut, amountOut);
        _settleSwap(tokenIn, tokenOut, amountIn, amountOut);
    }

    /// @notice Takes an exact amount of a token for another.
    /// @param mostIn in units of the token, fee included
    function swapExactOut(uint256 tokenIn, uint256 tokenOut, uint256 amountOut, uint256 mostIn, uint256 deadline)
        external
        nonReentrant
        whenNotPaused
        returns (uint256 amountIn)
    {
        _checkSwap(tokenIn, tokenOut, amountOut, deadline);
        _checkSize(tokenOut, amountOut);
        uint256[] memory now_ = weights();
        amountIn = Math.ceilDiv(
            WeightedMath.inGivenOut(
                _scaled(tokenIn, _balances[tokenIn]),
                now_[tokenIn],
                _scaled(tokenOut, _balances[tokenOut]),
                now_[tokenOut],
                _scaled(tokenOut, amountOut),
                fee
            ),
            _scales[tokenIn]
        );
        if (amountIn > mostIn) revert LimitExceeded(mostIn, amountIn);
        _settleSwap(tokenIn, tokenOut, amountIn, amountOut);
    }

    // ---------------------------------------------------------------- joins and exits

    /// @notice The first deposit. Its amounts should match the weights: the first swap takes the difference.
    /// @return shares the invariant of the balances, less those that stay locked
    function start(uint256[] calldata amounts) external nonReentrant whenNotPaused returns (uint256 shares) {
        if (totalSupply() != 0) revert AlreadyStarted();
        if (amounts.length != tokens) revert TokensInvalid();
        uint256[] memory scaled = new uint256[](tokens);
        for (uint256 i = 0; i < tokens; i++) {
            if (amounts[i] == 0) revert AmountIsZero();
            scaled[i] = _scaled(i, amounts[i]);
            _take(i, amounts[i]);
        }
        shares = WeightedMath.invariant(scaled, weights());
        if (shares <= 2 * LOCKED_SHARES) revert AmountIsZero();
        shares -= LOCKED_SHARES;
        _mint(NOBODY, LOCKED_SHARES);
        _mint(msg.sender, shares);
        emit Joined(msg.sender, shares, amounts);
    }

    /// @notice Adds all tokens in proportion for an exact number of shares.
    function join(uint256 shares, uint256[] calldata most)
        external
        nonReentrant
        whenNotPaused
        returns (uint256[] memory amounts)
    {
        uint256 supply = _checkShares(shares);
        amounts = new uint256[](tokens);
        for (uint256 i = 0; i < tokens; i++) {
            amounts[i] = Math.mulDiv(_balances[i], shares, supply, Math.Rounding.Ceil);
            if (amounts[i] > most[i]) revert LimitExceeded(most[i], amounts[i]);
            _take(i, amounts[i]);
        }
        _mint(msg.sender, shares);
        emit Joined(msg.sender, shares, amounts);
    }

    /// @notice Adds one token for an exact number of shares. It pays the fee on the part that is in effect swapped.
    function joinSingle(uint256 token, uint256 shares, uint256 most)
        external
        nonReentrant
        whenNotPaused
        returns (uint256 amount)
    {
        uint256 supply = _checkShares(shares);
        _checkToken(token);
        amount = Math.ceilDiv(
            WeightedMath.singleInForShares(
                _scaled(token, _balances[token]), weights()[token], shares, supply, fee
            ),
            _scales[token]
        );
        if (amount > most) revert LimitExceeded(most, amount);
        _checkSize(token, amount);
        _take(token, amount);
        _mint(msg.sender, shares);
        emit Joined(msg.sender, shares, _only(token, amount));
    }

    /// @notice Gives shares back for all tokens in proportion. Works while paused.
    function exit(uint256 shares, uint256[] calldata least) external nonReentrant returns (uint256[] memory amounts) {
        uint256 supply = _checkShares(shares);
        _burn(msg.sender, shares);
        amounts = new uint256[](tokens);
        for (uint256 i = 0; i < tokens; i++) {
            amounts[i] = Math.mulDiv(_balances[i], shares, supply);
            if (amounts[i] < least[i]) revert LimitExceeded(least[i], amounts[i]);
            _give(i, amounts[i]);
        }
        emit Exited(msg.sender, shares, amounts);
    }

    /// @notice Gives shares back for one token. It pays the fee on the part that is in effect swapped.
    function exitSingle(uint256 token, uint256 shares, uint256 least)
        external
        nonReentrant
        whenNotPaused
        returns (uint256 amount)
    {
        uint256 supply = _checkShares(shares);
        _checkToken(token);
        amount = WeightedMath.singleOutForShares(
            _scaled(token, _balances[token]), weights()[token], shares, supply, fee
        ) / _scales[token];
        if (amount < least) revert LimitExceeded(least, amount);
        _checkSize(token, amount);
        _burn(msg.sender, shares);
        _give(token, amount);
        emit Exited(msg.sender, shares, _only(token, amount));
    }

    // ---------------------------------------------------------------- inside

    function _checkSwap(uint256 tokenIn, uint256 tokenOut, uint256 amount, uint256 deadline) private view {
        if (block.timestamp > deadline) revert Expired(deadline);
        if (totalSupply() == 0) revert NotStarted();
        _checkToken(tokenIn);
        if (tokenIn == tokenOut) revert TokenUnknown(tokenOut);
        _checkToken(tokenOut);
        if (amount == 0) revert AmountIsZero();
    }

    function _checkShares(uint256 shares) private view returns (uint256 supply) {
        supply = totalSupply();
        if (supply == 0) revert NotStarted();
        if (shares == 0) revert AmountIsZero();
    }

    function _settleSwap(uint256 tokenIn, uint256 tokenOut, uint256 amountIn, uint256 amountOut) private {
        _checkSize(tokenIn, amountIn);
        _checkSize(tokenOut, amountOut);
        _take(tokenIn, amountIn);
        _give(tokenOut, amountOut);
        emit Swapped(msg.sender, tokenIn, tokenOut, amountIn, amountOut);
    }

    function _only(uint256 token, uint256 amount) private view returns (uint256[] memory amounts) {
        amounts = new uint256[](tokens);
        amounts[token] = amount;
    }
}
