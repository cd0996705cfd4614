// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Randomness of an earlier block, read from its header.
library BlockHeader {
    /// @dev mixHash, which is prevrandao, is behind thirteen other fields (EIP-4399)
    uint256 private constant FIELDS_BEFORE = 13;

    error HeaderUnknown(uint256 number);
    error HeaderMalformed();

    /// @notice prevrandao of a block that is one of the last 256.
    /// @param header as the block's hash is of it, RLP
    function prevrandao(uint256 number, bytes memory header) internal view returns (uint256 value) {
        bytes32 hash = blockhash(number);
        if (hash == 0 || keccak256(header) != hash) revert HeaderUnknown(number);
        // A list of more than 55 bytes: one byte says in how many its length is.
        uint256 at = 1 + byteAt(header, 0) - 0xf7;
        for (uint256 i = 0; i < FIELDS_BEFORE; i++) at += itemLength(header, at);
        if (byteAt(header, at) != 0xa0) revert HeaderMalformed();
        assembly ("memory-safe") {
            value := mload(add(add(header, 33), at))
        }
    }

    /// @dev bytes of an RLP string with its prefix
    function itemLength(bytes memory header, uint256 at) private pure returns (uint256) {
        uint256 prefix = byteAt(header, at);
        if (prefix < 0x80) return 1;
        if (prefix < 0xb8) return 1 + prefix - 0x80;
        uint256 bytes_ = prefix - 0xb7;
        uint256 length = 0;
        for (uint256 i = 1; i <= bytes_; i++) length = (length << 8) | byteAt(header, at + i);
        return 1 + bytes_ + length;
    }

    function byteAt(bytes memory header, uint256 at) private pure returns (uint256) {
        if (at >= header.length) revert HeaderMalformed();
        return uint8(header[at]);
    }
}
