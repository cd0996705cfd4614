// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPoolRule} from "../../src/pool/IPoolRule.sol";
import {IPriceSource} from "../../src/prices/IPriceSource.sol";
import {IProofVerifier} from "../../src/proofs/IProofVerifier.sol";
import {ProvenRule} from "../../src/pool/ProvenRule.sol";
import {PublicValues} from "../../src/PublicValues.sol";
import {RuleWeights} from "../../src/pool/RuleWeights.sol";
import {PoolFixture} from "./PoolFixture.sol";

/// @notice Refusals of a registered rule, with a verifier that answers as it is told; real proofs are in test/proof/rules.spec.ts.
contract ProvenRuleTest is PoolFixture {
    int256 private constant UNIT = 1 << 24;
    uint256 private constant PARAMETERS = 42;
    uint256 private constant SHARED = 43;
    uint256 private constant STATE = 44;
    // Commitments: parameters, shared, state, market, next, hints. Then violations, three weights, and the market.
    uint256 private constant NEXT = 4;
    uint256 private constant VIOLATIONS = 6;
    uint256 private constant TARGET = 7;
    uint256 private constant MARKET = 10;

    ProvenRule private rule;

    function setUp() public {
        _setUp();
        rule = new ProvenRule(ruleTerms());
        started(rule);
    }

    /// @dev weights, gradients and two bars of prices, shared and public parameters, state, hints
    function ruleTerms() private view returns (ProvenRule.Terms memory asked) {
        asked.graph = bytes32(uint256(1));
        asked.manifest = bytes32(uint256(2));
        asked.tokens = 3;
        asked.sight = IPoolRule.Sight(true, true, 3);
        asked.ranges = ProvenRule.Ranges(int64(UNIT / 100), int64(UNIT / 4), int64(UNIT / 2), int64(2 * UNIT));
        asked.verifier = verifier;
        (asked.parameters, asked.shared, asked.firstState, asked.hints) = (PARAMETERS, SHARED, STATE, true);
        asked.publicParameters = new int64[](1);
        asked.publicParameters[0] = -77;
    }

    function _registered(ProvenRule.Terms memory asked, bytes4 why) private {
        try new ProvenRule(asked) {
            revert NotTrue("it was registered");
        } catch (bytes memory reason) {
            holds(bytes4(reason) == why, "another reason");
        }
    }

    function test_refusesWhatIsNoRule() public {
        ProvenRule.Terms memory asked = ruleTerms();
        asked.tokens = 9;
        _registered(asked, ProvenRule.RuleInvalid.selector);
        asked = ruleTerms();
        asked.graph = 0;
        _registered(asked, ProvenRule.RuleInvalid.selector);
        asked = ruleTerms();
        asked.parameters = 0;
        _registered(asked, ProvenRule.RuleInvalid.selector);
        asked = ruleTerms();
        asked.sight = IPoolRule.Sight(false, false, 0);
        _registered(asked, ProvenRule.RuleInvalid.selector);
        asked.sight = IPoolRule.Sight(true, false, 1);
        _registered(asked, ProvenRule.RuleInvalid.selector);
        asked = ruleTerms();
        asked.verificationKey = address(0xdead);
        _registered(asked, ProvenRule.RuleInvalid.selector);
        vm.chainId(1);
        _registered(ruleTerms(), ProvenRule.DevelopmentSrs.selector);
    }

    function test_everythingOfItIsReadable() public view {
        ProvenRule.Terms memory held = rule.terms();
        ProvenRule.Terms memory asked = ruleTerms();
        holds(keccak256(abi.encode(held)) == keccak256(abi.encode(asked)), "terms");
    }

    /// @dev The first bar teaches; history is there for the second.
    function _statement() private returns (uint256[] memory instances) {
        pool.performUpdate(bar, "", new uint256[](0));
        nextBar();
        priced(30_600e18, 2_950e18, 1e18);
        nextBar();
        priced(31_000e18, 2_900e18, 1e18);
        (int256[] memory seen, uint256 state) = pool.statement(bar);
        equal(state, STATE);
        equal(seen.length, 12);
        instances = new uint256[](MARKET + 13);
        (instances[0], instances[1], instances[2]) = (PARAMETERS, SHARED, STATE);
        (instances[3], instances[NEXT], instances[5]) = (1, 99, 2);
        for (uint256 i = 0; i < 3; i++) instances[TARGET + i] = uint256(UNIT) / 3;
        for (uint256 i = 0; i < 12; i++) instances[MARKET + i] = felt(seen[i]);
        instances[MARKET + 12] = felt(-77);
    }

    function felt(int256 value) private pure returns (uint256) {
        return value < 0 ? PublicValues.FIELD - uint256(-value) : uint256(value);
    }

    function test_aPoolTellsItsWeightsGradientsAndPricesOldestFirst() public {
        _statement();
        (int256[] memory seen,) = pool.statement(bar);
        equal(uint256(seen[0]), uint256(UNIT) / 2);
        holds(seen[3] > 0 && seen[4] < 0 && seen[5] == 0, "gradients");
        // 30,000/31,000 and 30,600/31,000 in units of 2^-24, to the nearest.
        equal(uint256(seen[6]), 16_236_015);
        equal(uint256(seen[9]), 16_560_736);
        equal(uint256(seen[8]), uint256(UNIT));
    }

    function test_movesByAProofAndChainsTheState() public {
        uint256[] memory instances = _statement();
        uint256[] memory before = pool.weights();
        pool.performUpdate(bar, "", instances);
        equal(pool.state(), 99);
        vm.roll(block.number + 300);
        uint256[] memory then = pool.weights();
        equal(then[0] + then[1] + then[2], ONE);
        // A step of 0.01 at most, though a third is far away.
        holds(before[0] - then[0] <= 0.01e18 && before[0] - then[0] > 0.0099e18, "rails");
        nextBar();
        priced(31_000e18, 2_900e18, 1e18);
        vm.expectRevert(abi.encodeWithSelector(ProvenRule.StateDiffers.selector, 99, STATE));
        pool.performUpdate(bar, "", instances);
        vm.expectRevert(RuleWeights.NeedsProof.selector);
        pool.performUpdate(bar);
    }

    function test_refusesEveryPublicValueThatTheChainDoesNotHold() public {
        uint256[] memory instances = _statement();
        // Parameters, shared ones, state, violations, every number of the market, the public parameter.
        for (uint256 at = 0; at < instances.length; at++) {
            bool free = at == 3 || at == NEXT || at == 5 || (at >= TARGET && at < MARKET);
            if (free) continue;
            uint256 was = instances[at];
            instances[at] = was + 1;
            vm.expectRevert();
            pool.performUpdate(bar, "", instances);
            instances[at] = was;
        }
        instances[TARGET] = PublicValues.FIELD;
        vm.expectRevert(abi.encodeWithSelector(PublicValues.ValueOutOfRange.selector, TARGET));
        pool.performUpdate(bar, "", instances);
        instances[TARGET] = 0;
        verifier.tell(false);
        vm.expectRevert(ProvenRule.ProofRefused.selector);
        pool.performUpdate(bar, "", instances);
        verifier.tell(true);
        uint256[] memory longer = new uint256[](instances.length + 1);
        for (uint256 i = 0; i < instances.length; i++) longer[i] = instances[i];
        vm.expectRevert(
            abi.encodeWithSelector(PublicValues.WrongNumberOfValues.selector, instances.length, longer.length)
        );
        pool.performUpdate(bar, "", longer);
        pool.performUpdate(bar, "", instances);
    }

    function test_refusesWhatIsOutOfTheRangesItIsRightFor() public {
        uint256[] memory instances = _statement();
        // More than twice as dear an hour ago.
        priced(14_000e18, 2_900e18, 1e18);
        vm.expectRevert();
        pool.performUpdate(bar, "", instances);
        (int256[] memory seen, uint256 state) = pool.statement(bar);
        vm.expectRevert(abi.encodeWithSelector(ProvenRule.OutOfRange.selector, 6, seen[6]));
        rule.target(state, seen, "", instances);
        seen[6] = UNIT;
        seen[9] = UNIT;
        seen[0] = UNIT / 100 - 1;
        vm.expectRevert(abi.encodeWithSelector(ProvenRule.OutOfRange.selector, 0, seen[0]));
        rule.target(state, seen, "", instances);
        seen[0] = UNIT / 2;
        seen[4] = -UNIT / 4 - 1;
        vm.expectRevert(abi.encodeWithSelector(ProvenRule.OutOfRange.selector, 4, seen[4]));
        rule.target(state, seen, "", instances);
        int256[] memory fewer = new int256[](11);
        vm.expectRevert();
        rule.target(state, fewer, "", instances);
    }

    function test_needsTheBarsItLooksBackTo() public {
        pool.performUpdate(bar, "", new uint256[](0));
        nextBar();
        priced(30_600e18, 2_950e18, 1e18);
        uint256[] memory instances = new uint256[](MARKET + 13);
        vm.expectRevert(abi.encodeWithSelector(IPriceSource.PriceUnknown.selector, MARKETS[0], bar - 2 * BAR));
        pool.performUpdate(bar, "", instances);
    }

    function test_gas_update() public {
        uint256[] memory instances = _statement();
        pool.performUpdate(bar, "", instances);
        vm.snapshotGasLastCall("update by a proven rule, without its verifier");
    }
}
