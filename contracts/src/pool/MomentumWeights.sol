// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {LocalChain} from "../LocalChain.sol";
import {IPriceSource} from "../prices/IPriceSource.sol";
import {IProofVerifier} from "../proofs/IProofVerifier.sol";
import {MomentumLayout} from "../generated/Layout.sol";
import {PublicValues} from "../PublicValues.sol";
import {SandwichValues} from "../SandwichValues.sol";
import {MomentumRule} from "./MomentumRule.sol";
import {PoolTokens} from "./PoolTokens.sol";
import {WeightRails} from "./WeightRails.sol";

/// @title Weights that follow the momentum of prices: by a public rule, or by a proof that a secret one was followed.
/// @notice Nobody can set weights, and neither rule can move them further or faster than the limits.
abstract contract MomentumWeights is PoolTokens, Pausable {
    using PublicValues for uint256[];
    using WeightRails for WeightRails.Path;

    /// @notice What moves the weights: a public strength of the rule for each token, or the commitment to a secret one.
    struct Strategy {
        /// @dev k with 18 decimals, empty where it is secret
        uint256[] k;
        /// @dev Poseidon hash of k and a salt, 0 where k is public
        uint256 commitment;
        IProofVerifier verifier;
        /// @dev holds the circuit's verification key
        address verificationKey;
    }

    /// @notice How prices become weights.
    struct Rule {
        IPriceSource prices;
        /// @dev of the estimator, by update, 18 decimals
        uint64 decay;
        /// @dev seconds between updates, at least
        uint32 interval;
        /// @dev seconds after which a price is too old to update with
        uint32 staleness;
    }

    IPriceSource public immutable prices;
    uint64 public immutable decay;
    uint32 public immutable interval;
    uint32 public immutable staleness;
    Strategy private _strategy;
    MomentumRule.Estimate[8] private _estimates;
    /// @notice End of the bar whose prices the weights know.
    uint64 public updatedBar;

    error StrategyInvalid();
    error DevelopmentSrs(uint256 chainId);
    error NotStarted();
    error TooEarly(uint64 bar, uint64 earliest);
    error PricesStale(uint64 bar, uint256 staleness);
    error PricesOfTheFuture(uint64 bar);
    error StrategyDiffers(uint256 committed, uint256 proven);
    error GradientDiffers(uint256 token, int256 held, int256 proven);
    error WeightDiffers(uint256 token, int256 held, int256 proven);
    error ProofRefused();
    error NeedsProof();
    error NeedsNoProof();

    /// @notice Weights begin to move: what the rule asks for, and what the guard rails let them become.
    event WeightsMoved(uint64 indexed bar, uint256[] from, uint256[] asked, uint256[] next);

    constructor(Strategy memory strategy_, Rule memory rule) {
        MomentumRule.check(rule.decay);
        if (rule.interval == 0 || rule.staleness == 0) revert TermsInvalid();
        (prices, decay, interval, staleness) = (rule.prices, rule.decay, rule.interval, rule.staleness);
        _checkStrategy(strategy_, tokens);
        _strategy = strategy_;
    }

    /// @notice Moves the weights by the public rule. Anyone may ask for it.
    /// @param bar whose prices are taken: the newest there is, within the staleness
    function performUpdate(uint64 bar) external nonReentrant whenNotPaused {
        if (_strategy.k.length == 0) revert NeedsProof();
        int256[] memory gradients = _learn(bar);
        if (gradients.length == 0) return;
        uint256[] memory current = weights();
        _move(bar, current, MomentumRule.target(current, gradients, _strategy.k));
    }

    /// @notice Moves the weights by the secret rule the pool has committed to. Whoever can prove it may ask for it.
    /// @param bar as of `performUpdate`
    function performUpdate(uint64 bar, bytes calldata proof, uint256[] calldata instances)
        external
        nonReentrant
        whenNotPaused
    {
        if (_strategy.k.length != 0) revert NeedsNoProof();
        int256[] memory gradients = _learn(bar);
        if (gradients.length == 0) return;
        uint256[] memory current = weights();
        _checkProof(current, gradients, proof, instances);
        uint256[] memory target = new uint256[](tokens);
        for (uint256 i = 0; i < tokens; i++) {
            int256 proven = instances.number(MomentumLayout.NEW_WEIGHTS + i);
            target[i] = proven > 0 ? (uint256(proven) * ONE) >> 24 : 0;
        }
        _move(bar, current, target);
    }

    function strategy() external view returns (Strategy memory) {
        return _strategy;
    }

    /// @notice What a proof for an update at a bar is to start from, both in units of 2^-24.
    function statement(uint64 bar) external view returns (int256[] memory gradient, int256[] memory weight) {
        gradient = new int256[](tokens);
        weight = new int256[](tokens);
        uint256[] memory current = weights();
        for (uint256 i = 0; i < tokens; i++) {
            MomentumRule.Estimate memory next =
                MomentumRule.step(_estimates[i], prices.priceAt(_assets[i].market, bar), decay);
            gradient[i] = _units(MomentumRule.gradient(next, decay));
            weight[i] = _units(int256(current[i]));
        }
    }

    function _checkStrategy(Strategy memory proposed, uint256 n) private view {
        if (proposed.commitment == 0) {
            if (proposed.k.length != n) revert StrategyInvalid();
            // As large as the circuit's may be.
            for (uint256 i = 0; i < n; i++) if (proposed.k[i] > 16 * ONE) revert StrategyInvalid();
            return;
        }
        if (proposed.k.length != 0 || !proposed.verifier.accepts(proposed.verificationKey)) revert StrategyInvalid();
        if (!LocalChain.here() && proposed.verifier.development()) revert DevelopmentSrs(block.chainid);
    }

    /// @dev Takes the prices of a bar into the estimates.
    /// @return gradients empty at the first bar, which has none
    function _learn(uint64 bar) private returns (int256[] memory gradients) {
        if (totalSupply() == 0) revert NotStarted();
        if (bar > block.timestamp) revert PricesOfTheFuture(bar);
        if (block.timestamp - bar > staleness) revert PricesStale(bar, staleness);
        bool first = updatedBar == 0;
        if (!first && bar < updatedBar + interval) revert TooEarly(bar, updatedBar + interval);
        if (!first) gradients = new int256[](tokens);
        for (uint256 i = 0; i < tokens; i++) {
            uint256 price = prices.priceAt(_assets[i].market, bar);
            MomentumRule.Estimate memory next =
                first ? MomentumRule.start(price) : MomentumRule.step(_estimates[i], price, decay);
            if (!first) gradients[i] = MomentumRule.gradient(next, decay);
            _estimates[i] = next;
        }
        updatedBar = bar;
    }

    function _move(uint64 bar, uint256[] memory current, uint256[] memory target) private {
        WeightRails.Limits memory rails = limits;
        uint256[] memory next = WeightRails.guarded(rails, current, target);
        _path.move(rails, current, next);
        emit WeightsMoved(bar, current, target, next);
    }

    function _checkProof(
        uint256[] memory current,
        int256[] memory gradients,
        bytes calldata proof,
        uint256[] calldata instances
    ) private view {
        PublicValues.count(instances, MomentumLayout.COUNT);
        SandwichValues.requireNone(instances, MomentumLayout.VIOLATIONS);
        if (instances[MomentumLayout.STRATEGY_COMMITMENT] != _strategy.commitment) {
            revert StrategyDiffers(_strategy.commitment, instances[MomentumLayout.STRATEGY_COMMITMENT]);
        }
        SandwichValues.bounded(instances, MomentumLayout.RESIDUAL, 1, int256(MomentumLayout.RESIDUAL_TOLERANCE));
        for (uint256 i = 0; i < MOST_TOKENS; i++) {
            int256 held = i < tokens ? _units(gradients[i]) : int256(0);
            int256 proven = instances.number(MomentumLayout.PUBLIC_GRADIENT + i);
            if (proven != held) revert GradientDiffers(i, held, proven);
            held = i < tokens ? _units(int256(current[i])) : int256(0);
            proven = instances.number(MomentumLayout.PUBLIC_WEIGHTS + i);
            if (proven != held) revert WeightDiffers(i, held, proven);
            proven = instances.number(MomentumLayout.NEW_WEIGHTS + i);
            if (i >= tokens && proven != 0) revert WeightDiffers(i, 0, proven);
        }
        try _strategy.verifier.verifyProof(_strategy.verificationKey, proof, instances) returns (bool holds) {
            if (!holds) revert ProofRefused();
        } catch {
            revert ProofRefused();
        }
    }

    /// @dev a number with 18 decimals in units of 2^-24, to the nearest, halves away from zero
    function _units(int256 value) private pure returns (int256) {
        int256 doubled = value * (1 << 25);
        return (doubled + (value < 0 ? -int256(ONE) : int256(ONE))) / int256(2 * ONE);
    }
}
