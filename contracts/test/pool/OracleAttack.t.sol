// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {PoolFixture} from "./PoolFixture.sol";

/// @notice Somebody holds the oracle at a price that is not the market's, keeps everyone else out of the pool for N blocks, and
/// trades against the weights that move. What that brings is held against what it costs to hold the price.
/// @dev The attacker is given everything but the price: N blocks in a row are theirs, the update comes at the moment they choose,
/// they trade before it and after it, and the market takes everything at its price without a fee. The cost counts only the
/// fees of pushing a source of the price, a pool as large as ours with the same fee, and of pushing it back; that others trade
/// against the false price meanwhile is not counted.
contract OracleAttackTest is PoolFixture {
    uint256[3] private market = [uint256(30_000e18), 3_000e18, 1e18];
    uint256[3] private scales = [uint256(1e10), 1, 1e12];

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

    /// @dev Without the limits the same attack pays: what is tested is the limits.
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

    /// @notice Figures of docs/pools.md, in quote currency with 18 decimals.
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

    /// @dev What pushing a pool of a million, half of it BTC, to the false price and back costs in fees alone.
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

    /// @dev what the attacker has, at the market's prices
    function holdings() private view returns (int256 value) {
        for (uint256 i = 0; i < 3; i++) {
            // Less what the fixture gave, which is more than numbers here can take.
            int256 held = int256(tokens[i].balanceOf(address(this))) - 1e33;
            value += (held * int256(scales[i]) * int256(market[i])) / 1e18;
        }
    }

    /// @dev Takes whatever pays, pair by pair, until nothing does.
    function toMarket() private {
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
