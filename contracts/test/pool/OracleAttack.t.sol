// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {PoolAttacker} from "./PoolAttacker.sol";

/// @notice Somebody holds the oracle at a price that is not the market's, keeps everyone else out of the pool for N blocks, and
/// trades against the weights that move. The gain is compared with the cost of holding the price.
/// @dev The attacker is given everything but the price: N blocks in a row are theirs, the update comes at the moment they choose,
/// they trade before it and after it, and the market takes everything at its price without a fee. The cost counts only the
/// fees of pushing a source of the price, a pool as large as ours with the same fee, and of pushing it back; that others trade
/// against the false price meanwhile is not counted.
contract OracleAttackTest is PoolAttacker {
    /// @dev by how much the price of BTC is falsified
    uint256 private constant FALSIFIED = 2e18;

    function setUp() public {
        _setUp();
        pool.performUpdate(bar);
        nextBar();
        // Everyone has seen the market's price; only the bar of the attack is false.
        priced((market[0] * FALSIFIED) / ONE, market[1], market[2]);
    }

    function test_oneBlock() public {
        _cheaperThanItCosts(1);
    }

    function test_tenBlocks() public {
        _cheaperThanItCosts(10);
    }

    function test_sixtyBlocks() public {
        _cheaperThanItCosts(60);
    }

    function test_hundredBlocks() public {
        _cheaperThanItCosts(100);
    }

    /// @dev All an update can do.
    function test_anHour() public {
        _cheaperThanItCosts(300);
    }

    /// @dev Without the limits the same attack pays: the limits are tested here.
    function test_withoutLimitsItPays() public {
        int256 cost = int256(costOfHolding());
        int256 moved = _worthOfMove(0.3e18);
        holds(moved > 10 * cost, "limits would not matter");
    }

    function _cheaperThanItCosts(uint256 blocks) private {
        int256 best = bestAttack(blocks);
        int256 cost = int256(costOfHolding());
        emit Attack(blocks, best, cost);
        holds(best < cost, "the attack pays");
    }

    /// @notice Figures of docs/concepts/pools.md, in quote currency with 18 decimals.
    event Attack(uint256 blocks, int256 gain, int256 cost);

    /// @dev The best of trades of up to a tenth before the update, either way, and then of taking the pool to the market's prices.
    function bestAttack(uint256 blocks) public returns (int256 best) {
        best = type(int256).min;
        for (uint256 i = 0; i < 7; i++) {
            uint256 snapshot = vm.snapshotState();
            int256 before = holdings();
            // 0: no trade; then BTC in, then BTC out, of three sizes each.
            if (i > 0 && i < 4) {
                pool.swapExactOut(0, 2, (pool.balances()[2] * i) / 30, type(uint256).max, block.timestamp);
            } else if (i >= 4) {
                pool.swapExactIn(2, 0, (pool.balances()[2] * (i - 3)) / 30, 0, block.timestamp);
            }
            pool.performUpdate(bar);
            vm.roll(block.number + blocks);
            toMarket();
            int256 gain = holdings() - before;
            if (gain > best) best = gain;
            vm.revertToState(snapshot);
        }
    }

    /// @dev Cost in fees alone of pushing a pool of a million, half BTC, to the false price and back.
    function costOfHolding() public pure returns (uint256) {
        // Balances go by the square root of the price: sqrt(2) - 1 of half a million, in and out, at 0.3 %.
        uint256 pushed = (500_000e18 * (FixedPointMathLib.sqrt(FALSIFIED * ONE) - ONE)) / ONE;
        return (2 * pushed * 0.003e18) / ONE;
    }

    /// @dev Value that weights moved at once, without a limit, would leave to whoever comes first: sum w' ln(w'/w), of a million.
    function _worthOfMove(uint256 moved) private pure returns (int256) {
        int256 up = 0.5e18 + int256(moved);
        int256 rest = 0.5e18 - int256(moved);
        int256 log = up * FixedPointMathLib.lnWad((up * 1e18) / 0.5e18) + rest * FixedPointMathLib.lnWad((rest * 1e18) / 0.5e18);
        return (log / 1e18) * 1_000_000 - int256((moved * 1_000_000 * 0.003e18) / 1e18);
    }
}
