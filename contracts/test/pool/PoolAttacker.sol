// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {PoolFixture} from "./PoolFixture.sol";

/// @notice Somebody who trades with the pool for all it is worth, at market prices that take everything without a fee.
abstract contract PoolAttacker is PoolFixture {
    uint256[3] internal market = [uint256(30_000e18), 3_000e18, 1e18];
    uint256[3] private scales = [uint256(1e10), 1, 1e12];

    /// @dev the attacker's wealth, at the market's prices
    function holdings() internal view returns (int256 value) {
        for (uint256 i = 0; i < 3; i++) {
            // Less the fixture's gift, which is more than numbers here can take.
            int256 held = int256(tokens[i].balanceOf(address(this))) - 1e33;
            value += (held * int256(scales[i]) * int256(market[i])) / 1e18;
        }
    }

    /// @dev Takes whatever pays, pair by pair, until nothing does.
    function toMarket() internal {
        for (uint256 round = 0; round < 40; round++) {
            bool traded = false;
            for (uint256 i = 0; i < 3; i++) {
                for (uint256 j = 0; j < 3; j++) if (i != j && take(i, j)) traded = true;
            }
            if (!traded) return;
        }
    }

    /// @dev The trade of i for j that pays most: the closed form of one pair, within the trade size.
    function take(uint256 i, uint256 j) private returns (bool) {
        uint256[] memory weights = pool.weights();
        uint256[] memory held = pool.balances();
        uint256 own = (held[i] * scales[i] * market[i]) / weights[i];
        uint256 other = (held[j] * scales[j] * market[j]) / weights[j];
        uint256 apart = (((other * 0.997e18) / ONE) * ONE) / own;
        if (apart <= 1.0001e18) return false;
        int256 share = int256((weights[j] * ONE) / (weights[i] + weights[j]));
        uint256 grown = uint256(FixedPointMathLib.powWad(int256(apart), share));
        uint256 amount = (held[i] * (grown - ONE)) / 0.997e18;
        if (amount > held[i] / 10) amount = held[i] / 10;
        int256 before = holdings();
        uint256 snapshot = vm.snapshotState();
        // Less where the other token's limit is the tighter one.
        for (uint256 tries = 0; tries < 8; tries++) {
            try pool.swapExactIn(i, j, amount, 0, block.timestamp) {
                if (holdings() > before) return true;
                vm.revertToState(snapshot);
                return false;
            } catch {
                amount = (amount * 3) / 4;
            }
        }
        return false;
    }
}
