// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice One contract that verifies the proofs of any of its keys.
interface IProofVerifier {
    /// @param key address of the contract whose code is the circuit's verification key
    /// @return holds whether the proof holds for these public values; it may revert where it does not
    function verifyProof(address key, bytes calldata proof, uint256[] calldata instances)
        external
        view
        returns (bool holds);

    /// @notice Whether proofs of a key can be verified here.
    function accepts(address key) external view returns (bool);

    /// @notice Whether some key was made on an SRS of no known ceremony: whoever made that SRS can prove anything.
    function development() external view returns (bool);
}
