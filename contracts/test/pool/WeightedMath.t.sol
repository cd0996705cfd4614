// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {WeightedMath} from "../../src/pool/WeightedMath.sol";
import {Base} from "../Base.sol";

contract WeightedMathTest is Base {
    uint256 private constant ONE = 1e18;

    struct Swap {
        uint256 balanceIn;
        uint256 weightIn;
        uint256 balanceOut;
        uint256 weightOut;
        uint256 fee;
    }

    function _random(uint256 seed) private pure returns (Swap memory swap) {
        swap.balanceIn = bound(uint256(keccak256(abi.encode(seed, 1))), 1e15, 1e27);
        swap.balanceOut = bound(uint256(keccak256(abi.encode(seed, 2))), 1e15, 1e27);
        swap.weightIn = bound(uint256(keccak256(abi.encode(seed, 3))), 0.03e18, 0.97e18);
        swap.weightOut = bound(uint256(keccak256(abi.encode(seed, 4))), 0.03e18, 0.97e18);
        swap.fee = bound(uint256(keccak256(abi.encode(seed, 5))), 0, 0.02e18);
    }

    /// @dev There and back never pays, however small the amount and the fee.
    function testFuzz_nobodyGainsByGoingThereAndBack(uint256 seed, uint256 amount) public pure {
        Swap memory s = _random(seed);
        amount = bound(amount, 1, s.balanceIn / 10);
        uint256 out =
            WeightedMath.outGivenIn(s.balanceIn, s.weightIn, s.balanceOut, s.weightOut, amount, s.fee);
        if (out == 0) return;
        uint256 back = WeightedMath.outGivenIn(
            s.balanceOut - out, s.weightOut, s.balanceIn + amount, s.weightIn, out, s.fee
        );
        holds(back <= amount, "more comes back than went in");
    }

    /// @dev The product of balances to the power of their weights never falls, but for the rounding of its logarithms.
    function testFuzz_swapsKeepTheInvariant(uint256 seed, uint256 amount) public pure {
        Swap memory s = _random(seed);
        amount = bound(amount, 1, s.balanceIn / 10);
        uint256 out =
            WeightedMath.outGivenIn(s.balanceIn, s.weightIn, s.balanceOut, s.weightOut, amount, s.fee);
        _kept(s, amount, out);
        out = bound(amount, 1, s.balanceOut / 10);
        _kept(s, WeightedMath.inGivenOut(s.balanceIn, s.weightIn, s.balanceOut, s.weightOut, out, s.fee), out);
    }

    function _kept(Swap memory s, uint256 amountIn, uint256 amountOut) private pure {
        int256 grown = FixedPointMathLib.lnWad(int256(((s.balanceIn + amountIn) * ONE) / s.balanceIn));
        int256 fallen = FixedPointMathLib.lnWad(int256(((s.balanceOut - amountOut) * ONE) / s.balanceOut));
        holds(int256(s.weightIn) * (grown + 3) + int256(s.weightOut) * (fallen + 3) >= 0, "the invariant falls");
    }

    function testFuzz_invariantPerShareDoesNotFallInASingleTokenJoin(uint256 seed, uint256 shares) public pure {
        Swap memory s = _random(seed);
        uint256 supply = s.balanceOut;
        shares = bound(shares, 1, supply / 20);
        uint256 amount = WeightedMath.singleInForShares(s.balanceIn, s.weightIn, shares, supply, s.fee);
        // An amount in buys at least its part of the invariant: (1 + a/B)^w >= 1 + s/S.
        uint256 log = s.weightIn * uint256(FixedPointMathLib.lnWad(int256(((s.balanceIn + amount) * ONE) / s.balanceIn)));
        uint256 asked = uint256(FixedPointMathLib.lnWad(int256(((supply + shares) * ONE) / supply)));
        holds(log / ONE + 2 >= asked, "shares are too cheap");
        // And they are worth less than that when they go back.
        uint256 back = WeightedMath.singleOutForShares(
            s.balanceIn + amount, s.weightIn, shares, supply + shares, s.fee
        );
        holds(back <= amount, "more comes back than went in");
    }

    function testFuzz_powerIsNeverBelow(uint256 x, uint256 y) public pure {
        x = bound(x, 0.5e18, 2e18);
        y = bound(y, 0.04e18, 32e18);
        uint256 up = WeightedMath.powUp(x, y);
        // Going on a little is more than stopping; the margin is a hundred-thousandth of a millionth.
        holds(up >= uint256(FixedPointMathLib.powWad(int256(x), int256(y))), "below the power");
    }

    function test_invariantOfEqualBalances() public pure {
        uint256[] memory balances = new uint256[](3);
        uint256[] memory weights = new uint256[](3);
        (balances[0], balances[1], balances[2]) = (7e18, 7e18, 7e18);
        (weights[0], weights[1], weights[2]) = (0.5e18, 0.3e18, 0.2e18);
        uint256 value = WeightedMath.invariant(balances, weights);
        holds(value > 7e18 - 1e3 && value < 7e18 + 1e3, "not their common value");
    }
}
