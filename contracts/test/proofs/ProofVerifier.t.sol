// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IHalo2Verifier, IOwnVerifier, ProofVerifier} from "../../src/proofs/ProofVerifier.sol";
import {VerificationKey} from "../../src/proofs/VerificationKey.sol";
import {Base} from "../Base.sol";

/// @notice Keeps the calldata's digest as it came: the wrapper must send the only valid encoding.
contract RecordingVerifier is IHalo2Verifier {
    error Saw(bytes calldata_);

    bool public loud;

    function setLoud(bool loud_) external {
        loud = loud_;
    }

    function verifyProof(address, bytes calldata proof, uint256[] calldata) external view returns (bool) {
        if (loud) revert Saw(msg.data);
        return proof.length != 0;
    }
}

/// @notice Of one key: takes proofs whose first public value is what it says.
contract RecordingOwnVerifier is IOwnVerifier {
    error Saw(bytes calldata_);

    address public immutable key;

    constructor(address key_) {
        key = key_;
    }

    function verifyProof(bytes calldata, uint256[] calldata instances) external view returns (bool) {
        if (instances[0] == 7) revert Saw(msg.data);
        return instances[0] == 1;
    }
}

contract ProofVerifierTest is Base {
    /// @dev -s G2 of the ceremony that is known
    bytes private constant CEREMONY =
        hex"0181624e80f3d6ae28df7e01eaeab1c0e919877a3b8a6b7fbc69a6817d596ea21783d30dcb12d259bb89098addf6280fa4b653be7a152542a28f7b926e27e64800ae44489d41a0d179e2dfdc03bddd883b7109f8b6ae316a59e815c1a6b353040b2147ab62a386bd63e6de1522109b8c9588ab466f5aadfde8c41ca3749423ee";

    RecordingVerifier private halo2 = new RecordingVerifier();
    IOwnVerifier[] private none;

    /// @dev The committed key of a statement, made on the development SRS.
    function committed(string memory name) private view returns (bytes memory) {
        return vm.readFileBinary(string.concat("circuits/artifacts/", name, "/verifying-key.bin"));
    }

    function deployed(bytes memory code) private returns (address made) {
        bytes memory creation =
            abi.encodePacked(hex"61", uint16(code.length), hex"80600c6000396000f3", code);
        assembly {
            made := create(0, add(creation, 0x20), mload(creation))
        }
    }

    function onCeremony(bytes memory key) private pure returns (bytes memory) {
        for (uint256 i = 0; i < CEREMONY.length; i++) key[0x2e0 + i] = CEREMONY[i];
        return key;
    }

    function verifier(address key) private returns (ProofVerifier) {
        address[] memory keys = new address[](1);
        keys[0] = key;
        return new ProofVerifier(halo2, keys, none);
    }

    function test_readsTheLengthOfAProofFromItsKey() public {
        // 4 phases of 0x480, 0x180, 0x300 and 0x180 bytes of points, 102 evaluations, two points of the opening
        address key = deployed(committed("bar"));
        equal(verifier(key).proofLength(key), (0x480 + 0x180 + 0x300 + 0x180) + 102 * 32 + 128);
    }

    function test_aKeyOfTheDevelopmentSrsIsRefusedElsewhereThanOnLocalChains() public {
        address key = deployed(committed("bar"));
        address[] memory keys = new address[](1);
        keys[0] = key;
        holds(new ProofVerifier(halo2, keys, none).development(), "development");
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(ProofVerifier.DevelopmentSrs.selector, key));
        new ProofVerifier(halo2, keys, none);
        keys[0] = deployed(onCeremony(committed("bar")));
        holds(!new ProofVerifier(halo2, keys, none).development(), "ceremony");
        // The ceremony's point beside another generator is nobody's ceremony.
        for (uint256 at = 0x220; at < 0x360; at += 32) {
            bytes memory other = onCeremony(committed("bar"));
            other[at + 31] = bytes1(uint8(other[at + 31]) ^ 1);
            keys[0] = deployed(other);
            vm.expectRevert(abi.encodeWithSelector(ProofVerifier.DevelopmentSrs.selector, keys[0]));
            new ProofVerifier(halo2, keys, none);
        }
    }

    function test_verifiesForItsOwnKeysOnly() public {
        address key = deployed(committed("liquidation"));
        ProofVerifier made = verifier(key);
        address other = deployed(committed("liquidation"));
        bytes memory proof = new bytes(made.proofLength(key));
        holds(made.verifyProof(key, proof, new uint256[](1)), "its own");
        holds(made.accepts(key) && !made.accepts(other), "accepts");
        vm.expectRevert(abi.encodeWithSelector(ProofVerifier.KeyUnknown.selector, other));
        made.verifyProof(other, proof, new uint256[](1));
        address[] memory twice = new address[](2);
        (twice[0], twice[1]) = (key, key);
        vm.expectRevert(abi.encodeWithSelector(ProofVerifier.KeyTwice.selector, key));
        new ProofVerifier(halo2, twice, none);
        vm.expectRevert(abi.encodeWithSelector(VerificationKey.KeyInvalid.selector, address(1)));
        verifier(address(1));
    }

    function test_refusesBytesBehindAProof() public {
        address key = deployed(committed("liquidation"));
        ProofVerifier made = verifier(key);
        uint256 length = made.proofLength(key);
        for (uint256 more = 1; more <= 64; more += 31) {
            vm.expectRevert(abi.encodeWithSelector(ProofVerifier.ProofLengthDiffers.selector, length, length + more));
            made.verifyProof(key, new bytes(length + more), new uint256[](1));
        }
        vm.expectRevert(abi.encodeWithSelector(ProofVerifier.ProofLengthDiffers.selector, length, length - 32));
        made.verifyProof(key, new bytes(length - 32), new uint256[](1));
    }

    /// @dev However calldata is laid out (instances before the proof, pointers of one's own, bytes behind), the generated verifier sees one layout.
    function test_encodesAgainWhateverComes() public {
        address key = deployed(committed("liquidation"));
        ProofVerifier made = verifier(key);
        halo2.setLoud(true);
        bytes memory proof = new bytes(made.proofLength(key));
        for (uint256 i = 0; i < proof.length; i++) proof[i] = bytes1(uint8(i));
        uint256[] memory instances = new uint256[](2);
        (instances[0], instances[1]) = (7, 9);
        bytes memory canonical = abi.encodeCall(made.verifyProof, (key, proof, instances));
        bytes memory expected = abi.encodeWithSelector(RecordingVerifier.Saw.selector, canonical);
        uint256 padded = (proof.length + 31) / 32 * 32;
        bytes memory swapped = abi.encodePacked(
            made.verifyProof.selector,
            abi.encode(key, uint256(0x60 + 0x60), uint256(0x60)),
            abi.encode(uint256(2), uint256(7), uint256(9)),
            abi.encode(proof.length),
            proof,
            new bytes(padded - proof.length),
            "behind"
        );
        (bool done, bytes memory reason) = address(made).staticcall(canonical);
        holds(!done && keccak256(reason) == keccak256(expected), "canonical");
        (done, reason) = address(made).staticcall(swapped);
        holds(!done && keccak256(reason) == keccak256(expected), "swapped");
    }

    function test_aCircuitsOwnVerifierJudgesItsKeyAndNoOther() public {
        address[] memory keys = new address[](2);
        (keys[0], keys[1]) = (deployed(committed("bar")), deployed(committed("price")));
        IOwnVerifier[] memory own = new IOwnVerifier[](1);
        own[0] = new RecordingOwnVerifier(keys[0]);
        ProofVerifier made = new ProofVerifier(halo2, keys, own);
        holds(made.ownVerifier(keys[0]) == own[0], "own");
        holds(address(made.ownVerifier(keys[1])) == address(0), "of all");
        bytes memory proof = new bytes(made.proofLength(keys[0]));
        uint256[] memory instances = new uint256[](1);
        // The verifier of all circuits takes whatever comes.
        holds(!made.verifyProof(keys[0], proof, instances), "refused by its own");
        holds(made.verifyProof(keys[1], new bytes(made.proofLength(keys[1])), instances), "of all");
        instances[0] = 1;
        holds(made.verifyProof(keys[0], proof, instances), "taken by its own");
        uint256 length = proof.length;
        vm.expectRevert(abi.encodeWithSelector(ProofVerifier.ProofLengthDiffers.selector, length, length + 32));
        made.verifyProof(keys[0], new bytes(length + 32), instances);
        // It sees one layout, whatever came.
        instances[0] = 7;
        bytes memory canonical = abi.encodeCall(IOwnVerifier.verifyProof, (proof, instances));
        vm.expectRevert(abi.encodeWithSelector(RecordingOwnVerifier.Saw.selector, canonical));
        made.verifyProof(keys[0], proof, instances);
    }

    function test_anOwnVerifierOfAnotherKeyOrASecondOneIsRefused() public {
        address[] memory keys = new address[](1);
        keys[0] = deployed(committed("bar"));
        IOwnVerifier[] memory own = new IOwnVerifier[](2);
        (own[0], own[1]) = (new RecordingOwnVerifier(keys[0]), new RecordingOwnVerifier(keys[0]));
        vm.expectRevert(abi.encodeWithSelector(ProofVerifier.OwnVerifierTwice.selector, keys[0]));
        new ProofVerifier(halo2, keys, own);
        own[1] = new RecordingOwnVerifier(address(5));
        vm.expectRevert(abi.encodeWithSelector(ProofVerifier.KeyUnknown.selector, address(5)));
        new ProofVerifier(halo2, keys, own);
    }
}
