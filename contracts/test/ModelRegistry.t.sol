// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {GuardRails} from "../src/GuardRails.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {RiskOracle} from "../src/RiskOracle.sol";
import {OracleFixture} from "./OracleFixture.sol";

contract ModelRegistryTest is OracleFixture {
    function test_installsOnlyWhatWasProposedAndOnlyAfterTheDelay() public {
        ModelRegistry.Model memory next = model(bar);
        vm.expectRevert();
        oracle.installModel(next);
        oracle.proposeModel(next);
        vm.warp(block.timestamp + DELAY - 1);
        vm.expectRevert();
        oracle.installModel(next);
        vm.warp(block.timestamp + 1);
        next.correlation += 1;
        vm.expectRevert();
        oracle.installModel(next);
        next.correlation -= 1;
        oracle.installModel(next);
        vm.expectRevert();
        oracle.installModel(next);
        ModelRegistry.Verifiers memory keys = verifiers();
        keys.pricingKey = address(1);
        oracle.proposeVerifiers(keys);
        oracle.cancel(keccak256(abi.encode("verifiers", keys)));
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert();
        oracle.installVerifiers(keys);
    }

    function test_aModelCannotTakeTheChainBack() public {
        published();
        ModelRegistry.Model memory old = model(bar - BAR);
        oracle.proposeModel(old);
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(ModelRegistry.StateTooOld.selector, bar, bar - BAR));
        oracle.installModel(old);
    }

    function test_refusesTheDevelopmentSrsAndShortDelaysElsewhereThanOnLocalChains() public {
        vm.chainId(1);
        ModelRegistry.Verifiers memory keys = verifiers();
        vm.expectRevert(abi.encodeWithSelector(ModelRegistry.DevelopmentSrs.selector, 1));
        oracle.proposeVerifiers(keys);
        keys.development = false;
        oracle.proposeVerifiers(keys);
        GuardRails.Limits memory margins = GuardRails.Limits(1e15, 1e18, 5e16, 2e15, 50);
        RiskOracle.Settings memory settings = RiskOracle.Settings(prices, BUDGET, DELAY - 1, 2 hours, margins);
        vm.expectRevert(abi.encodeWithSelector(ModelRegistry.DelayTooShort.selector, DELAY - 1, 1 days));
        new RiskOracle(address(this), settings);
        vm.chainId(31337);
        settings.margins.velocity = 0;
        vm.expectRevert(GuardRails.LimitsInvalid.selector);
        new RiskOracle(address(this), settings);
    }
}
