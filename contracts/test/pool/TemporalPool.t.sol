// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IPriceSource} from "../../src/prices/IPriceSource.sol";
import {MomentumRule} from "../../src/pool/MomentumRule.sol";
import {PoolTokens} from "../../src/pool/PoolTokens.sol";
import {RuleWeights} from "../../src/pool/RuleWeights.sol";
import {TemporalPool} from "../../src/pool/TemporalPool.sol";
import {WeightRails} from "../../src/pool/WeightRails.sol";
import {PoolFixture, TellingRule, TestToken} from "./PoolFixture.sol";

contract TemporalPoolTest is PoolFixture {
    function setUp() public {
        _setUp();
    }

    function _updated() private {
        pool.performUpdate(bar);
        nextBar();
        priced(31_000e18, 2_950e18, 1e18);
    }

    // ---------------------------------------------------------------- parts of a pool

    function test_refusesWhatItCannotBeMadeOf() public {
        PoolTokens.Asset[] memory assets = assetsOf();
        TemporalPool.Terms memory good = terms();
        assets[1].token = assets[0].token;
        _refused(assets, publicStrategy(1e18), good, PoolTokens.TokensInvalid.selector);
        assets = assetsOf();
        assets[0].weight += 1;
        _refused(assets, publicStrategy(1e18), good, PoolTokens.WeightsInvalid.selector);
        assets = assetsOf();
        (assets[2].weight, assets[0].weight) = (0.02e18, 0.68e18);
        _refused(assets, publicStrategy(1e18), good, PoolTokens.WeightsInvalid.selector);
        assets = assetsOf();
        _refused(assets, publicStrategy(17e18), good, RuleWeights.StrategyInvalid.selector);
        RuleWeights.Strategy memory none;
        _refused(assets, none, good, RuleWeights.StrategyInvalid.selector);
        TellingRule rule = new TellingRule();
        RuleWeights.Strategy memory both = followed(rule);
        both.k = publicStrategy(1e18).k;
        _refused(assets, both, good, RuleWeights.StrategyInvalid.selector);
        rule.resize(4);
        _refused(assets, followed(rule), good, RuleWeights.StrategyInvalid.selector);
        TemporalPool.Terms memory bad = terms();
        bad.fee = 0.2e18;
        _refused(assets, publicStrategy(1e18), bad, PoolTokens.TermsInvalid.selector);
        bad = terms();
        bad.tradeSize = 0.6e18;
        _refused(assets, publicStrategy(1e18), bad, PoolTokens.TermsInvalid.selector);
        bad = terms();
        bad.limits.lowest = 0.34e18;
        _refused(assets, publicStrategy(1e18), bad, WeightRails.LimitsInvalid.selector);
        bad = terms();
        bad.decay = 0.4e18;
        _refused(assets, publicStrategy(1e18), bad, MomentumRule.DecayInvalid.selector);
    }

    function _refused(
        PoolTokens.Asset[] memory assets,
        RuleWeights.Strategy memory strategy,
        TemporalPool.Terms memory asked,
        bytes4 why
    ) private {
        try new TemporalPool("p", "P", address(this), assets, strategy, asked) {
            revert NotTrue("it was made");
        } catch (bytes memory reason) {
            holds(bytes4(reason) == why, "another reason");
        }
    }

    // ---------------------------------------------------------------- swaps

    function test_swapsAgreeWithTheirLimits() public {
        uint256 before = tokens[2].balanceOf(address(this));
        uint256 out = pool.swapExactIn(0, 2, 0.1e8, 1, block.timestamp);
        equal(tokens[2].balanceOf(address(this)) - before, out);
        // 0.1 BTC of 16.67 at 30,000: a bit less than 3,000 for fee and size.
        holds(out > 2_900e6 && out < 3_000e6 * 0.997, "price");
        uint256 paid = pool.swapExactOut(2, 0, 0.1e8, type(uint256).max, block.timestamp);
        holds(paid > out, "it costs more to have it back");
        vm.expectRevert(abi.encodeWithSelector(TemporalPool.LimitExceeded.selector, type(uint256).max, 0));
        this.swapWithLimit(type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(TemporalPool.Expired.selector, block.timestamp - 1));
        pool.swapExactIn(0, 2, 1e6, 0, block.timestamp - 1);
        vm.expectRevert(abi.encodeWithSelector(PoolTokens.TokenUnknown.selector, 3));
        pool.swapExactIn(0, 3, 1e6, 0, block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(PoolTokens.TokenUnknown.selector, 1));
        pool.swapExactIn(1, 1, 1e6, 0, block.timestamp);
        vm.expectRevert(TemporalPool.AmountIsZero.selector);
        pool.swapExactIn(0, 1, 0, 0, block.timestamp);
    }

    function swapWithLimit(uint256 least) external {
        try pool.swapExactIn(0, 2, 0.1e8, least, block.timestamp) {}
        catch (bytes memory reason) {
            holds(bytes4(reason) == TemporalPool.LimitExceeded.selector, "another reason");
            revert TemporalPool.LimitExceeded(least, 0);
        }
    }

    function test_refusesTradesThatAreTooLarge() public {
        uint256 most_ = pool.balances()[0] / 10;
        vm.expectRevert(abi.encodeWithSelector(PoolTokens.TradeTooLarge.selector, 0, most_ + 1, most_));
        pool.swapExactIn(0, 1, most_ + 1, 0, block.timestamp);
        uint256 out = pool.balances()[1] / 10 + 1;
        vm.expectRevert(abi.encodeWithSelector(PoolTokens.TradeTooLarge.selector, 1, out, out - 1));
        pool.swapExactOut(0, 1, out, type(uint256).max, block.timestamp);
        // Nor by the way of shares.
        uint256 shares = pool.totalSupply() / 5;
        vm.expectRevert();
        pool.joinSingle(0, shares, type(uint256).max);
        vm.expectRevert();
        pool.exitSingle(0, shares, 0);
    }

    function test_refusesTokensThatTakeAFee() public {
        tokens[0].takeFee(0.01e18);
        vm.expectRevert(
            abi.encodeWithSelector(PoolTokens.FeeOnTransfer.selector, address(tokens[0]), 0.1e8, 0.099e8)
        );
        pool.swapExactIn(0, 2, 0.1e8, 0, block.timestamp);
        vm.expectRevert();
        pool.join(1e18, most());
    }

    function test_countsNothingThatIsOnlySent() public {
        uint256[] memory before = pool.balances();
        tokens[0].transfer(address(pool), 5e8);
        equal(pool.balances()[0], before[0]);
    }

    function test_cannotBeReentered() public {
        bytes[5] memory attacks = [
            abi.encodeCall(TemporalPool.swapExactIn, (1, 2, 1e18, 0, type(uint256).max)),
            abi.encodeCall(TemporalPool.join, (1, most())),
            abi.encodeCall(TemporalPool.exit, (1, amounts(0, 0, 0))),
            abi.encodeWithSignature("performUpdate(uint64)", bar),
            abi.encodeCall(PoolTokens.balances, ())
        ];
        for (uint256 i = 0; i < attacks.length; i++) {
            tokens[0].arm(address(pool), attacks[i]);
            pool.swapExactIn(0, 2, 1e6, 0, block.timestamp);
            pool.exit(1e15, amounts(0, 0, 0));
        }
    }

    // ---------------------------------------------------------------- joins and exits

    function test_joinsAndExitsInProportion() public {
        uint256 supply = pool.totalSupply();
        uint256[] memory held = pool.balances();
        uint256[] memory paid = pool.join(supply / 10, most());
        for (uint256 i = 0; i < 3; i++) {
            holds(paid[i] * 10 >= held[i] && paid[i] * 10 <= held[i] + 20, "a tenth");
        }
        uint256[] memory back = pool.exit(supply / 10, amounts(0, 0, 0));
        for (uint256 i = 0; i < 3; i++) holds(back[i] <= paid[i] && back[i] + 2 >= paid[i], "the same back");
        vm.expectRevert();
        pool.join(supply, amounts(1, 1, 1));
        vm.expectRevert(TemporalPool.AmountIsZero.selector);
        pool.join(0, most());
        vm.expectRevert();
        pool.start(amounts(1e8, 1e18, 1e6));
    }

    function test_oneTokenCostsMoreThanAllInProportion() public {
        uint256 shares = pool.totalSupply() / 1000;
        uint256 paid = pool.joinSingle(2, shares, type(uint256).max);
        // A thousandth of the pool is 1,000; through one token of weight 0.2 it costs the fee of the rest and the price's move.
        holds(paid > 1_000e6 && paid < 1_010e6, "price of shares");
        uint256 back = pool.exitSingle(2, shares, 0);
        holds(back < paid, "nothing is gained");
        vm.expectRevert(abi.encodeWithSelector(PoolTokens.TokenUnknown.selector, 3));
        pool.joinSingle(3, shares, type(uint256).max);
    }

    // ---------------------------------------------------------------- updates

    function test_weightsFollowWhatRises() public {
        _updated();
        uint256[] memory before = pool.weights();
        pool.performUpdate(bar);
        vm.roll(block.number + 1);
        uint256[] memory then = pool.weights();
        holds(then[0] > before[0] && then[1] < before[1], "towards what rises");
        vm.roll(block.number + 1000);
        uint256[] memory last = pool.weights();
        equal(last[0] + last[1] + last[2], ONE);
        // g = 0.1^3/0.9 a/e with a = 900/0.1, e = 30,100 for BTC: 0.000332, ETH -0.000167, USD 0; 8 (0.000332 - 0.000055).
        holds(last[0] - before[0] > 0.00221e18 && last[0] - before[0] < 0.00222e18, "by as much as the rule says");
    }

    function test_updatesAreOfFreshPricesAndNotTooOften() public {
        vm.expectRevert(abi.encodeWithSelector(RuleWeights.PricesOfTheFuture.selector, bar + 2 * BAR));
        pool.performUpdate(bar + 2 * BAR);
        vm.expectRevert(abi.encodeWithSelector(RuleWeights.PricesStale.selector, bar - 2 * BAR, 2 * BAR));
        pool.performUpdate(bar - 2 * BAR);
        pool.performUpdate(bar);
        vm.expectRevert(abi.encodeWithSelector(RuleWeights.TooEarly.selector, bar, bar + BAR));
        pool.performUpdate(bar);
        nextBar();
        vm.expectRevert(abi.encodeWithSelector(IPriceSource.PriceUnknown.selector, MARKETS[0], bar));
        pool.performUpdate(bar);
        vm.expectRevert(RuleWeights.NeedsNoProof.selector);
        pool.performUpdate(bar, "", new uint256[](0));
    }

    function test_pausedItOnlyLetsGo() public {
        pool.pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        pool.swapExactIn(0, 2, 1e6, 0, block.timestamp);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        pool.join(1e18, most());
        vm.expectRevert(Pausable.EnforcedPause.selector);
        pool.performUpdate(bar);
        pool.exit(1e18, amounts(0, 0, 0));
        vm.prank(address(0xbad));
        vm.expectRevert();
        pool.unpause();
        pool.unpause();
        pool.swapExactIn(0, 2, 1e6, 0, block.timestamp);
    }

    // ---------------------------------------------------------------- gas

    function test_gas_swapExactIn() public {
        pool.swapExactIn(0, 2, 0.01e8, 0, block.timestamp);
        vm.snapshotGasLastCall("swap exact in");
    }

    function test_gas_swapExactOut() public {
        pool.swapExactOut(0, 2, 100e6, type(uint256).max, block.timestamp);
        vm.snapshotGasLastCall("swap exact out");
    }

    function test_gas_join() public {
        pool.join(1e18, most());
        vm.snapshotGasLastCall("join");
    }

    function test_gas_joinSingle() public {
        pool.joinSingle(2, 1e18, type(uint256).max);
        vm.snapshotGasLastCall("join with one token");
    }

    function test_gas_exit() public {
        pool.exit(1e18, amounts(0, 0, 0));
        vm.snapshotGasLastCall("exit");
    }

    function test_gas_exitSingle() public {
        pool.exitSingle(2, 1e18, 0);
        vm.snapshotGasLastCall("exit to one token");
    }

    function test_gas_update() public {
        _updated();
        pool.performUpdate(bar);
        vm.snapshotGasLastCall("update of the weights");
    }
}
