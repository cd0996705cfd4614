// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChainlinkPriceSource, IAggregatorV3} from "../src/ChainlinkPriceSource.sol";
import {IPriceSource} from "../src/IPriceSource.sol";
import {SignedPriceSource} from "../src/SignedPriceSource.sol";
import {Base} from "./Base.sol";

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

    function getRoundData(uint80 id) public view returns (uint80, int256, uint256, uint256, uint80) {
        return (id, answers[id], updated[id], updated[id], id);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(latest);
    }
}

contract PriceSourcesTest is Base {
    bytes32 private constant BTC = "BTC";
    uint256 private constant SECRET = 0xa11ce;

    function test_chainlink_takesTheRoundInForceAtTheBarsEnd() public {
        vm.warp(100_000);
        Rounds rounds = new Rounds(8);
        ChainlinkPriceSource source = new ChainlinkPriceSource(address(this));
        source.setFeed(BTC, rounds, 3600);
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
        vm.expectRevert(abi.encodeWithSelector(ChainlinkPriceSource.BarNotOver.selector, uint64(100_001)));
        source.record(BTC, 100_001, 4);
        vm.expectRevert(abi.encodeWithSelector(ChainlinkPriceSource.FeedUnknown.selector, bytes32("ETH")));
        source.record("ETH", 5400, 1);
        vm.expectRevert(abi.encodeWithSelector(IPriceSource.PriceUnknown.selector, BTC, uint64(1)));
        source.priceAt(BTC, 1);
    }

    function testFuzz_chainlink_scalesAnyDecimalsAndNeverChangesAPrice(uint8 decimals, uint64 answer) public {
        decimals = uint8(bound(decimals, 0, 24));
        vm.assume(answer > 1e7);
        vm.warp(10_000);
        Rounds rounds = new Rounds(decimals);
        ChainlinkPriceSource source = new ChainlinkPriceSource(address(this));
        source.setFeed(BTC, rounds, 3600);
        rounds.push(int256(uint256(answer)), 1000);
        source.record(BTC, 2000, 1);
        uint256 expected = decimals <= 18 ? uint256(answer) * 10 ** (18 - decimals) : uint256(answer) / 10 ** (decimals - 18);
        equal(source.priceAt(BTC, 2000), expected);
        rounds.push(1, 1500);
        source.record(BTC, 2000, 2);
        equal(source.priceAt(BTC, 2000), expected);
    }

    function test_signed_takesTheReportersPricesOnce() public {
        SignedPriceSource source = new SignedPriceSource(vm.addr(SECRET));
        (bytes32[] memory markets, uint256[] memory prices) = update(100e18);
        source.submit(3600, markets, prices, signed(source, 3600, markets, prices));
        equal(source.priceAt(BTC, 3600), 100e18);
        // Once more is nothing new.
        source.submit(3600, markets, prices, signed(source, 3600, markets, prices));
        (, prices) = update(101e18);
        bytes memory second = signed(source, 3600, markets, prices);
        vm.expectRevert(
            abi.encodeWithSelector(SignedPriceSource.PriceDiffers.selector, BTC, uint64(3600), 100e18, 101e18)
        );
        source.submit(3600, markets, prices, second);
    }

    function testFuzz_signed_refusesWhatTheReporterDidNotSign(uint64 bar, uint256 price, uint256 other) public {
        vm.assume(price != 0 && other != price);
        SignedPriceSource source = new SignedPriceSource(vm.addr(SECRET));
        (bytes32[] memory markets, uint256[] memory prices) = update(price);
        bytes memory signature = signed(source, bar, markets, prices);
        prices[0] = other;
        vm.expectRevert();
        source.submit(bar, markets, prices, signature);
        prices[0] = price;
        source.submit(bar, markets, prices, signature);
        equal(source.priceAt(BTC, bar), price);
    }

    function test_signed_refusesZeroAndListsOfDifferentLength() public {
        SignedPriceSource source = new SignedPriceSource(vm.addr(SECRET));
        (bytes32[] memory markets, uint256[] memory prices) = update(0);
        bytes memory signature = signed(source, 1, markets, prices);
        vm.expectRevert(abi.encodeWithSelector(SignedPriceSource.PriceIsZero.selector, BTC));
        source.submit(1, markets, prices, signature);
        vm.expectRevert(abi.encodeWithSelector(SignedPriceSource.LengthsDiffer.selector, 1, 0));
        source.submit(1, markets, new uint256[](0), signature);
    }

    function update(uint256 price) private pure returns (bytes32[] memory markets, uint256[] memory prices) {
        markets = new bytes32[](1);
        prices = new uint256[](1);
        (markets[0], prices[0]) = (BTC, price);
    }

    function signed(SignedPriceSource source, uint64 bar, bytes32[] memory markets, uint256[] memory prices)
        private
        view
        returns (bytes memory)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("zkrisk prices"),
                keccak256("1"),
                block.chainid,
                address(source)
            )
        );
        bytes32 content = keccak256(
            abi.encode(
                source.PRICES_TYPEHASH(),
                bar,
                keccak256(abi.encodePacked(markets)),
                keccak256(abi.encodePacked(prices))
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(SECRET, keccak256(abi.encodePacked(hex"1901", domain, content)));
        return abi.encodePacked(r, s, v);
    }
}
