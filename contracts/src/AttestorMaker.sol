// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProvenBars, LiquidationAttestor} from "./LiquidationAttestor.sol";

/// @title Makes an oracle's attestor: within the oracle's own creation both would be more code than a transaction may bring.
contract AttestorMaker {
    function make(IProvenBars oracle) external returns (LiquidationAttestor) {
        return new LiquidationAttestor(oracle);
    }
}
