// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Exceedances} from "./Exceedances.sol";
import {LiquidationAttestor} from "./LiquidationAttestor.sol";
import {LocalChain} from "./LocalChain.sol";
import {ModelRegistry} from "./ModelRegistry.sol";
import {IProofVerifier} from "./proofs/IProofVerifier.sol";
import {PublicValues} from "./PublicValues.sol";
import {RiskOracle} from "./RiskOracle.sol";

/// @title A learned correction of the variances an oracle has published, each with the proof that it came out of a registered network.
/// @notice A proof is of the state that the oracle's last bar has left, which it shows by the same commitment. Corrected variances have
/// exceedances of their own; past the bound of a right forecast the correction is over. The oracle reads nothing here.
contract ForecastCorrection {
    using Exceedances for Exceedances.Window;
    using PublicValues for uint256[];

    /// @notice Registered once, and fixed.
    struct Terms {
        RiskOracle oracle;
        /// @dev SHA-256 of the network's ONNX graph, and of the description of the circuit
        bytes32 graph;
        bytes32 manifest;
        /// @dev Poseidon hash of the network's parameters and a salt
        uint256 network;
        IProofVerifier verifier;
        address verificationKey;
    }

    struct Proof {
        bytes proof;
        uint256[] instances;
    }

    struct Corrected {
        /// @dev percent^2 over the horizon, in units of 2^-128
        uint192 variance;
        uint64 bar;
    }

    // Public values: commitments of the network, the state and the hints, violations, a multiplier a market.
    uint256 private constant NETWORK = 0;
    uint256 private constant STATE = 1;
    uint256 private constant VIOLATIONS = 3;
    uint256 private constant MULTIPLIERS = 4;
    uint256 private constant MARKETS = 32;
    /// @dev of multipliers, in units of 2^-24
    int256 private constant LEAST = 1 << 23;
    int256 private constant MOST = 1 << 25;

    bytes32 private constant PUBLISHER_ROLE = keccak256("PUBLISHER");

    Terms private _terms;
    /// @notice A market whose price has been further away than its corrected forecasts too often; 0 where there is none.
    bytes32 public discredited;
    /// @notice End of the last bar that was corrected.
    uint64 public lastBar;
    mapping(bytes32 market => Corrected) private _corrected;
    mapping(bytes32 market => Exceedances.Window) private _windows;

    error TermsInvalid();
    error DevelopmentSrs(uint256 chainId);
    error NotThePublisher(address account);
    error Paused();
    error CorrectionDiscredited(bytes32 market);
    error NotProvenSo(uint64 number);
    error NotTheLastBar(uint64 last, uint64 bar);
    error CorrectedAlready(uint64 bar);
    error WrongNumberOfProofs(uint256 expected, uint256 got);
    error NetworkDiffers(uint256 registered, uint256 proven);
    error StateDiffers(uint256 part, uint256 expected, uint256 proven);
    error Violated(uint256 violations);
    error MultiplierOutOfRange(uint256 index, int256 multiplier);
    error ProofRefused(uint256 part);
    error MarketUnknown(bytes32 market);

    event VarianceCorrected(bytes32 indexed market, uint64 indexed bar, int256 multiplier, uint256 variance);
    event WindowClosed(bytes32 indexed market, uint24 windows, uint24 exceedances);
    event Discredited(bytes32 indexed market, uint24 windows, uint24 exceedances);

    constructor(Terms memory terms_) {
        if (terms_.graph == 0 || terms_.network == 0) revert TermsInvalid();
        if (!terms_.verifier.accepts(terms_.verificationKey)) revert TermsInvalid();
        if (!LocalChain.here() && terms_.verifier.development()) revert DevelopmentSrs(block.chainid);
        _terms = terms_;
    }

    /// @notice All.
    function terms() external view returns (Terms memory) {
        return _terms;
    }

    /// @notice Corrects the variances of the oracle's last bar.
    /// @param proofs one for each part of the oracle's model
    function publish(LiquidationAttestor.ProvenBar calldata bar, Proof[] calldata proofs) external {
        Terms memory registered = _terms;
        RiskOracle oracle = registered.oracle;
        if (!oracle.hasRole(PUBLISHER_ROLE, msg.sender)) revert NotThePublisher(msg.sender);
        if (oracle.paused()) revert Paused();
        if (discredited != 0) revert CorrectionDiscredited(discredited);
        if (keccak256(abi.encode(bar)) != oracle.provenIn(bar.number)) revert NotProvenSo(bar.number);
        ModelRegistry.Model memory model = oracle.model();
        // The commitments that are held are those after the last bar.
        if (model.stateBar != bar.bar) revert NotTheLastBar(model.stateBar, bar.bar);
        if (bar.bar <= lastBar) revert CorrectedAlready(bar.bar);
        if (proofs.length != model.parts.length) revert WrongNumberOfProofs(model.parts.length, proofs.length);
        lastBar = bar.bar;
        uint256 horizon = uint256(model.horizonBars) * model.barSeconds;
        uint256 at = 0;
        for (uint256 p = 0; p < proofs.length; p++) {
            ModelRegistry.Part memory part = model.parts[p];
            _requireProof(registered, p, part.state, proofs[p]);
            for (uint256 i = 0; i < part.markets.length; i++) {
                // A model that took over without a bar of its own may have other markets than those that were proven.
                if (at >= bar.markets.length || bar.markets[at] != part.markets[i]) revert NotProvenSo(bar.number);
                _correct(oracle, bar, at++, proofs[p].instances.number(MULTIPLIERS + i), horizon);
            }
        }
        if (at != bar.markets.length) revert NotProvenSo(bar.number);
    }

    /// @notice The corrected variance of a market, percent^2 over the horizon in units of 2^-128, and whether it is of the oracle's last
    /// bar, which is fresh, and of a correction that is not discredited.
    function variance(bytes32 market) external view returns (uint256 corrected, bool fresh) {
        Corrected memory found = _corrected[market];
        if (found.bar == 0) revert MarketUnknown(market);
        (RiskOracle.Measure memory last, bool current) = _terms.oracle.measure();
        return (found.variance, current && discredited == 0 && found.bar == last.bar);
    }

    /// @notice How often a market's price was further away than its corrected forecast said.
    function exceedances(bytes32 market) external view returns (Exceedances.Window memory) {
        return _windows[market];
    }

    function _requireProof(Terms memory registered, uint256 part, uint256 state, Proof calldata proof) private view {
        uint256[] calldata values = proof.instances;
        PublicValues.count(values, MULTIPLIERS + MARKETS);
        if (values[NETWORK] != registered.network) revert NetworkDiffers(registered.network, values[NETWORK]);
        if (values[STATE] != state) revert StateDiffers(part, state, values[STATE]);
        if (values[VIOLATIONS] != 0) revert Violated(values[VIOLATIONS]);
        try registered.verifier.verifyProof(registered.verificationKey, proof.proof, values) returns (bool holds) {
            if (!holds) revert ProofRefused(part);
        } catch {
            revert ProofRefused(part);
        }
    }

    function _correct(
        RiskOracle oracle,
        LiquidationAttestor.ProvenBar calldata bar,
        uint256 at,
        int256 multiplier,
        uint256 horizon
    ) private {
        if (multiplier < LEAST || multiplier > MOST) revert MultiplierOutOfRange(at, multiplier);
        bytes32 market = bar.markets[at];
        uint256 corrected = (bar.variances[at] * uint256(multiplier)) >> 24;
        // A variance that fills 192 bits is 2^64 percent^2: no market's.
        if (corrected > type(uint192).max) corrected = type(uint192).max;
        _corrected[market] = Corrected(uint192(corrected), bar.bar);
        emit VarianceCorrected(market, bar.bar, multiplier, corrected);
        Exceedances.Window storage window = _windows[market];
        // Leaving out bars that windows end with would choose the counted ones: such windows count against the forecast.
        bool missed = window.end != 0 && bar.bar > window.end;
        if (missed) (window.windows, window.exceedances) = (window.windows + 1, window.exceedances + 1);
        uint256 price = oracle.prices().priceAt(market, bar.bar);
        if (!window.step(price, corrected >> 64, bar.bar, horizon, 0) && !missed) return;
        (uint24 windows, uint24 outside) = (window.windows, window.exceedances);
        emit WindowClosed(market, windows, outside);
        if (!Exceedances.refuted(windows, outside)) return;
        discredited = market;
        emit Discredited(market, windows, outside);
    }
}
