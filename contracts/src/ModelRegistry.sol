// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {BarLayout} from "./generated/Layout.sol";
import {Timelocked} from "./governance/Timelocked.sol";
import {LocalChain} from "./LocalChain.sol";
import {IProofVerifier} from "./proofs/IProofVerifier.sol";

/// @title The model that proofs are of, and the verification keys.
/// @notice Both change only after a delay in which everybody can see the change coming.
abstract contract ModelRegistry is Timelocked {
    struct Verifiers {
        IProofVerifier verifier;
        address barKey;
        address priceKey;
        address liquidationKey;
    }

    /// @notice Markets that one proof of a bar holds.
    struct Part {
        /// @dev commitment of the parameters
        uint256 model;
        /// @dev commitment of the averages after `stateBar`
        uint256 state;
        /// @dev in the order of the circuit
        bytes32[] markets;
    }

    struct Model {
        Part[] parts;
        /// @dev end of the bar the states are of, seconds since 1970
        uint64 stateBar;
        uint32 barSeconds;
        /// @dev bars that published variances are of
        uint32 horizonBars;
    }

    /// @dev The model in force.
    struct InForce {
        /// @dev of each part; where there is one, of it twice
        uint256[2] models;
        uint256[2] states;
        uint64 stateBar;
        uint32 barSeconds;
        uint32 horizonBars;
        /// @dev markets of the first part, and of both
        uint8 first;
        uint8 count;
        /// @dev a contract whose code is the names of all markets: reading it costs what two of them would cost in storage
        address markets;
    }

    /// @dev proofs of one bar at most
    uint256 internal constant PARTS = 2;

    Verifiers public verifiers;
    InForce internal _model;
    /// @dev whether the states came with the model and no epoch has followed them yet
    bool internal _anchored;

    error DevelopmentSrs(uint256 chainId);
    error KeyNotAccepted(address key);
    error ModelInvalid();
    error MarketTwice(bytes32 market);
    error NothingInstalled();
    /// @notice A model's state may not be of a bar before the last one that was settled.
    error StateTooOld(uint64 settled, uint64 stateBar);
    /// @notice A state of a bar that is not over would lock the chain until then.
    error StateOfTheFuture(uint64 stateBar);

    event VerifiersInstalled(Verifiers verifiers);
    event ModelInstalled(Model model);

    constructor(Verifiers memory first) {
        _setVerifiers(first);
    }

    function installVerifiers(Verifiers calldata proposed) external onlyRole(GOVERNOR_ROLE) timelocked {
        _setVerifiers(proposed);
    }

    /// @notice Takes a model and its state; the next epoch is of the bar after `stateBar`.
    function installModel(Model calldata proposed) external onlyRole(GOVERNOR_ROLE) timelocked {
        uint64 settled = _settledBar();
        if (proposed.stateBar < settled) revert StateTooOld(settled, proposed.stateBar);
        if (proposed.stateBar > block.timestamp) revert StateOfTheFuture(proposed.stateBar);
        Part calldata first = proposed.parts[0];
        // Of one part the second is the first once more, without markets.
        Part calldata last = proposed.parts[proposed.parts.length - 1];
        bytes memory names = abi.encodePacked(first.markets);
        if (proposed.parts.length > 1) names = bytes.concat(names, abi.encodePacked(last.markets));
        (_model.models[0], _model.states[0]) = (first.model, first.state);
        (_model.models[1], _model.states[1]) = (last.model, last.state);
        _model.stateBar = proposed.stateBar;
        _model.barSeconds = proposed.barSeconds;
        _model.horizonBars = proposed.horizonBars;
        _model.first = uint8(first.markets.length);
        _model.count = uint8(names.length / 32);
        // The same markets keep their list, and all values that are stored by list.
        address list = _model.markets;
        if (list == address(0) || keccak256(SSTORE2.read(list)) != keccak256(names)) _model.markets = SSTORE2.write(names);
        _anchored = true;
        _installed();
        emit ModelInstalled(proposed);
    }

    /// @notice The model in force with the commitments of its states.
    function model() external view returns (Model memory made) {
        InForce storage installed = _model;
        uint256 count = installed.count;
        if (count == 0) return made;
        bytes32[] memory names = _markets();
        uint256 first = installed.first;
        made.parts = new Part[](count > first ? 2 : 1);
        for (uint256 p = 0; p < made.parts.length; p++) {
            bytes32[] memory markets = new bytes32[](p == 0 ? first : count - first);
            for (uint256 i = 0; i < markets.length; i++) markets[i] = names[p * first + i];
            made.parts[p] = Part(installed.models[p], installed.states[p], markets);
        }
        (made.stateBar, made.barSeconds, made.horizonBars) =
            (installed.stateBar, installed.barSeconds, installed.horizonBars);
    }

    /// @dev names of all markets, those of the first part first; a model has to be installed
    function _markets() internal view returns (bytes32[] memory names) {
        bytes memory code = SSTORE2.read(_model.markets);
        assembly ("memory-safe") {
            mstore(code, shr(5, mload(code)))
            names := code
        }
    }

    /// @dev end of the last bar that was settled
    function _settledBar() internal view virtual returns (uint64);

    /// @dev A model has taken over.
    function _installed() internal virtual;

    function _checkProposal(bytes4 kind, bytes calldata arguments) internal view virtual override {
        if (kind == this.installModel.selector) {
            Model calldata proposed;
            // Where the one argument of `installModel` begins; reading outside of the calldata reverts.
            assembly ("memory-safe") {
                proposed := add(arguments.offset, calldataload(arguments.offset))
            }
            _checkModel(proposed);
        }
        else if (kind == this.installVerifiers.selector) _checkVerifiers(abi.decode(arguments, (Verifiers)));
        else super._checkProposal(kind, arguments);
    }

    function _checkModel(Model calldata proposed) private pure {
        uint256 parts = proposed.parts.length;
        if (parts == 0 || parts > PARTS || proposed.barSeconds == 0 || proposed.horizonBars == 0) revert ModelInvalid();
        bytes32[] memory seen = new bytes32[](PARTS * BarLayout.MARKETS);
        uint256 count = 0;
        for (uint256 p = 0; p < parts; p++) {
            bytes32[] calldata markets = proposed.parts[p].markets;
            if (markets.length == 0 || markets.length > BarLayout.MARKETS) revert ModelInvalid();
            for (uint256 i = 0; i < markets.length; i++) {
                if (markets[i] == 0) revert ModelInvalid();
                for (uint256 j = 0; j < count; j++) if (seen[j] == markets[i]) revert MarketTwice(markets[i]);
                seen[count++] = markets[i];
            }
        }
    }

    function _setVerifiers(Verifiers memory proposed) private {
        _checkVerifiers(proposed);
        verifiers = proposed;
        emit VerifiersInstalled(proposed);
    }

    /// @dev The verifier's own list of keys says which key is a development key, not the proposer.
    function _checkVerifiers(Verifiers memory proposed) private view {
        address[3] memory keys = [proposed.barKey, proposed.priceKey, proposed.liquidationKey];
        for (uint256 i = 0; i < 3; i++) {
            if (!proposed.verifier.accepts(keys[i])) revert KeyNotAccepted(keys[i]);
        }
        if (!LocalChain.here() && proposed.verifier.development()) revert DevelopmentSrs(block.chainid);
    }
}
