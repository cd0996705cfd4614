// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Timelocked} from "../../src/governance/Timelocked.sol";
import {IPriceSource} from "../../src/prices/IPriceSource.sol";
import {MedianPriceSource} from "../../src/prices/MedianPriceSource.sol";
import {Base} from "../Base.sol";

contract MedianPriceSourceTest is Base {
    bytes32 private constant BTC = "BTC";
    bytes32 private constant ETH = "ETH";
    uint32 private constant DELAY = 1 days;
    /// @dev sorted by address
    uint256[5] private _secrets;
    MedianPriceSource private source;

    function setUp() public {
        vm.warp(1_000_000);
        for (uint256 i = 0; i < 5; i++) _secrets[i] = 0xa11ce + i;
        for (uint256 i = 1; i < 5; i++) {
            for (uint256 j = i; j > 0 && vm.addr(_secrets[j - 1]) > vm.addr(_secrets[j]); j--) {
                (_secrets[j], _secrets[j - 1]) = (_secrets[j - 1], _secrets[j]);
            }
        }
        source = new MedianPriceSource(address(1), address(this), address(3), DELAY, addresses(5), 3);
    }

    function addresses(uint256 count) private view returns (address[] memory found) {
        found = new address[](count);
        for (uint256 i = 0; i < count; i++) found[i] = vm.addr(_secrets[i]);
    }

    function markets() private pure returns (bytes32[] memory found) {
        found = new bytes32[](2);
        (found[0], found[1]) = (BTC, ETH);
    }

    function report(uint256 who, uint64 bar, uint256 btc, uint256 eth)
        private
        view
        returns (MedianPriceSource.Report memory made)
    {
        made.prices = new uint256[](2);
        (made.prices[0], made.prices[1]) = (btc, eth);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("zkrisk prices"),
                keccak256("2"),
                block.chainid,
                address(source)
            )
        );
        bytes32 content = keccak256(
            abi.encode(
                source.REPORT_TYPEHASH(),
                bar,
                keccak256(abi.encodePacked(markets())),
                keccak256(abi.encodePacked(made.prices))
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_secrets[who], keccak256(abi.encodePacked(hex"1901", domain, content)));
        made.signature = abi.encodePacked(r, s, v);
    }

    function three(uint64 bar, uint256 a, uint256 b, uint256 c)
        private
        view
        returns (MedianPriceSource.Report[] memory made)
    {
        made = new MedianPriceSource.Report[](3);
        (made[0], made[1], made[2]) = (report(0, bar, a, a), report(2, bar, b, b), report(4, bar, c, c));
    }

    function test_holdsTheMedianOfAQuorumOnce() public {
        source.submit(3600, markets(), three(3600, 101e18, 99e18, 100e18));
        equal(source.priceAt(BTC, 3600), 100e18);
        equal(source.priceAt(ETH, 3600), 100e18);
        // Later reports of the same bar change no price.
        source.submit(3600, markets(), three(3600, 1, 2, 3));
        equal(source.priceAt(BTC, 3600), 100e18);
        vm.expectRevert(abi.encodeWithSelector(IPriceSource.PriceUnknown.selector, BTC, uint64(7200)));
        source.priceAt(BTC, 7200);
    }

    /// @dev One reporter of three lies by any factor, wherever it stands: the price stays between those of the other two.
    function testFuzz_oneLiarMovesNoPriceOutOfWhatTheOthersSay(uint256 lie, uint256 a, uint256 b, uint8 place) public {
        uint256[3] memory said = [bound(a, 1, 1e30), bound(b, 1, 1e30), bound(lie, 1, type(uint256).max)];
        (uint256 low, uint256 high) = said[0] < said[1] ? (said[0], said[1]) : (said[1], said[0]);
        (said[place % 3], said[2]) = (said[2], said[place % 3]);
        source.submit(3600, markets(), three(3600, said[0], said[1], said[2]));
        uint256 held = source.priceAt(BTC, 3600);
        holds(held >= low && held <= high, "between");
    }

    function testFuzz_refusesWhatAReporterDidNotSign(uint256 price, uint256 other, uint64 bar) public {
        vm.assume(price != 0 && other != price && bar != 3600);
        MedianPriceSource.Report[] memory made = three(3600, price, price, price);
        made[1].prices[0] = other;
        vm.expectRevert();
        source.submit(3600, markets(), made);
        made[1].prices[0] = price;
        vm.expectRevert();
        source.submit(bar, markets(), made);
        source.submit(3600, markets(), made);
        equal(source.priceAt(BTC, 3600), price);
    }

    function test_refusesTooFewReportsOneReporterTwiceAndStrangers() public {
        MedianPriceSource.Report[] memory two = new MedianPriceSource.Report[](2);
        (two[0], two[1]) = (report(0, 3600, 1, 1), report(1, 3600, 1, 1));
        vm.expectRevert(abi.encodeWithSelector(MedianPriceSource.WrongNumberOfReports.selector, 3, 2));
        source.submit(3600, markets(), two);
        MedianPriceSource.Report[] memory made = three(3600, 1, 1, 1);
        made[1] = made[0];
        address first = vm.addr(_secrets[0]);
        vm.expectRevert(abi.encodeWithSelector(MedianPriceSource.ReportersOutOfOrder.selector, first, first));
        source.submit(3600, markets(), made);
        made = three(3600, 1, 1, 1);
        (made[0], made[1]) = (made[1], made[0]);
        vm.expectRevert();
        source.submit(3600, markets(), made);
        made = three(3600, 1, 1, 1);
        uint256 kept = _secrets[2];
        _secrets[2] = 0xbad;
        made[1] = report(2, 3600, 1, 1);
        _secrets[2] = kept;
        vm.expectRevert(abi.encodeWithSelector(MedianPriceSource.NotReporter.selector, vm.addr(0xbad)));
        source.submit(3600, markets(), made);
    }

    function test_refusesBarsOfTheFutureZeroAndListsOfDifferentLength() public {
        uint64 future = 1_000_001;
        MedianPriceSource.Report[] memory made = three(future, 1, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IPriceSource.BarNotOver.selector, future));
        source.submit(future, markets(), made);
        vm.warp(future);
        source.submit(future, markets(), made);
        made = three(3600, 1, 1, 1);
        made[2] = report(4, 3600, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(MedianPriceSource.PriceIsZero.selector, ETH));
        source.submit(3600, markets(), made);
        vm.expectRevert(abi.encodeWithSelector(MedianPriceSource.LengthsDiffer.selector, 0, 2));
        source.submit(3600, new bytes32[](0), made);
    }

    function test_reportersChangeOnlyAfterTheDelay() public {
        bytes memory call = abi.encodeCall(source.setReporters, (addresses(3), 1));
        source.propose(call);
        vm.expectRevert();
        source.setReporters(addresses(3), 1);
        vm.warp(block.timestamp + DELAY);
        source.setReporters(addresses(3), 1);
        holds(source.isReporter(vm.addr(_secrets[2])) && !source.isReporter(vm.addr(_secrets[3])), "set");
        equal(source.quorum(), 1);
        equal(source.reporters().length, 3);
    }

    function test_offLocalChainsAQuorumIsThreeAtLeastAndOddAndReportersHaveNoOtherDuty() public {
        vm.chainId(1);
        uint256[3] memory refused = [uint256(1), 2, 4];
        for (uint256 i = 0; i < 3; i++) {
            vm.expectRevert(MedianPriceSource.ReportersInvalid.selector);
            new MedianPriceSource(address(1), address(2), address(3), DELAY, addresses(5), refused[i]);
        }
        new MedianPriceSource(address(1), address(2), address(3), DELAY, addresses(5), 5);
        address[] memory some = addresses(5);
        vm.expectRevert();
        new MedianPriceSource(address(1), address(2), some[1], DELAY, some, 3);
        vm.expectRevert();
        new MedianPriceSource(address(1), address(2), address(2), DELAY, some, 3);
        vm.expectRevert(abi.encodeWithSelector(Timelocked.DelayTooShort.selector, DELAY - 1, DELAY));
        new MedianPriceSource(address(1), address(2), address(3), DELAY - 1, some, 3);
        vm.chainId(31337);
        vm.expectRevert(MedianPriceSource.ReportersInvalid.selector);
        new MedianPriceSource(address(1), address(2), address(3), 0, some, 0);
        vm.expectRevert(MedianPriceSource.ReportersInvalid.selector);
        new MedianPriceSource(address(1), address(2), address(3), 0, some, 6);
        (some[0], some[1]) = (some[1], some[0]);
        vm.expectRevert();
        new MedianPriceSource(address(1), address(2), address(3), 0, some, 3);
    }
}
