// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {WeightRails} from "./WeightRails.sol";

/// @title The tokens of a pool: their balances, and their weights on the way they are.
abstract contract PoolTokens is ERC20, ReentrancyGuard {
    using SafeERC20 for IERC20;
    using WeightRails for WeightRails.Path;

    uint256 internal constant ONE = 1e18;
    uint256 private constant FEWEST_TOKENS = 2;
    uint256 internal constant MOST_TOKENS = 8;

    struct Asset {
        IERC20 token;
        /// @dev as the price source knows it
        bytes32 market;
        uint64 weight;
    }

    uint256 public immutable tokens;
    /// @notice Most of a balance that may come or go in one call, 18 decimals.
    uint64 public immutable tradeSize;
    WeightRails.Limits public limits;
    Asset[] internal _assets;
    /// @dev in units of each token; tokens sent here otherwise do not count
    uint256[8] internal _balances;
    /// @dev factor from a token's decimals to 18
    uint256[8] internal _scales;
    WeightRails.Path internal _path;

    error TokensInvalid();
    error WeightsInvalid();
    error TermsInvalid();
    error TokenUnknown(uint256 token);
    error FeeOnTransfer(IERC20 token, uint256 sent, uint256 received);
    error TradeTooLarge(uint256 token, uint256 amount, uint256 most);

    constructor(Asset[] memory assets_, uint64 tradeSize_, WeightRails.Limits memory limits_) {
        uint256 n = assets_.length;
        if (n < FEWEST_TOKENS || n > MOST_TOKENS) revert TokensInvalid();
        WeightRails.check(limits_, n);
        if (tradeSize_ == 0 || tradeSize_ > 0.5e18) revert TermsInvalid();
        tokens = n;
        (tradeSize, limits) = (tradeSize_, limits_);
        uint256 sum = 0;
        for (uint256 i = 0; i < n; i++) {
            for (uint256 j = 0; j < i; j++) if (assets_[j].token == assets_[i].token) revert TokensInvalid();
            uint8 decimals_ = IERC20Metadata(address(assets_[i].token)).decimals();
            if (decimals_ > 18) revert TokensInvalid();
            _scales[i] = 10 ** (18 - decimals_);
            if (assets_[i].weight < limits_.lowest) revert WeightsInvalid();
            sum += assets_[i].weight;
            _path.weights[i].from = assets_[i].weight;
            _assets.push(assets_[i]);
        }
        if (sum != ONE) revert WeightsInvalid();
        _path.start = uint64(block.number);
        _path.blocks = limits_.blocks;
    }

    /// @notice Weights of this block, 18 decimals; they sum to one.
    function weights() public view returns (uint256[] memory) {
        return _path.at(tokens, block.number);
    }

    /// @notice Balances in units of each token.
    function balances() external view nonReentrantView returns (uint256[] memory held) {
        held = new uint256[](tokens);
        for (uint256 i = 0; i < tokens; i++) held[i] = _balances[i];
    }

    function assets() external view returns (Asset[] memory) {
        return _assets;
    }

    function _scaled(uint256 token, uint256 amount) internal view returns (uint256) {
        return amount * _scales[token];
    }

    function _checkToken(uint256 token) internal view {
        if (token >= tokens) revert TokenUnknown(token);
    }

    function _checkSize(uint256 token, uint256 amount) internal view {
        uint256 most = (_balances[token] * tradeSize) / ONE;
        if (amount > most) revert TradeTooLarge(token, amount, most);
    }

    function _take(uint256 i, uint256 amount) internal {
        IERC20 token = _assets[i].token;
        _balances[i] += amount;
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != amount) revert FeeOnTransfer(token, amount, received);
    }

    function _give(uint256 i, uint256 amount) internal {
        _balances[i] -= amount;
        _assets[i].token.safeTransfer(msg.sender, amount);
    }
}
