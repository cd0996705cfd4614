// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Exceedances} from "../src/Exceedances.sol";
import {BarLayout as B} from "../src/generated/Layout.sol";
import {RiskOracle} from "../src/RiskOracle.sol";
import {OracleFixture} from "./OracleFixture.sol";

/// @notice A forecast that the market refutes: its model is discredited, whatever proofs hold.
contract DiscreditTest is OracleFixture {
    uint256 private _btc = 100e18;

    /// @dev ln of the factor a price moves by, percent in units of 2^-48
    function publishedMoving(bool moved) private {
        RiskOracle.Epoch memory made = epoch();
        if (moved) {
            // 9 percent, of a volatility of 2 over the horizon; ln 1.09 = 8.61776962410523 percent
            bool up = _btc == 100e18;
            _btc = up ? 109e18 : 100e18;
            made.bars[0].instances[B.LOG_RETURNS] = up ? 2425686504242819 : F - 2425686504242819;
        }
        prices.set(BTC, made.bar, _btc);
        oracle.publish(made);
        bar += BAR;
        state += 1;
    }

    function horizon(bool moved) private {
        for (uint256 i = 0; i < HORIZON - 1; i++) publishedMoving(false);
        publishedMoving(moved);
    }

    function test_isDiscreditedPastTheBinomialBoundAndOnlyANewModelGoesOn() public {
        publishedMoving(false);
        horizon(true);
        horizon(true);
        Exceedances.Window memory window = oracle.exceedances(BTC);
        equal(window.windows, 2);
        equal(window.exceedances, 2);
        equal(uint256(oracle.discredited()), 0);
        (, bool fresh) = oracle.measure();
        holds(fresh, "two of two may be chance: 0.25 %");
        horizon(true);
        equal(uint256(oracle.discredited()), uint256(BTC));
        (, fresh) = oracle.measure();
        holds(!fresh, "a discredited measure is not fresh");
        (, fresh) = oracle.margin(ETH);
        holds(!fresh, "nor are margins");
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.ModelDiscredited.selector, BTC));
        oracle.freshMeasure();
        refused(epoch(), RiskOracle.ModelDiscredited.selector);
        // Another model, which is counted anew.
        setPrices(bar, _btc, 50e18);
        install(model(bar));
        equal(uint256(oracle.discredited()), 0);
        window = oracle.exceedances(BTC);
        equal(window.windows, 0);
        publishedMoving(false);
        (, fresh) = oracle.measure();
        holds(bar + 2 hours < block.timestamp || fresh, "fresh again");
        horizon(false);
        window = oracle.exceedances(BTC);
        equal(window.windows, 1);
        equal(window.exceedances, 0);
    }

    /// @dev A model that takes over from one in good standing does not wash its count away.
    function test_aNewModelKeepsTheCountOfTheOneBefore() public {
        publishedMoving(false);
        horizon(true);
        install(model(bar));
        equal(oracle.exceedances(BTC).exceedances, 1);
    }
}
