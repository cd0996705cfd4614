// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IBookBinding} from "../src/book/IBookBinding.sol";
import {BarLayout as B} from "../src/generated/Layout.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {RiskOracle} from "../src/RiskOracle.sol";
import {Timelocked} from "../src/governance/Timelocked.sol";
import {OracleFixture} from "./OracleFixture.sol";

/// @dev What is left of an epoch once it is published: for how long its numbers are fresh, how margins move, and whose each door is.
contract PublishedRiskTest is OracleFixture {
    /// @dev It counts from the bar: a late epoch is not fresh for longer.
    function test_saysWhenItIsNotFresh() public {
        RiskOracle.Epoch memory made = epoch();
        vm.warp(made.bar + 2 hours);
        oracle.publish(made);
        (, bool fresh) = oracle.measure();
        holds(fresh, "at the limit");
        oracle.freshMeasure();
        vm.warp(block.timestamp + 1);
        (, fresh) = oracle.measure();
        holds(!fresh, "past it");
        (, fresh) = oracle.margin(ETH);
        holds(!fresh, "margin past it");
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.NotFresh.selector, made.bar, 2 hours));
        oracle.freshMeasure();
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.MarketUnknown.selector, bytes32("DOGE")));
        oracle.margin("DOGE");
    }

    function test_refusesABarThatIsNotOver() public {
        RiskOracle.Epoch memory made = epoch();
        vm.warp(made.bar - 1);
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.BarNotOver.selector, made.bar));
        oracle.publish(made);
        vm.warp(made.bar);
        oracle.publish(made);
    }

    function test_aMarketTheModelHasDroppedGoesStale() public {
        published();
        uint64 last = bar;
        ModelRegistry.Model memory next = model(bar);
        bytes32[] memory one = new bytes32[](1);
        one[0] = BTC;
        next.parts[0].markets = one;
        propose(next);
        vm.warp(block.timestamp + DELAY);
        oracle.installModel(next);
        RiskOracle.Epoch memory made = epoch();
        made.bars[0].instances[B.EXPOSURES + 1] = 0;
        made.bars[0].instances[B.EXPOSURES] = 100 << 24;
        vm.warp(last + 2 hours + 1);
        oracle.publish(made);
        (uint64 share, bool fresh) = oracle.margin(ETH);
        holds(share != 0 && !fresh, "dropped");
        (, fresh) = oracle.margin(BTC);
        holds(fresh, "kept");
    }

    function testFuzz_marginsNeverMoveFasterThanAllowed(uint64[6] calldata variances, uint8[6] calldata blocks) public {
        (uint64 last,) = (uint64(0), false);
        for (uint256 i = 0; i < 6; i++) {
            RiskOracle.Epoch memory made = epoch();
            made.bars[0].instances[B.VARIANCES] = uint256(variances[i]) << 90;
            oracle.publish(made);
            bar += BAR;
            state += 1;
            (uint64 share,) = oracle.margin(BTC);
            // Publishing itself moves nothing but the first value.
            if (i > 0) equal(share, last);
            last = share;
            for (uint256 passed = 0; passed < blocks[i] % 60; passed++) {
                vm.roll(block.number + 1);
                (share,) = oracle.margin(BTC);
                holds((share > last ? share - last : last - share) <= 2e15, "velocity");
                holds(share >= 1e15 && share <= 1e18, "limits");
                last = share;
            }
        }
    }

    function test_everyDoorHasItsRole() public {
        RiskOracle.Epoch memory made = epoch();
        address stranger = address(0xbad);
        vm.startPrank(stranger);
        bytes[8] memory calls = [
            abi.encodeCall(RiskOracle.publish, (made)),
            abi.encodeCall(RiskOracle.installBinding, (IBookBinding(stranger))),
            abi.encodeCall(Timelocked.propose, (abi.encodeCall(ModelRegistry.installModel, (model(bar))))),
            abi.encodeCall(ModelRegistry.installModel, (model(bar))),
            abi.encodeCall(Timelocked.propose, (abi.encodeCall(RiskOracle.installBinding, (IBookBinding(stranger))))),
            abi.encodeCall(ModelRegistry.installVerifiers, (verifiers())),
            abi.encodeCall(RiskOracle.pause, ()),
            abi.encodeCall(RiskOracle.unpause, ())
        ];
        for (uint256 i = 0; i < calls.length; i++) {
            (bool done, bytes memory reason) = address(oracle).call(calls[i]);
            holds(!done && bytes4(reason) == IAccessControl.AccessControlUnauthorizedAccount.selector, "role");
        }
        vm.stopPrank();
        oracle.pause();
        refused(made, Pausable.EnforcedPause.selector);
        oracle.unpause();
        oracle.publish(made);
    }
}
