// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {TemporalPool} from "../../src/pool/TemporalPool.sol";
import {PoolFixture} from "./PoolFixture.sol";

/// @notice Does with a pool whatever anyone may, and remembers violations.
contract PoolHandler is PoolFixture {
    /// @dev furthest a weight has moved in a block, furthest the sum was from one, lowest any was
    uint256 public fastest;
    uint256 public apart;
    uint256 public lowest = ONE;
    /// @dev furthest ln(invariant per share) has fallen in one call, 18 decimals
    int256 public fallen;
    uint256 public calls;

    constructor() {
        _setUp();
    }

    function swapIn(uint8 i, uint8 j, uint256 amount) external {
        uint256 tokenIn = i % 3;
        amount = bound(amount, 1, pool.balances()[tokenIn] / 10);
        int256 before = worth();
        try pool.swapExactIn(tokenIn, (tokenIn + 1 + (j % 2)) % 3, amount, 0, block.timestamp) {
            note(before);
        } catch {}
    }

    function swapOut(uint8 i, uint8 j, uint256 amount) external {
        uint256 tokenOut = i % 3;
        amount = bound(amount, 1, pool.balances()[tokenOut] / 10);
        int256 before = worth();
        try pool.swapExactOut((tokenOut + 1 + (j % 2)) % 3, tokenOut, amount, type(uint256).max, block.timestamp) {
            note(before);
        } catch {}
    }

    function join(uint256 shares) external {
        int256 before = worth();
        pool.join(bound(shares, 1, pool.totalSupply() / 10), most());
        note(before);
    }

    function joinSingle(uint8 i, uint256 shares) external {
        int256 before = worth();
        try pool.joinSingle(i % 3, bound(shares, 1, pool.totalSupply() / 50), type(uint256).max) {
            note(before);
        } catch {}
    }

    function exit(uint256 shares) external {
        int256 before = worth();
        pool.exit(bound(shares, 1, pool.balanceOf(address(this)) / 10), amounts(0, 0, 0));
        note(before);
    }

    function exitSingle(uint8 i, uint256 shares) external {
        int256 before = worth();
        try pool.exitSingle(i % 3, bound(shares, 1, pool.balanceOf(address(this)) / 50), 0) {
            note(before);
        } catch {}
    }

    function update(uint256 a, uint256 b) external {
        nextBar();
        priced(bound(a, 1e18, 1e24), bound(b, 1e15, 1e22), 1e18);
        uint256[] memory before = pool.weights();
        pool.performUpdate(bar);
        weighed(before);
    }

    function pass(uint8 blocks) external {
        for (uint256 i = 0; i < blocks; i++) {
            uint256[] memory before = pool.weights();
            vm.roll(block.number + 1);
            weighed(before);
        }
    }

    /// @dev ln(invariant/shares) at the weights of this block: swaps, joins and exits may not lower it
    function worth() public view returns (int256 log) {
        uint256[] memory weights = pool.weights();
        uint256[] memory held = pool.balances();
        uint256[3] memory scales = [uint256(1e10), 1, 1e12];
        for (uint256 i = 0; i < 3; i++) {
            log += int256(weights[i]) * FixedPointMathLib.lnWad(int256(held[i] * scales[i]));
        }
        log = log / int256(ONE) - FixedPointMathLib.lnWad(int256(pool.totalSupply()));
    }

    function note(int256 before) private {
        calls++;
        int256 loss = before - worth();
        if (loss > fallen) fallen = loss;
    }

    function weighed(uint256[] memory before) private {
        uint256[] memory then = pool.weights();
        uint256 sum = 0;
        for (uint256 i = 0; i < 3; i++) {
            uint256 moved = then[i] > before[i] ? then[i] - before[i] : before[i] - then[i];
            if (moved > fastest) fastest = moved;
            if (then[i] < lowest) lowest = then[i];
            sum += then[i];
        }
        uint256 off = sum > ONE ? sum - ONE : ONE - sum;
        if (off > apart) apart = off;
    }
}

contract TemporalPoolInvariants is PoolFixture {
    PoolHandler private handler;

    function setUp() public {
        handler = new PoolHandler();
    }

    function targetContracts() external view returns (address[] memory found) {
        found = new address[](1);
        found[0] = address(handler);
    }

    /// @dev But for four units of 1e-18 with which the logarithms here are rounded.
    function invariant_valuePerShareNeverFalls() external view {
        holds(handler.fallen() <= 4, "value per share");
    }

    function invariant_weightsSumToOneWithinAllLimits() external view {
        equal(handler.apart(), 0);
        holds(handler.fastest() <= 0.00005e18, "velocity");
        holds(handler.lowest() >= 0.03e18, "lowest");
    }
}
