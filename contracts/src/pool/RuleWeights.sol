// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IPriceSource} from "../prices/IPriceSource.sol";
import {IPoolRule} from "./IPoolRule.sol";
import {MomentumRule} from "./MomentumRule.sol";
import {PoolTokens} from "./PoolTokens.sol";
import {WeightRails} from "./WeightRails.sol";

/// @title Weights that follow prices: by the public momentum rule, or by proofs that any other rule was followed.
/// @notice Nobody can set weights, and no rule can move them further or faster than the limits.
abstract contract RuleWeights is PoolTokens, Pausable {
    using WeightRails for WeightRails.Path;

    /// @notice Source of the weights: the strength of public momentum for each token, or a rule that is proven.
    struct Strategy {
        /// @dev k with 18 decimals, empty where there is a rule
        uint256[] k;
        IPoolRule rule;
    }

    /// @notice How prices are taken.
    struct Feed {
        IPriceSource prices;
        /// @dev of the estimator, by update, 18 decimals
        uint64 decay;
        /// @dev seconds between updates, at least, and between the bars that a rule looks back to
        uint32 interval;
        /// @dev seconds after which a price is too old to update with
        uint32 staleness;
    }

    IPriceSource public immutable prices;
    uint64 public immutable decay;
    uint32 public immutable interval;
    uint32 public immutable staleness;
    /// @notice The rule that updates prove; zero where k is public.
    IPoolRule public immutable rule;
    uint256[] private _k;
    MomentumRule.Estimate[8] private _estimates;
    /// @notice End of the bar whose prices the weights know.
    uint64 public updatedBar;
    /// @notice Commitment to the rule's state; each update's proof begins where the last one ended.
    uint256 public state;

    error StrategyInvalid();
    error NotStarted();
    error TooEarly(uint64 bar, uint64 earliest);
    error PricesStale(uint64 bar, uint256 staleness);
    error PricesOfTheFuture(uint64 bar);
    error NeedsProof();
    error NeedsNoProof();

    /// @notice Weights begin to move: the rule's target, and the target within the guard rails.
    event WeightsMoved(uint64 indexed bar, uint256[] from, uint256[] asked, uint256[] next);

    constructor(Strategy memory strategy_, Feed memory feed) {
        MomentumRule.check(feed.decay);
        if (feed.interval == 0 || feed.staleness == 0) revert TermsInvalid();
        (prices, decay, interval, staleness) = (feed.prices, feed.decay, feed.interval, feed.staleness);
        rule = strategy_.rule;
        if (address(strategy_.rule) == address(0)) {
            if (strategy_.k.length != tokens) revert StrategyInvalid();
            for (uint256 i = 0; i < tokens; i++) if (strategy_.k[i] > 16 * ONE) revert StrategyInvalid();
            _k = strategy_.k;
        } else {
            if (strategy_.k.length != 0 || strategy_.rule.tokens() != tokens) revert StrategyInvalid();
            state = strategy_.rule.firstState();
        }
    }

    /// @notice Strengths of the public rule; empty where a rule is proven.
    function strengths() external view returns (uint256[] memory) {
        return _k;
    }

    /// @notice Moves the weights by the public rule. Anyone may call.
    /// @param bar whose prices are taken: the newest there is, within the staleness
    function performUpdate(uint64 bar) external nonReentrant whenNotPaused {
        if (address(rule) != address(0)) revert NeedsProof();
        bool first = _enter(bar);
        int256[] memory gradients = _learn(bar, first);
        if (first) return;
        uint256[] memory current = weights();
        _move(bar, current, MomentumRule.target(current, gradients, _k));
    }

    /// @notice Moves the weights by the pool's rule. Anyone who can prove the rule's target may call it.
    /// @param bar as of `performUpdate`
    function performUpdate(uint64 bar, bytes calldata proof, uint256[] calldata instances)
        external
        nonReentrant
        whenNotPaused
    {
        if (address(rule) == address(0)) revert NeedsNoProof();
        bool first = _enter(bar);
        IPoolRule.Sight memory sight = rule.sight();
        int256[] memory gradients;
        if (sight.gradients) {
            gradients = _learn(bar, first);
            // The first prices teach, and move nothing.
            if (first) return;
        }
        uint256[] memory current = weights();
        (int256[] memory asked, uint256 next) = rule.target(state, _seen(sight, bar, current, gradients), proof, instances);
        state = next;
        uint256[] memory target = new uint256[](tokens);
        for (uint256 i = 0; i < tokens; i++) target[i] = asked[i] > 0 ? (uint256(asked[i]) * ONE) >> 24 : 0;
        _move(bar, current, target);
    }

    /// @notice Public inputs of the proof of an update at a bar: the rule's sight, in units of 2^-24, and the commitment to its state.
    function statement(uint64 bar) external view returns (int256[] memory seen, uint256 state_) {
        IPoolRule.Sight memory sight = rule.sight();
        int256[] memory gradients;
        if (sight.gradients) {
            gradients = new int256[](tokens);
            for (uint256 i = 0; i < tokens; i++) {
                MomentumRule.Estimate memory next =
                    MomentumRule.step(_estimates[i], prices.priceAt(_assets[i].market, bar), decay);
                gradients[i] = MomentumRule.gradient(next, decay);
            }
        }
        return (_seen(sight, bar, weights(), gradients), state);
    }

    /// @dev Whether the pool may take this bar; it has taken it afterwards.
    function _enter(uint64 bar) private returns (bool first) {
        if (totalSupply() == 0) revert NotStarted();
        if (bar > block.timestamp) revert PricesOfTheFuture(bar);
        if (block.timestamp - bar > staleness) revert PricesStale(bar, staleness);
        first = updatedBar == 0;
        if (!first && bar < updatedBar + interval) revert TooEarly(bar, updatedBar + interval);
        updatedBar = bar;
    }

    /// @dev Takes the prices of a bar into the estimates.
    function _learn(uint64 bar, bool first) private returns (int256[] memory gradients) {
        gradients = new int256[](tokens);
        for (uint256 i = 0; i < tokens; i++) {
            uint256 price = prices.priceAt(_assets[i].market, bar);
            MomentumRule.Estimate memory next =
                first ? MomentumRule.start(price) : MomentumRule.step(_estimates[i], price, decay);
            if (!first) gradients[i] = MomentumRule.gradient(next, decay);
            _estimates[i] = next;
        }
    }

    /// @dev A rule's sight, in the order of IPoolRule.Sight.
    function _seen(IPoolRule.Sight memory sight, uint64 bar, uint256[] memory current, int256[] memory gradients)
        private
        view
        returns (int256[] memory seen)
    {
        uint256 n = tokens;
        uint256 back = sight.bars == 0 ? 0 : sight.bars - 1;
        seen = new int256[]((sight.weights ? n : 0) + (sight.gradients ? n : 0) + n * back);
        uint256 at = 0;
        for (uint256 i = 0; sight.weights && i < n; i++) seen[at++] = _units(int256(current[i]));
        for (uint256 i = 0; sight.gradients && i < n; i++) seen[at++] = _units(gradients[i]);
        for (uint256 i = 0; back > 0 && i < n; i++) {
            bytes32 market = _assets[i].market;
            uint256 newest = prices.priceAt(market, bar);
            for (uint256 j = 0; j < back; j++) {
                uint256 then = prices.priceAt(market, bar - uint64((back - j) * interval));
                // To the nearest unit.
                seen[at + j * n + i] = int256((Math.mulDiv(then, 1 << 25, newest) + 1) >> 1);
            }
        }
    }

    function _move(uint64 bar, uint256[] memory current, uint256[] memory target) private {
        WeightRails.Limits memory rails = limits;
        uint256[] memory next = WeightRails.guarded(rails, current, target);
        _path.move(rails, current, next);
        emit WeightsMoved(bar, current, target, next);
    }

    /// @dev a number with 18 decimals in units of 2^-24, to the nearest, halves away from zero
    function _units(int256 value) private pure returns (int256) {
        int256 doubled = value * (1 << 25);
        return (doubled + (value < 0 ? -int256(ONE) : int256(ONE))) / int256(2 * ONE);
    }
}
