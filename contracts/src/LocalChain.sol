// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Which chains are local: anvil's and Ganache's. Elsewhere the rules that protect others' money cannot be relaxed.
library LocalChain {
    function here() internal view returns (bool) {
        return block.chainid == 31337 || block.chainid == 1337;
    }
}
