// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LocalChain} from "../LocalChain.sol";
import {IProofVerifier} from "./IProofVerifier.sol";
import {VerificationKey} from "./VerificationKey.sol";

/// @notice The verifier that ezkl generates. It reads its calldata at fixed places, whatever the pointers in it say.
interface IHalo2Verifier {
    function verifyProof(address key, bytes calldata proof, uint256[] calldata instances) external view returns (bool);
}

/// @notice The verifier that ezkl generates for one circuit alone, which has the circuit's equations as code and reads its key.
interface IOwnVerifier {
    function key() external view returns (address);
    function verifyProof(bytes calldata proof, uint256[] calldata instances) external view returns (bool);
}

/// @title The generated verifier behind a door that admits one encoding of a proof, and keys of its own list only.
/// @notice Called directly, the generated verifier takes proofs with bytes behind them, and calldata whose proof pointer names other bytes than those
/// it evaluates. Here arguments are decoded and encoded again, the length of a proof is the key's, and every key was looked at
/// when this contract was made: one of a development SRS cannot be here on a chain that is not local.
contract ProofVerifier is IProofVerifier {
    struct Key {
        /// @dev of its code
        bytes32 digest;
        uint96 proofLength;
        /// @dev of this circuit alone; the zero address where the one of all circuits verifies
        IOwnVerifier own;
    }

    IHalo2Verifier public immutable halo2;
    /// @inheritdoc IProofVerifier
    bool public immutable development;
    address[] private _keys;
    mapping(address key => Key) private _details;

    error DevelopmentSrs(address key);
    error KeyUnknown(address key);
    error KeyTwice(address key);
    error OwnVerifierTwice(address key);
    error ProofLengthDiffers(uint256 expected, uint256 got);

    /// @param own verifiers of single circuits, whose keys are among `keys_`
    constructor(IHalo2Verifier halo2_, address[] memory keys_, IOwnVerifier[] memory own) {
        halo2 = halo2_;
        bool development_ = false;
        for (uint256 i = 0; i < keys_.length; i++) {
            address key = keys_[i];
            if (_details[key].digest != 0) revert KeyTwice(key);
            if (!VerificationKey.ofCeremony(key)) {
                if (!LocalChain.here()) revert DevelopmentSrs(key);
                development_ = true;
            }
            _details[key] = Key(key.codehash, uint96(VerificationKey.proofLength(key)), IOwnVerifier(address(0)));
            _keys.push(key);
        }
        for (uint256 i = 0; i < own.length; i++) {
            Key storage known = _details[own[i].key()];
            if (known.digest == 0) revert KeyUnknown(own[i].key());
            if (address(known.own) != address(0)) revert OwnVerifierTwice(own[i].key());
            known.own = own[i];
        }
        development = development_;
    }

    /// @inheritdoc IProofVerifier
    function verifyProof(address key, bytes calldata proof, uint256[] calldata instances) external view returns (bool) {
        Key memory known = _details[key];
        if (known.digest == 0 || known.digest != key.codehash) revert KeyUnknown(key);
        if (proof.length != known.proofLength) revert ProofLengthDiffers(known.proofLength, proof.length);
        if (address(known.own) != address(0)) return known.own.verifyProof(proof, instances);
        return halo2.verifyProof(key, proof, instances);
    }

    /// @inheritdoc IProofVerifier
    function accepts(address key) external view returns (bool) {
        return _details[key].digest != 0;
    }

    /// @notice The verifier of a key's circuit alone; the zero address where the one of all circuits verifies.
    function ownVerifier(address key) external view returns (IOwnVerifier) {
        return _details[key].own;
    }

    function keys() external view returns (address[] memory) {
        return _keys;
    }

    /// @notice Bytes of a proof of a key's circuit.
    function proofLength(address key) external view returns (uint256) {
        return _details[key].proofLength;
    }
}
