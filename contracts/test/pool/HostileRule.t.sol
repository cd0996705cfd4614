// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PoolAttacker} from "./PoolAttacker.sol";
import {TellingRule} from "./PoolFixture.sol";

/// @notice A rule whose author wants the pool's money: it says whatever it likes at every update, for free, and its author trades. What
/// that brings in a day is bounded by the rails; docs/concepts/pools.md has the figures.
/// @dev Prices stand still: the pool's loss is the author's gain. The author asks for everything in one token, then for
/// everything in another, as far as a step goes, and takes the pool to the market's prices every N blocks; N of 300 is a day in which nobody
/// else trades at all.
contract HostileRuleTest is PoolAttacker {
    uint256 private constant UPDATES = 24;
    int256 private constant UNIT = 1 << 24;

    TellingRule private rule;

    /// @notice Of a pool of a million, quote currency with 18 decimals.
    event Taken(uint256 blocksAlone, int256 taken);

    function setUp() public {
        _setUp();
        rule = new TellingRule();
        started(rule);
        pool.performUpdate(bar, "", new uint256[](0));
    }

    function test_aDayAlone() public {
        _bounded(300, 6_000e18);
    }

    function test_aDayWithOthersEveryHundredBlocks() public {
        _bounded(100, 2_000e18);
    }

    function test_aDayWithOthersEveryTenBlocks() public {
        _bounded(10, 200e18);
    }

    function test_targetsOutsideEveryRangeAreRailed() public {
        int256[3] memory wild = [int256(1 << 38), -(1 << 38), int256(1 << 38)];
        for (uint256 i = 0; i < 3; i++) {
            nextBar();
            priced(market[0], market[1], market[2]);
            uint256[] memory before = pool.weights();
            _ask(wild[i], wild[(i + 1) % 3], wild[(i + 2) % 3]);
            pool.performUpdate(bar, "", new uint256[](0));
            vm.roll(block.number + 300);
            uint256[] memory then = pool.weights();
            equal(then[0] + then[1] + then[2], ONE);
            for (uint256 j = 0; j < 3; j++) {
                holds(then[j] >= 0.03e18, "below the lowest");
                uint256 moved = then[j] > before[j] ? then[j] - before[j] : before[j] - then[j];
                holds(moved <= 0.01e18, "further than a step");
            }
        }
    }

    /// @dev Too few weights, none, or one no contract can count with: the weights stay, and everybody can trade and leave.
    function test_anAnswerThatIsNoneFreezesTheWeightsAndNothingElse() public {
        int256[][] memory answers = new int256[][](3);
        answers[1] = new int256[](2);
        answers[2] = new int256[](3);
        answers[2][1] = type(int256).max;
        for (uint256 i = 0; i < answers.length; i++) {
            nextBar();
            priced(market[0], market[1], market[2]);
            uint256[] memory before = pool.weights();
            rule.tell(answers[i]);
            (bool moved,) = address(pool).call(
                abi.encodeWithSignature("performUpdate(uint64,bytes,uint256[])", bar, "", new uint256[](0))
            );
            holds(!moved, "it moves");
            uint256[] memory then = pool.weights();
            for (uint256 j = 0; j < 3; j++) equal(then[j], before[j]);
        }
        pool.swapExactIn(0, 1, 1e6, 0, block.timestamp);
        uint256[] memory out = pool.exit(pool.balanceOf(address(this)), new uint256[](3));
        holds(out[0] > 0 && out[1] > 0 && out[2] > 0, "nobody leaves");
    }

    function _ask(int256 a, int256 b, int256 c) private {
        int256[] memory asked = new int256[](3);
        (asked[0], asked[1], asked[2]) = (a, b, c);
        rule.tell(asked);
    }

    function _bounded(uint256 alone, int256 most) private {
        int256 before = holdings();
        for (uint256 update = 0; update < UPDATES; update++) {
            bar += BAR;
            vm.warp(uint256(bar) + 60);
            priced(market[0], market[1], market[2]);
            // Everything into BTC for half a day, then out.
            _ask(update < UPDATES / 2 ? UNIT : int256(0), update < UPDATES / 2 ? int256(0) : UNIT, 0);
            pool.performUpdate(bar, "", new uint256[](0));
            for (uint256 passed = 0; passed < 300; passed += alone) {
                vm.roll(block.number + alone);
                toMarket();
            }
        }
        int256 taken = holdings() - before;
        emit Taken(alone, taken);
        holds(taken < most, "it takes more");
    }
}
