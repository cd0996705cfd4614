// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @title How often a market has moved further than its forecast said it would in nineteen horizons of twenty.
/// @notice Windows of one horizon follow one another without overlap: each begins with a price and a volatility that were published then,
/// and counts as an exceedance where the price at its end is further away than `Z` volatilities. Under a right forecast, and for whatever
/// distribution has 5 % outside, exceedances are binomial; past the 99.9 % quantile the forecast is refuted (Kupiec's test, one-sided).
library Exceedances {
    using SafeCast for uint256;

    /// @dev 97.5 % quantile of the normal distribution, 18 decimals
    uint256 internal constant Z = 1.959963984540054e18;
    uint256 private constant ONE = 1e18;
    uint256 private constant MOST = 127;

    /// @dev By number of exceedances k: the most windows of which so many have a probability below 0.1 %, 16 bits each.
    /// P(X >= k) < 0.001 for X ~ Binomial(n, 0.05) and n <= entry; contracts/test/Exceedances.t.sol computes it again.
    bytes private constant REFUTED =
        hex"00000000000100040009001000180020002a0033003e00490054005f006b007800840091009e00ab00b800c500d300e000ee00fc010a0118012701350144015201610170017e018d019c01ab01ba01c901d901e801f7020702160226023502450254026402740284029302a302b302c302d302e302f3030303130323033403440354036403750385039503a603b603c603d703e703f8040804190429043a044b045b046c047d048d049e04af04bf04d004e104f205030513052405350546055705680579058a059b05ac05bd05ce05df05f006010612062306340645065606670679068a069b06ac06bd06cf06e006f1070207130725073607470759076a077b";

    /// @dev One slot.
    struct Window {
        /// @dev at its beginning, 18 decimals
        uint96 price;
        /// @dev of the horizon, a share with 18 decimals
        uint64 volatility;
        /// @dev seconds since 1970; 0 where none is open
        uint40 end;
        uint24 windows;
        uint24 exceedances;
        /// @dev counts begun anew have another one
        uint8 generation;
    }

    /// @notice Closes a window that ends with this bar, and opens the next one.
    /// @param variance over the horizon, percent^2 in units of 2^-64
    /// @param horizon seconds
    /// @return closed whether a window has ended and was counted
    function step(
        Window storage window,
        uint256 price,
        uint256 variance,
        uint64 bar,
        uint256 horizon,
        uint8 generation
    ) internal returns (bool closed) {
        Window memory w = window;
        if (w.generation != generation) w = Window(0, 0, 0, 0, 0, generation);
        if (bar < w.end) return false;
        if (bar == w.end) {
            closed = true;
            w.windows++;
            if (exceeds(w.price, price, w.volatility)) w.exceedances++;
        }
        // Of a window whose end was never published nothing is known: it is not counted, and the next one begins.
        window.price = price.toUint96();
        window.volatility = volatilityOf(variance);
        window.end = (bar + horizon).toUint40();
        (window.windows, window.exceedances, window.generation) = (w.windows, w.exceedances, generation);
    }

    function exceeds(uint256 before, uint256 now_, uint256 volatility) internal pure returns (bool) {
        uint256 moved = now_ > before ? now_ - before : before - now_;
        // |p1/p0 - 1| > z sigma
        return FixedPointMathLib.mulDiv(moved, ONE * ONE, before) > Z * volatility;
    }

    /// @notice Whether so many exceedances have a probability below 0.1 % under a right forecast.
    function refuted(uint256 windows, uint256 exceedances) internal pure returns (bool) {
        uint256 k = exceedances > MOST ? MOST : exceedances;
        uint256 limit = (uint256(uint8(REFUTED[2 * k])) << 8) | uint8(REFUTED[2 * k + 1]);
        // Beyond the table the limit grows at least in proportion.
        if (exceedances > MOST) limit = (limit * exceedances) / MOST;
        return windows != 0 && windows <= limit;
    }

    /// @dev sqrt of percent^2 in units of 2^-64, as a share with 18 decimals
    function volatilityOf(uint256 variance) internal pure returns (uint64) {
        // sqrt(v 2^-64) / 100 1e18 = sqrt(v 2^-64 1e32)
        uint256 share = FixedPointMathLib.sqrt((variance * 1e32) >> 64);
        return share > type(uint64).max ? type(uint64).max : uint64(share);
    }
}
