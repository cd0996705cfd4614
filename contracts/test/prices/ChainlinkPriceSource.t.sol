// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Timelocked} from "../../src/governance/Timelocked.sol";
import {ChainlinkPriceSource, IAggregatorV3} from "../../src/prices/ChainlinkPriceSource.sol";
import {IPriceSource} from "../../src/prices/IPriceSource.sol";
import {Base} from "../Base.sol";

/// @notice Rounds as a Chainlink aggregator keeps them.
contract Rounds is IAggregatorV3 {
    uint8 public immutable decimals;
    uint80 public latest;
    mapping(uint80 => int256) public answers;
    mapping(uint80 => uint256) public updated;

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }

    function push(int256 answer, uint256 at) external {
        latest++;
        (answers[latest], updated[latest]) = (answer, at);
    }

    /// @dev another aggregator behind the proxy: rounds begin at one again
    function beginPhase() external {
        latest = ((latest >> 64) + 1) << 64;
    }

    function getRoundData(uint80 id) public view returns (uint80, int256, uint256, uint256, uint80) {
        require(updated[id] != 0, "No data present");
        return (id, answers[id], updated[id], updated[id], id);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(latest);
    }
}

contract ChainlinkPriceSourceTest is Base {
    bytes32 private constant BTC = "BTC";
    uint32 private constant DELAY = 1 days;

    function feed(IAggregatorV3 rounds, uint32 heartbeat) private pure returns (ChainlinkPriceSource.FeedTerms memory) {
        return ChainlinkPriceSource.FeedTerms(BTC, rounds, heartbeat);
    }

    function deployed(IAggregatorV3 rounds) private returns (ChainlinkPriceSource) {
        ChainlinkPriceSource.FeedTerms[] memory feeds = new ChainlinkPriceSource.FeedTerms[](1);
        feeds[0] = feed(rounds, 3600);
        return new ChainlinkPriceSource(address(this), address(this), address(this), DELAY, feeds);
    }

    function test_takesTheRoundInForceAtTheBarsEnd() public {
        vm.warp(100_000);
        Rounds rounds = new Rounds(8);
        ChainlinkPriceSource source = deployed(rounds);
        rounds.push(100e8, 1000);
        rounds.push(101e8, 5000);
        rounds.push(102e8, 5400);
        rounds.push(-1, 9000);
        rounds.push(103e8, 200_000);
        source.record(BTC, 5399, 2);
        equal(source.priceAt(BTC, 5399), 101e18);
        source.record(BTC, 5400, 3);
        equal(source.priceAt(BTC, 5400), 102e18);
        vm.expectRevert(abi.encodeWithSelector(ChainlinkPriceSource.RoundAfterBar.selector, uint80(3), 5400, uint64(5300)));
        source.record(BTC, 5300, 3);
        vm.expectRevert(abi.encodeWithSelector(ChainlinkPriceSource.RoundNotLast.selector, uint80(2), 5400, uint64(5500)));
        source.record(BTC, 5500, 2);
        vm.expectRevert(abi.encodeWithSelector(ChainlinkPriceSource.AnswerStale.selector, uint80(1), 1000, uint64(4999)));
        source.record(BTC, 4999, 1);
        vm.expectRevert(abi.encodeWithSelector(ChainlinkPriceSource.AnswerNotPositive.selector, uint80(4), int256(-1)));
        source.record(BTC, 9000, 4);
        vm.expectRevert(abi.encodeWithSelector(IPriceSource.BarNotOver.selector, uint64(100_001)));
        source.record(BTC, 100_001, 4);
        vm.expectRevert(abi.encodeWithSelector(ChainlinkPriceSource.FeedUnknown.selector, bytes32("ETH")));
        source.record("ETH", 5400, 1);
        vm.expectRevert(abi.encodeWithSelector(IPriceSource.PriceUnknown.selector, BTC, uint64(1)));
        source.priceAt(BTC, 1);
    }

    function testFuzz_scalesAnyDecimalsAndNeverChangesAPrice(uint8 decimals, uint64 answer) public {
        decimals = uint8(bound(decimals, 0, 24));
        vm.assume(answer > 1e7);
        vm.warp(10_000);
        Rounds rounds = new Rounds(decimals);
        ChainlinkPriceSource source = deployed(rounds);
        rounds.push(int256(uint256(answer)), 1000);
        source.record(BTC, 2000, 1);
        uint256 expected = decimals <= 18 ? uint256(answer) * 10 ** (18 - decimals) : uint256(answer) / 10 ** (decimals - 18);
        equal(source.priceAt(BTC, 2000), expected);
        rounds.push(1, 1500);
        source.record(BTC, 2000, 2);
        equal(source.priceAt(BTC, 2000), expected);
    }

    /// @dev The last round of an old phase was taken for the price of bars of the next phase.
    function test_aRoundOfAnOldPhaseIsNotInForceOnceTheNextHasBegun() public {
        vm.warp(100_000);
        Rounds rounds = new Rounds(8);
        ChainlinkPriceSource source = deployed(rounds);
        rounds.beginPhase();
        rounds.push(100e8, 5000);
        rounds.beginPhase();
        rounds.push(200e8, 6000);
        rounds.push(201e8, 6500);
        uint80 old = (1 << 64) | 1;
        uint80 first = (2 << 64) | 1;
        vm.expectRevert(abi.encodeWithSelector(ChainlinkPriceSource.PhaseNotLast.selector, old, first, uint64(6000)));
        source.record(BTC, 6000, old);
        vm.expectRevert(abi.encodeWithSelector(ChainlinkPriceSource.PhaseNotLast.selector, old, first, uint64(7000)));
        source.record(BTC, 7000, old);
        // Before the phase began its round is in force, though there is no next one in its phase.
        source.record(BTC, 5999, old);
        equal(source.priceAt(BTC, 5999), 100e18);
        source.record(BTC, 6000, first);
        equal(source.priceAt(BTC, 6000), 200e18);
        rounds.beginPhase();
        rounds.push(300e8, 8000);
        // Two phases later the first one's round is still refused, and a phase without rounds is passed over.
        rounds.beginPhase();
        rounds.beginPhase();
        rounds.push(301e8, 9000);
        vm.expectRevert(abi.encodeWithSelector(ChainlinkPriceSource.PhaseNotLast.selector, old, first, uint64(8001)));
        source.record(BTC, 8001, old);
        source.record(BTC, 8001, (3 << 64) | 1);
        equal(source.priceAt(BTC, 8001), 300e18);
    }

    function test_aFeedChangesOnlyAfterTheDelay() public {
        vm.warp(100_000);
        Rounds rounds = new Rounds(8);
        ChainlinkPriceSource source = deployed(rounds);
        ChainlinkPriceSource.FeedTerms memory next = feed(new Rounds(8), 60);
        bytes memory call = abi.encodeCall(source.setFeed, (next));
        vm.expectRevert(
            abi.encodeWithSelector(Timelocked.NotProposed.selector, source.setFeed.selector, keccak256(call))
        );
        source.setFeed(next);
        source.propose(call);
        vm.warp(100_000 + DELAY - 1);
        vm.expectRevert(
            abi.encodeWithSelector(Timelocked.NotInstallableYet.selector, source.setFeed.selector, 100_000 + DELAY)
        );
        source.setFeed(next);
        vm.warp(100_000 + DELAY);
        source.setFeed(next);
        (IAggregatorV3 aggregator,, uint32 heartbeat) = source.feeds(BTC);
        holds(aggregator == next.aggregator && heartbeat == 60, "set");
        vm.expectRevert(abi.encodeWithSelector(ChainlinkPriceSource.FeedInvalid.selector, BTC));
        source.propose(abi.encodeCall(source.setFeed, (feed(rounds, 0))));
        vm.expectRevert(abi.encodeWithSelector(ChainlinkPriceSource.FeedInvalid.selector, BTC));
        source.propose(abi.encodeCall(source.setFeed, (feed(IAggregatorV3(address(1)), 60))));
    }
}
