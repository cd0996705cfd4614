// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LiquidationLayout as L} from "../src/generated/Layout.sol";
import {LiquidationAttestor} from "../src/LiquidationAttestor.sol";
import {LiquidationValues} from "../src/LiquidationValues.sol";
import {MarginRegistry} from "../src/MarginRegistry.sol";
import {MarginTangent} from "../src/MarginTangent.sol";
import {AttestationFixture} from "./AttestationFixture.sol";

/// @notice Alice under a registered portfolio margin: 25 units of BTC long, 50 of ETH short, 8 of equity. ETH alone moves by three eighths,
/// each notional has a floor of a 64th: initial margin 19.921875, maintenance 9.9609375. Five eighths of ETH are closed.
contract AttestedMarginTest is AttestationFixture {
    uint32 private constant EIGHTH = 1 << 21;
    uint64 private constant ALL = 1 << 40;

    function setUp() public override {
        super.setUp();
        registerFrom(bar, digest(3 * EIGHTH));
    }

    /// @dev on this chain, a local one, at any time
    function registerFrom(uint64 from, bytes32 digest_) private {
        attestor.registerMargin(digest_, from);
    }

    function market(uint32 alone, bool short) private pure returns (MarginTangent.Market memory made) {
        made.tiers = new MarginTangent.Tier[](1);
        made.tiers[0] = MarginTangent.Tier(0, 1 << 18, 1 << 17);
        bytes4 zero = bytes4(0);
        bytes4 eighth = bytes4(EIGHTH);
        // Both by an eighth up; ETH alone; BTC alone by an eighth down.
        made.shocks = short
            ? bytes.concat(eighth, bytes4(alone), zero)
            : bytes.concat(eighth, zero, bytes4(uint32(int32(-int256(uint256(EIGHTH))))));
    }

    function margin(uint32 alone) private view returns (MarginRegistry.Margin memory made) {
        made.markets = new bytes32[](3);
        made.markets[0] = attestor.marketDigest(BTC, market(alone, false));
        made.markets[1] = "another";
        made.markets[2] = attestor.marketDigest(ETH, market(alone, true));
    }

    function digest(uint32 alone) private view returns (bytes32) {
        return attestor.marginDigest(margin(alone));
    }

    /// @dev ETH first: a plan's order is its own.
    function portfolio(uint32 alone, uint64 weight) private view returns (LiquidationAttestor.Portfolio memory made) {
        made.margin = margin(alone);
        made.markets = new MarginTangent.Market[](2);
        (made.markets[0], made.markets[1]) = (market(alone, true), market(alone, false));
        made.places = new uint16[](2);
        made.places[0] = 2;
        made.tangent.scenarios = new uint16[](1);
        made.tangent.scenarios[0] = 1;
        made.tangent.weights = new uint64[](1);
        made.tangent.weights[0] = weight;
        made.tangent.tiers = new uint8[](2);
        made.tangent.shares = new uint32[](2);
        made.pool = pool();
    }

    function portfolio() private view returns (LiquidationAttestor.Portfolio memory) {
        return portfolio(3 * EIGHTH, ALL);
    }

    /// @dev Relief by the scenario and the floor; the deficit is the margin less the equity.
    function plan(uint256 alone, uint256 weight) private pure returns (uint256[] memory v) {
        v = liquidation();
        uint256 scenario = ((50 * alone * weight) >> 40);
        v[L.PUBLIC_RELIEF] = scenario + (50 << 18);
        v[L.PUBLIC_RELIEF + 1] = 25 << 18;
        v[L.PUBLIC_SCALARS] = v[L.PUBLIC_RELIEF] + v[L.PUBLIC_RELIEF + 1] - (8 << 24);
        v[L.PUBLIC_FRACTIONS] = 5 * EIGHTH;
        v[L.PUBLIC_FRACTIONS + 1] = 0;
    }

    function plan() private pure returns (uint256[] memory) {
        return plan(3 * EIGHTH, ALL);
    }

    function attestPortfolio(bytes32 name, uint256[] memory v, LiquidationAttestor.Portfolio memory p) private {
        attestor.attestLiquidation(name, provenBar(), account(), LiquidationAttestor.Proof("", v), p);
    }

    function refused(uint256[] memory v, LiquidationAttestor.Portfolio memory p, bytes4 error) private {
        attestRefused(provenBar(), account(), v, p, error);
    }

    function refusedValue(uint256 index, uint256 value, bytes4 error) private {
        uint256[] memory v = plan();
        v[index] = value;
        refused(v, portfolio(), error);
    }

    function test_attestsAPlanUnderTheMarginInForce() public {
        attestPortfolio("plan", plan(), portfolio());
        vm.snapshotGasLastCall("attestLiquidation of a portfolio, without the verifier");
        equal(attestor.attestedIn("plan"), 2);
    }

    function test_refusesLinearMarginWhereAPortfoliosIsInForceAndTheOtherWayRound() public {
        bytes4 other = LiquidationAttestor.OtherMarginInForce.selector;
        refused(liquidation(), linear(), other);
        registerFrom(bar + 60, 0);
        attest("linear", liquidation());
        refused(plan(), portfolio(), other);
    }

    function test_aLaterMarginIsNotThatOfEarlierMarks() public {
        registerFrom(bar + 61, digest(2 * EIGHTH));
        refused(
            plan(2 * EIGHTH, ALL), portfolio(2 * EIGHTH, ALL), LiquidationAttestor.OtherMarginInForce.selector
        );
        attestPortfolio("plan", plan(), portfolio());
    }

    function test_refusesAMarginThatIsNotTheRegisteredOne() public {
        bytes4 other = LiquidationAttestor.OtherMarginInForce.selector;
        LiquidationAttestor.Portfolio memory p = portfolio();
        p.margin.evarMultiple = 1;
        refused(plan(), p, other);
        p = portfolio();
        p.margin.absorbableShare = 1;
        refused(plan(), p, other);
        p = portfolio();
        p.margin.markets[1] = "a third";
        refused(plan(), p, other);
        refused(plan(4 * EIGHTH, ALL), portfolio(4 * EIGHTH, ALL), other);
        bytes4 unknown = MarginRegistry.MarketNotRegistered.selector;
        p = portfolio();
        p.markets[0].depth = 1e20;
        refused(plan(), p, unknown);
        p = portfolio();
        p.markets[0].tiers[0].maintenance -= 1;
        refused(plan(), p, unknown);
        p = portfolio();
        p.markets[1].shocks[3] = 0x01;
        refused(plan(), p, unknown);
        p = portfolio();
        (p.markets[0], p.places[0]) = (p.markets[1], 0);
        refused(plan(), p, unknown);
        p = portfolio();
        p.places[0] = 3;
        refused(plan(), p, unknown);
        p = portfolio();
        p.places = new uint16[](1);
        refused(plan(), p, LiquidationAttestor.PositionsDiffer.selector);
        p.markets = new MarginTangent.Market[](1);
        refused(plan(), p, LiquidationAttestor.PositionsDiffer.selector);
    }

    function test_refusesAnotherCovariancePoolOrCapital() public {
        LiquidationAttestor.Portfolio memory p = portfolio();
        p.tangent.evarFactor = 2;
        refused(plan(), p, LiquidationAttestor.EvarFactorDiffers.selector);
        p = portfolio();
        p.pool.capital += 1;
        refused(plan(), p, LiquidationAttestor.PoolDiffers.selector);
        p = portfolio();
        p.tangent.absorbable = 3;
        refused(plan(), p, LiquidationAttestor.CapacityDiffers.selector);
    }

    /// @dev EVaR and concentration: P + L is 3, b a quarter, kappa 1.25.
    function test_theEvarAndTheCapitalAreThoseOfTheBook() public {
        LiquidationAttestor.Portfolio memory p = portfolio();
        p.margin.evarMultiple = 25 << 20;
        p.margin.absorbableShare = 1 << 22;
        registerFrom(bar + 30, attestor.marginDigest(p.margin));
        // 1.5625/1.5625
        uint256 one = 1 << 24;
        bytes4 factor = LiquidationAttestor.EvarFactorDiffers.selector;
        bytes4 capacity = LiquidationAttestor.CapacityDiffers.selector;
        uint128 most = 0.75e8;
        (p.tangent.evarFactor, p.tangent.absorbable) = (one + 18, most);
        refused(plan(), p, factor);
        p.tangent.evarFactor = one - 18;
        refused(plan(), p, factor);
        (p.tangent.evarFactor, p.tangent.absorbable) = (one + 17, 2 * most + 3);
        refused(plan(), p, capacity);
        p.tangent.absorbable = most / 2 - 2;
        refused(plan(), p, capacity);
        p.tangent.absorbable = 0;
        refused(plan(), p, capacity);
        // Then the margin is another one than the plan's.
        p.tangent.absorbable = most / 2;
        refused(plan(), p, LiquidationAttestor.ReliefDiffers.selector);
    }

    function test_refusesValuesThatAreNotTheTangents() public {
        bytes4 relief = LiquidationAttestor.ReliefDiffers.selector;
        uint256[] memory v = plan();
        refusedValue(L.PUBLIC_RELIEF, v[L.PUBLIC_RELIEF] + 1, relief);
        refusedValue(L.PUBLIC_RELIEF + 1, v[L.PUBLIC_RELIEF + 1] - 1, relief);
        refusedValue(L.PUBLIC_RELIEF + 15, 1, relief);
        LiquidationAttestor.Portfolio memory p = portfolio();
        p.tangent.penaltyRate = 1 << 10;
        refused(v, p, relief);
        p.tangent.penaltyRate = uint32(uint256(ONE) / 100) + 1;
        refused(v, p, LiquidationAttestor.PenaltyAboveLimit.selector);
        bytes4 deficit = LiquidationAttestor.DeficitDiffers.selector;
        refusedValue(L.PUBLIC_SCALARS, v[L.PUBLIC_SCALARS] - 33, deficit);
        refusedValue(L.PUBLIC_SCALARS, v[L.PUBLIC_SCALARS] + uint256(75 * ONE / 100) + 33, deficit);
        bytes4 missing = LiquidationValues.MarginNotRestored.selector;
        refusedValue(L.EXCESS, (75 << 6) + 1, missing);
        v[L.EXCESS] = 75 << 6;
        attestPortfolio("plan", v, portfolio());
    }

    /// @dev Half of the weight makes a tangent that is below the margin, where little would have to be closed.
    function test_refusesATangentThatIsNotAtTheMargin() public {
        refused(plan(3 * EIGHTH, ALL / 2), portfolio(3 * EIGHTH, ALL / 2), LiquidationValues.MarginNotRestored.selector);
    }

    /// @dev ETH alone by a quarter: 6.8359375 of maintenance, and 8 of equity.
    function test_refusesAnAccountThatHasItsMaintenanceMargin() public {
        registerFrom(bar + 30, digest(2 * EIGHTH));
        refused(
            plan(2 * EIGHTH, ALL), portfolio(2 * EIGHTH, ALL), LiquidationAttestor.NotBelowMaintenance.selector
        );
    }

    function test_theGovernorRegistersMarginsAheadOfTime() public {
        vm.chainId(1);
        uint64 earliest = uint64(block.timestamp) + DELAY;
        vm.prank(address(0xbad));
        vm.expectRevert(abi.encodeWithSelector(MarginRegistry.NotTheGovernor.selector, address(0xbad)));
        attestor.registerMargin("m", earliest);
        vm.expectRevert(abi.encodeWithSelector(MarginRegistry.InForceTooSoon.selector, earliest - 1, earliest));
        attestor.registerMargin("m", earliest - 1);
        attestor.registerMargin("m", earliest);
        vm.expectRevert(abi.encodeWithSelector(MarginRegistry.InForceTooSoon.selector, earliest, earliest + 1));
        attestor.registerMargin("n", earliest);
        attestor.registerMargin("n", earliest + 1);
        equal(attestor.marginAt(bar - 1), 0);
        equal(attestor.marginAt(earliest - 1), 1);
        equal(attestor.marginAt(earliest), 2);
        equal(attestor.marginAt(earliest + 1), 3);
        vm.prank(address(0xbad));
        vm.expectRevert(abi.encodeWithSelector(MarginRegistry.NotTheGovernor.selector, address(0xbad)));
        attestor.withdrawMargin();
        attestor.withdrawMargin();
        equal(attestor.marginAt(earliest + 1), 2);
        vm.warp(earliest);
        vm.expectRevert(MarginRegistry.NothingToWithdraw.selector);
        attestor.withdrawMargin();
    }
}
