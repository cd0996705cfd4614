// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @title Swaps, joins and exits of a pool that keeps the product of its balances to the power of their weights.
/// @notice Numbers have 18 decimals. Rounding is against the trader: amounts in up, amounts out down.
/// @dev powWad is exp(y ln x), each to about one unit of 1e-18: for exponents up to 32 that is 1e-16 of the result and a
/// unit. `POW_MARGIN` is a hundred times as much.
library WeightedMath {
    using FixedPointMathLib for uint256;

    uint256 internal constant ONE = 1e18;
    /// @dev relative, of powers that must not be too small
    uint256 internal constant POW_MARGIN = 10_000;

    /// @notice Amount out for an amount in.
    /// @param fee share of the amount in; it stays in the pool
    function outGivenIn(
        uint256 balanceIn,
        uint256 weightIn,
        uint256 balanceOut,
        uint256 weightOut,
        uint256 amountIn,
        uint256 fee
    ) internal pure returns (uint256) {
        uint256 net = amountIn - amountIn.mulWadUp(fee);
        uint256 base = balanceIn.divWadUp(balanceIn + net);
        uint256 power = powUp(base, weightOut == weightIn ? ONE : weightIn.divWad(weightOut));
        return power >= ONE ? 0 : balanceOut.mulWad(ONE - power);
    }

    /// @notice Amount in for an amount out, fee included.
    function inGivenOut(
        uint256 balanceIn,
        uint256 weightIn,
        uint256 balanceOut,
        uint256 weightOut,
        uint256 amountOut,
        uint256 fee
    ) internal pure returns (uint256) {
        uint256 base = balanceOut.divWadUp(balanceOut - amountOut);
        uint256 power = powUp(base, weightOut == weightIn ? ONE : weightOut.divWadUp(weightIn));
        uint256 net = balanceIn.mulWadUp(power - ONE);
        return net + net.fullMulDivUp(fee, ONE - fee);
    }

    /// @notice Amount of one token for shares, fee included. The part that a proportional join would have brought is free of
    /// the fee; the rest is as good as swapped.
    function singleInForShares(uint256 balance, uint256 weight, uint256 shares, uint256 supply, uint256 fee)
        internal
        pure
        returns (uint256)
    {
        uint256 grown = supply + shares;
        uint256 needed = balance.mulWadUp(powUp(grown.divWadUp(supply), ONE.divWadUp(weight)));
        uint256 taxable = needed - grown.fullMulDiv(balance, supply);
        return needed - balance + (taxable.divWadUp(ONE - fee) - taxable);
    }

    /// @notice Amount of one token for shares, less the fee.
    function singleOutForShares(uint256 balance, uint256 weight, uint256 shares, uint256 supply, uint256 fee)
        internal
        pure
        returns (uint256)
    {
        uint256 left = supply - shares;
        uint256 needed = balance.mulWadUp(powUp(left.divWadUp(supply), ONE.divWadUp(weight)));
        if (needed >= balance) return 0;
        uint256 proportional = left.fullMulDivUp(balance, supply);
        uint256 taxable = proportional > needed ? proportional - needed : 0;
        return balance - needed - taxable.mulWadUp(fee);
    }

    /// @notice Product of balances to the power of their weights, rounded down. Weights sum to one.
    function invariant(uint256[] memory balances, uint256[] memory weights) internal pure returns (uint256) {
        int256 log = 0;
        for (uint256 i = 0; i < balances.length; i++) {
            log += int256(weights[i]) * FixedPointMathLib.lnWad(int256(balances[i]));
        }
        return uint256(FixedPointMathLib.expWad(log / int256(ONE)));
    }

    /// @notice x to the power of y, not below it. Exact where y is 1, 2 or 4.
    function powUp(uint256 x, uint256 y) internal pure returns (uint256) {
        if (y == ONE) return x;
        if (y == 2 * ONE) return x.mulWadUp(x);
        if (y == 4 * ONE) {
            uint256 square = x.mulWadUp(x);
            return square.mulWadUp(square);
        }
        uint256 power = uint256(FixedPointMathLib.powWad(int256(x), int256(y)));
        return power + power.mulWadUp(POW_MARGIN) + 1;
    }
}
