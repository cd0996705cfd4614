// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title A halo2 verification key as the code of a contract: the reusable verifier's words of 32 bytes.
library VerificationKey {
    /// @dev words the verifier reads before it knows where the rest is
    uint256 private constant EVALUATIONS = 0x80;
    uint256 private constant CHALLENGES = 0xe0;
    /// @dev generators of G1 and G2, and -s G2 of the SRS: ten words
    uint256 private constant SRS = 0x220;
    uint256 private constant SRS_BYTES = 0x140;
    uint256 private constant SHORTEST = SRS + SRS_BYTES;
    /// @dev two opening points behind the evaluations
    uint256 private constant OPENING_BYTES = 0x80;
    uint256 private constant MOST_PHASES = 32;

    /// @dev Perpetual Powers of Tau for BN254, as the halo2 parameter files `kzg_bn254_*.srs` have it: keccak256 of the standard
    /// generators and -s G2.
    bytes32 internal constant PERPETUAL_POWERS_OF_TAU = keccak256(
        abi.encode(
            1,
            2,
            0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2,
            0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed,
            0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b,
            0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa,
            0x0181624e80f3d6ae28df7e01eaeab1c0e919877a3b8a6b7fbc69a6817d596ea2,
            0x1783d30dcb12d259bb89098addf6280fa4b653be7a152542a28f7b926e27e648,
            0x00ae44489d41a0d179e2dfdc03bddd883b7109f8b6ae316a59e815c1a6b35304,
            0x0b2147ab62a386bd63e6de1522109b8c9588ab466f5aadfde8c41ca3749423ee
        )
    );

    error KeyInvalid(address key);

    /// @notice Bytes of a proof of this key's circuit: no other length is one.
    /// @return bytes_ points of every phase, evaluations, and two points of the opening
    function proofLength(address key) internal view returns (uint256 bytes_) {
        if (key.code.length < SHORTEST) revert KeyInvalid(key);
        bytes_ = 32 * word(key, EVALUATIONS) + OPENING_BYTES;
        // Words of phases: 16 bits of how many bytes of points, 8 bits of how many challenges; the first byte counts the words.
        uint256 phases = word(key, CHALLENGES);
        uint256 words = phases & 0xff;
        phases >>= 8;
        if (words == 0 || words > MOST_PHASES) revert KeyInvalid(key);
        for (uint256 i = 1; i <= words; i++) {
            for (; phases != 0; phases >>= 24) bytes_ += phases & 0xffff;
            if (i < words) phases = word(key, CHALLENGES + 32 * i);
        }
    }

    /// @notice Whether the key was made on the SRS of a ceremony that is known here.
    function ofCeremony(address key) internal view returns (bool) {
        if (key.code.length < SHORTEST) revert KeyInvalid(key);
        bytes memory points = new bytes(SRS_BYTES);
        assembly ("memory-safe") {
            extcodecopy(key, add(points, 0x20), SRS, SRS_BYTES)
        }
        return keccak256(points) == PERPETUAL_POWERS_OF_TAU;
    }

    function word(address key, uint256 at) private view returns (uint256 value) {
        assembly ("memory-safe") {
            extcodecopy(key, 0x00, at, 0x20)
            value := mload(0x00)
        }
    }
}
