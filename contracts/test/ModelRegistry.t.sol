// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {GuardRails} from "../src/GuardRails.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {RiskOracle} from "../src/RiskOracle.sol";
import {Timelocked} from "../src/governance/Timelocked.sol";
import {OracleFixture} from "./OracleFixture.sol";

contract ModelRegistryTest is OracleFixture {
    bytes4 private constant MODEL = ModelRegistry.installModel.selector;

    function test_installsOnlyWhatWasProposedAndOnlyAfterTheDelay() public {
        ModelRegistry.Model memory next = model(bar);
        bytes32 digest = keccak256(abi.encodeCall(ModelRegistry.installModel, (next)));
        vm.expectRevert(abi.encodeWithSelector(Timelocked.NotProposed.selector, MODEL, digest));
        oracle.installModel(next);
        propose(next);
        uint256 at = block.timestamp + DELAY;
        vm.warp(at - 1);
        vm.expectRevert(abi.encodeWithSelector(Timelocked.NotInstallableYet.selector, MODEL, at));
        oracle.installModel(next);
        vm.warp(at);
        next.parts[0].model += 1;
        vm.expectRevert();
        oracle.installModel(next);
        next.parts[0].model -= 1;
        oracle.installModel(next);
        vm.expectRevert(abi.encodeWithSelector(Timelocked.NotProposed.selector, MODEL, digest));
        oracle.installModel(next);
    }

    function test_aProposalExpires() public {
        ModelRegistry.Model memory next = model(bar);
        propose(next);
        uint256 until = block.timestamp + DELAY + 7 days;
        vm.warp(until + 1);
        vm.expectRevert(abi.encodeWithSelector(Timelocked.ProposalExpired.selector, MODEL, until));
        oracle.installModel(next);
        // An expired proposal makes room, and the next proposal waits anew.
        propose(next);
        vm.expectRevert(
            abi.encodeWithSelector(Timelocked.NotInstallableYet.selector, MODEL, block.timestamp + DELAY)
        );
        oracle.installModel(next);
        vm.warp(block.timestamp + DELAY + 7 days);
        oracle.installModel(next);
    }

    function test_oneProposalOfAKindIsPending() public {
        propose(model(bar));
        uint256 until = block.timestamp + DELAY + 7 days;
        bytes memory other = abi.encodeCall(ModelRegistry.installModel, (model(bar + BAR)));
        vm.expectRevert(abi.encodeWithSelector(Timelocked.ProposalPending.selector, MODEL, until));
        oracle.propose(other);
        // Another kind is not in its way.
        oracle.propose(abi.encodeCall(ModelRegistry.installVerifiers, (verifiers())));
        address stranger = address(0xbad);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Timelocked.NotGovernorOrGuardian.selector, stranger));
        oracle.cancel(MODEL);
        oracle.cancel(MODEL);
        vm.expectRevert(abi.encodeWithSelector(Timelocked.NotProposed.selector, MODEL, bytes32(0)));
        oracle.cancel(MODEL);
        oracle.propose(other);
    }

    function test_nothingElseCanBeProposed() public {
        bytes memory call = abi.encodeCall(RiskOracle.pause, ());
        vm.expectRevert(abi.encodeWithSelector(Timelocked.NotTimelocked.selector, RiskOracle.pause.selector));
        oracle.propose(call);
    }

    function test_rolesAreGivenAfterTheDelayAndTakenAtOnce() public {
        bytes32 role = oracle.PUBLISHER_ROLE();
        address next = address(0x9e1);
        bytes memory call = abi.encodeCall(oracle.grantRole, (role, next));
        vm.expectRevert(abi.encodeWithSelector(Timelocked.NotProposed.selector, oracle.grantRole.selector, keccak256(call)));
        oracle.grantRole(role, next);
        oracle.propose(call);
        vm.warp(block.timestamp + DELAY);
        oracle.grantRole(role, next);
        holds(oracle.hasRole(role, next), "given");
        oracle.revokeRole(role, next);
        holds(!oracle.hasRole(role, next), "taken");
    }

    function test_refusesMarketsTwiceAndModelsThatAreNone() public {
        ModelRegistry.Model memory next = model(bar);
        next.parts[0].markets[1] = BTC;
        proposalRefused(next, abi.encodeWithSelector(ModelRegistry.MarketTwice.selector, BTC));
        next = model(bar);
        ModelRegistry.Part[] memory two = new ModelRegistry.Part[](2);
        (two[0], two[1]) = (next.parts[0], model(bar).parts[0]);
        next.parts = two;
        proposalRefused(next, abi.encodeWithSelector(ModelRegistry.MarketTwice.selector, BTC));
        next = model(bar);
        next.parts[0].markets[1] = 0;
        proposalRefused(next, abi.encodeWithSelector(ModelRegistry.ModelInvalid.selector));
        next = model(bar);
        next.barSeconds = 0;
        proposalRefused(next, abi.encodeWithSelector(ModelRegistry.ModelInvalid.selector));
        next = model(bar);
        next.horizonBars = 0;
        proposalRefused(next, abi.encodeWithSelector(ModelRegistry.ModelInvalid.selector));
        next = model(bar);
        next.parts[0].markets = new bytes32[](33);
        proposalRefused(next, abi.encodeWithSelector(ModelRegistry.ModelInvalid.selector));
        next = model(bar);
        next.parts = new ModelRegistry.Part[](3);
        proposalRefused(next, abi.encodeWithSelector(ModelRegistry.ModelInvalid.selector));
        next = model(bar);
        next.parts = new ModelRegistry.Part[](0);
        proposalRefused(next, abi.encodeWithSelector(ModelRegistry.ModelInvalid.selector));
    }

    function proposalRefused(ModelRegistry.Model memory made, bytes memory error) private {
        bytes memory call = abi.encodeCall(ModelRegistry.installModel, (made));
        vm.expectRevert(error);
        oracle.propose(call);
    }

    function test_aModelCannotTakeTheChainBack() public {
        published();
        ModelRegistry.Model memory old = model(bar - BAR);
        propose(old);
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(ModelRegistry.StateTooOld.selector, bar, bar - BAR));
        oracle.installModel(old);
    }

    /// @dev A state dated far ahead locked the oracle for good: no earlier one was taken after it.
    function test_aModelCannotLockTheChainWithAStateOfTheFuture() public {
        uint64 ahead = uint64(block.timestamp) + DELAY + 1;
        ModelRegistry.Model memory next = model(ahead);
        propose(next);
        vm.warp(ahead - 1);
        vm.expectRevert(abi.encodeWithSelector(ModelRegistry.StateOfTheFuture.selector, ahead));
        oracle.installModel(next);
        vm.warp(ahead);
        oracle.installModel(next);
    }

    /// @dev The verifier's list says which SRS a key is made on, and which keys it has: the governor has no word in it.
    function test_refusesDevelopmentKeysAndKeysTheVerifierDoesNotHave() public {
        bytes memory call = abi.encodeCall(ModelRegistry.installVerifiers, (verifiers()));
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(ModelRegistry.DevelopmentSrs.selector, 1));
        oracle.propose(call);
        verifier.setDevelopment(false);
        oracle.propose(call);
        vm.warp(block.timestamp + DELAY);
        verifier.setDevelopment(true);
        vm.expectRevert(abi.encodeWithSelector(ModelRegistry.DevelopmentSrs.selector, 1));
        oracle.installVerifiers(verifiers());
        vm.chainId(31337);
        oracle.cancel(ModelRegistry.installVerifiers.selector);
        address[3] memory keys = [KEY_B, KEY_P, KEY_L];
        for (uint256 i = 0; i < 3; i++) {
            uint256 before = vm.snapshotState();
            verifier.refuse(keys[i]);
            vm.expectRevert(abi.encodeWithSelector(ModelRegistry.KeyNotAccepted.selector, keys[i]));
            oracle.propose(call);
            vm.revertToState(before);
        }
    }

    function test_refusesShortDelaysAndKeysThatAreOneAnothersElsewhereThanOnLocalChains() public {
        verifier.setDevelopment(false);
        vm.chainId(1);
        GuardRails.Limits memory margins = GuardRails.Limits(1e15, 1e18, 5e16, 2e15, 50);
        RiskOracle.Settings memory settings = settingsOf(DELAY - 1, margins);
        RiskOracle.Keys memory keys = RiskOracle.Keys(address(1), address(2), address(3), address(4));
        vm.expectRevert(abi.encodeWithSelector(Timelocked.DelayTooShort.selector, DELAY - 1, 1 days));
        new RiskOracle(keys, settings, verifiers());
        settings.delay = DELAY;
        verifier.setDevelopment(true);
        vm.expectRevert(abi.encodeWithSelector(ModelRegistry.DevelopmentSrs.selector, 1));
        new RiskOracle(keys, settings, verifiers());
        verifier.setDevelopment(false);
        new RiskOracle(keys, settings, verifiers());
        for (uint160 i = 1; i <= 4; i++) {
            for (uint160 j = 1; j < i; j++) {
                address[4] memory each = [address(1), address(2), address(3), address(4)];
                each[i - 1] = address(j);
                vm.expectRevert();
                new RiskOracle(RiskOracle.Keys(each[0], each[1], each[2], each[3]), settings, verifiers());
            }
        }
        prices.setReporter(address(4));
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.PublisherReportsPrices.selector, address(4)));
        new RiskOracle(keys, settings, verifiers());
        vm.chainId(31337);
        settings.margins.velocity = 0;
        vm.expectRevert(GuardRails.LimitsInvalid.selector);
        new RiskOracle(keys, settings, verifiers());
        settings.margins.velocity = 2e9;
        settings.freshness = 0;
        vm.expectRevert(RiskOracle.FreshnessIsZero.selector);
        new RiskOracle(keys, settings, verifiers());
    }

    function test_offLocalChainsNobodyPublishesWhatIsComputedFromPricesTheyReport() public {
        RiskOracle.Epoch memory made = epoch();
        prices.setReporter(address(this));
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(RiskOracle.PublisherReportsPrices.selector, address(this)));
        oracle.publish(made);
        vm.chainId(31337);
        oracle.publish(made);
    }
}
