// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Exceedances} from "../src/Exceedances.sol";
import {Base} from "./Base.sol";

contract ExceedancesTest is Base {
    using Exceedances for Exceedances.Window;

    uint32 private constant HOUR = 3600;
    uint256 private constant SCALE = 1e70;
    Exceedances.Window private _window;

    function counted(uint256 windows, uint256 exceedances) private pure returns (bool) {
        return Exceedances.refuted(windows, exceedances);
    }

    /// @dev P(X >= k) for X ~ Binomial(n, 0.05), in units of 1e-70
    function tail(uint256 k, uint256 n) private pure returns (uint256) {
        uint256 mass = SCALE;
        for (uint256 i = 0; i < n; i++) mass = (mass * 95) / 100;
        uint256 below = 0;
        for (uint256 i = 0; i < k; i++) {
            below += mass;
            mass = i < n ? (mass * (n - i) * 5) / ((i + 1) * 95) : 0;
        }
        return below > SCALE ? 0 : SCALE - below;
    }

    /// @dev The table is the binomial's own: one window more for as many exceedances is no longer refuted.
    function test_theLimitIsTheBinomialsOwn() public pure {
        holds(!counted(0, 0) && !counted(1, 1) && !counted(2, 2), "one and two of as many");
        uint256 n = 2;
        for (uint256 k = 2; k < 128; k += k < 20 ? 1 : 13) {
            n = n < k ? k : n;
            while (counted(n, k)) n++;
            if (n > k) holds(tail(k, n - 1) < SCALE / 1000, "refuted");
            holds(tail(k, n) >= SCALE / 1000, "not refuted");
        }
    }

    function test_beyondTheTableTheLimitStillHolds() public pure {
        holds(counted(1915, 127) && !counted(1916, 127), "the last entry");
        holds(counted(2800, 200) && tail(200, 2800) < SCALE / 1000, "more");
        holds(!counted(4000, 200), "a right forecast");
    }

    function step(uint256 price, uint64 bar) private returns (bool) {
        return step(price, bar, 0);
    }

    function step(uint256 price, uint64 bar, uint8 generation) private returns (bool) {
        // 1 percent^2: a volatility of 1 %
        return _window.step(price, 1 << 64, bar, 24 * HOUR, generation);
    }

    function test_countsWindowsOfOneHorizonWithoutOverlap() public {
        uint64 first = 29 * HOUR;
        holds(!step(100e18, first) && _window.end == first + 24 * HOUR, "begins");
        for (uint64 i = 1; i < 24; i++) holds(!step(200e18, first + i * HOUR), "not over");
        // 1.95 % away is within 1.95996... volatilities.
        holds(step(101.95e18, first + 24 * HOUR), "closed");
        equal(_window.windows, 1);
        equal(_window.exceedances, 0);
        equal(_window.price, 101.95e18);
        holds(step(99e18, first + 48 * HOUR), "closed");
        equal(_window.exceedances, 1);
        // A window that ends at a bar that was never published is not counted.
        holds(!step(500e18, first + 73 * HOUR), "missed");
        equal(_window.windows, 2);
        equal(_window.end, first + 97 * HOUR);
        // Another generation begins anew.
        holds(!step(500e18, first + 97 * HOUR, 1), "anew");
        equal(_window.windows, 0);
        equal(_window.generation, 1);
    }

    function testFuzz_countsWhatIsFurtherThanZVolatilities(uint64 price, uint64 later, uint64 variance) public pure {
        vm.assume(price > 1e6 && variance > 1 << 40);
        uint256 volatility = Exceedances.volatilityOf(variance);
        uint256 moved = price > later ? price - later : later - price;
        // |p1 - p0| 1e18 > z sigma p0, by sixty digits
        bool expected = uint256(moved) * 1e36 > Exceedances.Z * volatility * price;
        uint256 apart = uint256(moved) * 1e36 / price;
        if (apart > Exceedances.Z * volatility + 1e18 || apart + 1e18 < Exceedances.Z * volatility) {
            holds(Exceedances.exceeds(price, later, uint64(volatility)) == expected, "exceeds");
        }
    }

    function test_volatilityIsTheRootOfItsVariance() public pure {
        equal(Exceedances.volatilityOf(1 << 64), 1e16);
        equal(Exceedances.volatilityOf(4 << 64), 2e16);
        equal(Exceedances.volatilityOf(0), 0);
    }
}
