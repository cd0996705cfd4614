// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LocalChain} from "../LocalChain.sol";
import {IProofVerifier} from "../proofs/IProofVerifier.sol";
import {PublicValues} from "../PublicValues.sol";
import {IPoolRule} from "./IPoolRule.sol";

/// @title A rule whose every answer is proven: its graph, visibility, the ranges of its inputs, its parameters or their commitments.
/// @notice Everything here is fixed when it is registered. Public values of a proof are, in order: commitments (parameters, shared parameters,
/// state, market, next state, hints, each where the rule has it), violations, the target, the market.
contract ProvenRule is IPoolRule {
    using PublicValues for uint256[];

    /// @dev the number one of circuits and contracts
    int256 private constant UNIT = 1 << 24;

    /// @notice Ranges of the rule's sight, in units of 2^-24.
    struct Ranges {
        int64 lowestWeight;
        int64 largestGradient;
        int64 leastPrice;
        int64 mostPrice;
    }

    struct Terms {
        /// @dev SHA-256 of the ONNX graph
        bytes32 graph;
        /// @dev SHA-256 of the description of inputs, their ranges and visibility, as it was built
        bytes32 manifest;
        uint8 tokens;
        Sight sight;
        Ranges ranges;
        IProofVerifier verifier;
        /// @dev holds the circuit's verification key
        address verificationKey;
        /// @dev Poseidon hash of the private parameters and a salt
        uint256 parameters;
        /// @dev Poseidon hash of parameters that who knows them recognises; 0: there are none
        uint256 shared;
        /// @dev Poseidon hash of the first state and a salt; 0: the rule keeps nothing
        uint256 firstState;
        /// @dev whether the prover brings numbers that the circuit checks, and commits to them
        bool hints;
        int64[] publicParameters;
    }

    Terms private _terms;

    error RuleInvalid();
    error DevelopmentSrs(uint256 chainId);
    error ParametersDiffer(uint256 committed, uint256 proven);
    error StateDiffers(uint256 committed, uint256 proven);
    error MarketDiffers(uint256 index, int256 held, int256 proven);
    error OutOfRange(uint256 index, int256 value);
    error Violated(uint256 violations);
    error ProofRefused();

    constructor(Terms memory terms_) {
        if (terms_.tokens < 2 || terms_.tokens > 8 || terms_.graph == 0 || terms_.parameters == 0) revert RuleInvalid();
        if (terms_.sight.bars == 1) revert RuleInvalid();
        if (!terms_.sight.weights && !terms_.sight.gradients && terms_.sight.bars == 0) revert RuleInvalid();
        if (!terms_.verifier.accepts(terms_.verificationKey)) revert RuleInvalid();
        if (!LocalChain.here() && terms_.verifier.development()) revert DevelopmentSrs(block.chainid);
        _terms = terms_;
    }

    /// @notice All.
    function terms() external view returns (Terms memory) {
        return _terms;
    }

    /// @inheritdoc IPoolRule
    function tokens() external view returns (uint256) {
        return _terms.tokens;
    }

    /// @inheritdoc IPoolRule
    function sight() external view returns (Sight memory) {
        return _terms.sight;
    }

    /// @inheritdoc IPoolRule
    function firstState() external view returns (uint256) {
        return _terms.firstState;
    }

    /// @inheritdoc IPoolRule
    function target(uint256 state, int256[] calldata seen, bytes calldata proof, uint256[] calldata instances)
        external
        view
        returns (int256[] memory asked, uint256 next)
    {
        Terms memory rule = _terms;
        _checkRanges(rule, seen);
        uint256 at = 0;
        _same(rule.parameters, instances[at++]);
        if (rule.shared != 0) _same(rule.shared, instances[at++]);
        if (rule.firstState != 0 && instances[at++] != state) revert StateDiffers(state, instances[at - 1]);
        at++;
        if (rule.firstState != 0) next = instances[at++];
        if (rule.hints) at++;
        uint256 n = rule.tokens;
        uint256 told = seen.length + rule.publicParameters.length;
        PublicValues.count(instances, at + 1 + n + told);
        if (instances[at] != 0) revert Violated(instances[at]);
        at++;
        asked = new int256[](n);
        for (uint256 i = 0; i < n; i++) asked[i] = instances.number(at++);
        for (uint256 i = 0; i < told; i++) {
            int256 held = i < seen.length ? seen[i] : rule.publicParameters[i - seen.length];
            int256 proven = instances.number(at++);
            if (proven != held) revert MarketDiffers(i, held, proven);
        }
        try rule.verifier.verifyProof(rule.verificationKey, proof, instances) returns (bool holds) {
            if (!holds) revert ProofRefused();
        } catch {
            revert ProofRefused();
        }
    }

    function _same(uint256 committed, uint256 proven) private pure {
        if (proven != committed) revert ParametersDiffer(committed, proven);
    }

    /// @dev The circuit holds for inputs in range; it leaves the check of these ranges to the caller.
    function _checkRanges(Terms memory rule, int256[] calldata seen) private pure {
        uint256 n = rule.tokens;
        uint256 bars = rule.sight.bars == 0 ? 0 : rule.sight.bars - 1;
        uint256 at = 0;
        if (rule.sight.weights) at = _within(seen, at, n, rule.ranges.lowestWeight, UNIT);
        if (rule.sight.gradients) at = _within(seen, at, n, -rule.ranges.largestGradient, rule.ranges.largestGradient);
        at = _within(seen, at, n * bars, rule.ranges.leastPrice, rule.ranges.mostPrice);
        if (at != seen.length) revert RuleInvalid();
    }

    function _within(int256[] calldata seen, uint256 first, uint256 count, int256 least, int256 most)
        private
        pure
        returns (uint256 end)
    {
        end = first + count;
        for (uint256 i = first; i < end; i++) if (seen[i] < least || seen[i] > most) revert OutOfRange(i, seen[i]);
    }
}
