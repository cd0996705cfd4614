// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {PublicValues} from "./PublicValues.sol";

/// @notice One contract that verifies the proofs of any circuit, given the address that holds the circuit's key.
interface IProofVerifier {
    function verifyProof(address key, bytes calldata proof, uint256[] calldata instances) external view returns (bool);
}

/// @title Which model proofs are of, and what they are verified with.
/// @notice Both change only after a delay in which everybody can see the change coming.
abstract contract ModelRegistry is AccessControl {
    /// @notice Proposes and installs verifiers and models.
    bytes32 public constant GOVERNOR_ROLE = keccak256("GOVERNOR");

    /// @notice Shortest delay on chains that are not local.
    uint256 public constant SHORTEST_DELAY = 1 days;

    struct Verifiers {
        IProofVerifier verifier;
        address covarianceKey;
        address pricingKey;
        address liquidationKey;
        /// @dev made on an SRS that anyone could know the secret of: refused but on local chains
        bool development;
    }

    struct Cluster {
        /// @dev commitment of the parameters
        uint256 model;
        /// @dev commitment of the variances after `stateBar`
        uint256 state;
        /// @dev in the order of the circuit's assets
        bytes32[] markets;
    }

    struct Model {
        Cluster[] clusters;
        /// @dev commitment of the correlations between the clusters' factors
        uint256 correlation;
        /// @dev commitment of a vector of zeros: what a cluster that is not there has
        uint256 nothing;
        /// @dev end of the bar the states are of, seconds since 1970
        uint64 stateBar;
        uint32 barSeconds;
    }

    uint32 public immutable delay;

    Verifiers public verifiers;
    Model internal _model;
    /// @dev whether the states came with the model and no epoch has followed them yet
    bool internal _anchored;
    mapping(bytes32 proposal => uint256) public installableAt;

    error DelayTooShort(uint256 delay, uint256 shortest);
    error DevelopmentSrs(uint256 chainId);
    error NotProposed(bytes32 proposal);
    error NotInstallableYet(bytes32 proposal, uint256 installableAt);
    error ModelInvalid();
    error NothingInstalled();
    /// @notice A model's state may not be of a bar before the last one that was settled.
    error StateTooOld(uint64 settled, uint64 stateBar);

    event VerifiersProposed(bytes32 indexed proposal, Verifiers verifiers, uint256 installableAt);
    event ModelProposed(bytes32 indexed proposal, Model model, uint256 installableAt);
    event ProposalCancelled(bytes32 indexed proposal);
    event VerifiersInstalled(bytes32 indexed proposal);
    event ModelInstalled(bytes32 indexed proposal, uint64 stateBar);

    constructor(address admin, uint32 delay_) {
        if (!_local() && delay_ < SHORTEST_DELAY) revert DelayTooShort(delay_, SHORTEST_DELAY);
        delay = delay_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    function proposeVerifiers(Verifiers calldata proposed) external onlyRole(GOVERNOR_ROLE) {
        if (proposed.development && !_local()) revert DevelopmentSrs(block.chainid);
        bytes32 proposal = keccak256(abi.encode("verifiers", proposed));
        installableAt[proposal] = block.timestamp + delay;
        emit VerifiersProposed(proposal, proposed, block.timestamp + delay);
    }

    function installVerifiers(Verifiers calldata proposed) external onlyRole(GOVERNOR_ROLE) {
        bytes32 proposal = keccak256(abi.encode("verifiers", proposed));
        _take(proposal);
        verifiers = proposed;
        emit VerifiersInstalled(proposal);
    }

    function proposeModel(Model calldata proposed) external onlyRole(GOVERNOR_ROLE) {
        uint256 clusters = proposed.clusters.length;
        if (clusters == 0 || clusters > PublicValues.CLUSTERS || proposed.barSeconds == 0) revert ModelInvalid();
        for (uint256 c = 0; c < clusters; c++) {
            uint256 markets = proposed.clusters[c].markets.length;
            if (markets == 0 || markets > PublicValues.ASSETS) revert ModelInvalid();
        }
        bytes32 proposal = keccak256(abi.encode("model", proposed));
        installableAt[proposal] = block.timestamp + delay;
        emit ModelProposed(proposal, proposed, block.timestamp + delay);
    }

    /// @notice Takes a model and its state; the next epoch is of the bar after `stateBar`.
    function installModel(Model calldata proposed) external onlyRole(GOVERNOR_ROLE) {
        bytes32 proposal = keccak256(abi.encode("model", proposed));
        _take(proposal);
        uint64 settled = _settledBar();
        if (proposed.stateBar < settled) revert StateTooOld(settled, proposed.stateBar);
        _model = proposed;
        _anchored = true;
        emit ModelInstalled(proposal, proposed.stateBar);
    }

    function cancel(bytes32 proposal) external onlyRole(GOVERNOR_ROLE) {
        if (installableAt[proposal] == 0) revert NotProposed(proposal);
        delete installableAt[proposal];
        emit ProposalCancelled(proposal);
    }

    /// @notice The model in force with the commitments of its states.
    function model() external view returns (Model memory) {
        return _model;
    }

    /// @dev end of the last bar that was settled
    function _settledBar() internal view virtual returns (uint64);

    function _take(bytes32 proposal) private {
        uint256 at = installableAt[proposal];
        if (at == 0) revert NotProposed(proposal);
        if (block.timestamp < at) revert NotInstallableYet(proposal, at);
        delete installableAt[proposal];
    }

    function _local() internal view returns (bool) {
        return block.chainid == 31337 || block.chainid == 1337;
    }
}
