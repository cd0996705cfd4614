// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProvenBars} from "../LiquidationAttestor.sol";
import {IJournals, PremiumChallenges} from "./PremiumChallenges.sol";

/// @title Makes the contract where premia of an oracle's trades are challenged: together with a binding it would be larger than a chain takes.
contract ChallengesMaker {
    function make(IProvenBars oracle, IJournals journals) external returns (PremiumChallenges) {
        return new PremiumChallenges(oracle, journals);
    }
}
