// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BookInclusion} from "../../src/book/BookInclusion.sol";
import {BookSums} from "../../src/book/BookSums.sol";
import {IBookBinding} from "../../src/book/IBookBinding.sol";
import {LiquidationLayout as L} from "../../src/generated/Layout.sol";
import {LiquidationAttestor} from "../../src/LiquidationAttestor.sol";
import {RiskOracle} from "../../src/RiskOracle.sol";
import {AttestationFixture} from "../AttestationFixture.sol";
import {BookTree} from "./BookTree.sol";

/// @notice A liquidation is attested of an account in the committed book, with all it holds there.
contract AttestedLeafTest is AttestationFixture {
    bytes4 private constant NOT_IN = LiquidationAttestor.NotInTheBook.selector;

    function refusedLeaf(BookInclusion.Leaf memory of_, bytes4 error) private {
        LiquidationAttestor.Account memory a = account();
        a.leaf = of_;
        refusedFor(a, error);
    }

    function test_refusesAnAccountThatIsNotInTheBook() public {
        BookInclusion.Leaf memory l = leaf();
        l.account = "mallory";
        refusedLeaf(l, NOT_IN);
        l = leaf();
        l.salt = "another";
        refusedLeaf(l, NOT_IN);
        l = leaf();
        l.index = 1;
        refusedLeaf(l, NOT_IN);
        l.index = 4;
        refusedLeaf(l, BookInclusion.NoSuchLeaf.selector);
        l = leaf();
        l.pool = "another";
        refusedLeaf(l, NOT_IN);
        l = leaf();
        l.path = new BookInclusion.Node[](1);
        l.path[0] = bob();
        refusedLeaf(l, NOT_IN);
        l.path = new BookInclusion.Node[](41);
        refusedLeaf(l, BookInclusion.NoSuchLeaf.selector);
        // An inner node is no account.
        l = leaf();
        l.sums = BookSums.add(alice(), bob().sums);
        l.path = new BookInclusion.Node[](1);
        l.path[0] = BookTree.node(carol(), nobody());
        refusedLeaf(l, BookInclusion.NotOneAccount.selector);
    }

    function test_refusesOtherHoldingsThanTheCommittedOnes() public {
        BookInclusion.Leaf memory l = leaf();
        // A smaller position, no cash; and what is taken from alice given to bob, so that the sums are the same.
        for (uint256 at = 0; at < l.sums.length; at += 16) {
            l = leaf();
            l.sums[at + 15] = bytes1(uint8(l.sums[at + 15]) ^ 1);
            LiquidationAttestor.Account memory a = account();
            a.leaf = l;
            (bool done,) = address(attestor).call(
                abi.encodeCall(
                    LiquidationAttestor.attestLiquidation,
                    ("plan", provenBar(), a, LiquidationAttestor.Proof("", liquidation()), linear())
                )
            );
            holds(!done, "other holdings");
        }
        l = leaf();
        l.sums = BookTree.holding(
            16e8, bytes.concat(BookTree.market(BTC, 0.4e8, 0, 50e8), BookTree.market(ETH, 0, 2e8, -100e8))
        );
        l.path[0].sums = BookTree.holding(
            30e8, bytes.concat(BookTree.market(BTC, 0.6e8, 0.4e8, 11e8), BookTree.market(ETH, 2.1e8, 0.9e8, 60e8))
        );
        refusedLeaf(l, NOT_IN);
    }

    /// @dev The operator hides an invented account in a branch that claims the sums of carol alone.
    function test_aBranchThatItsSumsLeaveOutHasNoLeaves() public {
        BookInclusion.Node memory phantom = BookTree.leaf("mallory", alice());
        BookInclusion.Node memory branch = BookTree.node(carol(), phantom);
        branch.sums = carol().sums;
        BookInclusion.Node memory left = BookTree.node(BookTree.leaf("alice", alice()), bob());
        publishedWith(BookTree.node(left, branch));
        setPrices(bar + 60, 100e18, 50e18);
        LiquidationAttestor.ProvenBar memory of_ = provenBar();
        of_.number = 2;
        LiquidationAttestor.Account memory a = account();
        // Everybody in the honest branch is there.
        a.leaf.path[1] = branch;
        attestor.attestLiquidation("alice", of_, a, LiquidationAttestor.Proof("", liquidation()), linear());
        (a.leaf.account, a.leaf.index) = ("mallory", 3);
        (a.leaf.path[0], a.leaf.path[1]) = (carol(), left);
        uint256[] memory v = liquidation();
        v[L.EXCESS] = F - 2;
        attestRefused(of_, a, v, NOT_IN);
        // Nor with sums of carol that are made to add up.
        a.leaf.path[0].sums = nobody().sums;
        attestRefused(of_, a, v, NOT_IN);
    }

    function test_refusesPositionsThatAreNotAllOfTheLeafs() public {
        LiquidationAttestor.Account memory a = account();
        // The position in BTC left out.
        (a.places, a.rows) = (new uint8[](1), new uint8[](1));
        (a.places[0], a.rows[0]) = (1, 1);
        refusedFor(a, LiquidationAttestor.PositionsDiffer.selector);
        (a.places, a.rows) = (new uint8[](3), new uint8[](3));
        refusedFor(a, LiquidationAttestor.PositionsDiffer.selector);
        a = account();
        a.rows = new uint8[](1);
        refusedFor(a, LiquidationAttestor.PositionsDiffer.selector);
        a = account();
        (a.rows[0], a.rows[1]) = (0, 1);
        refusedFor(a, LiquidationAttestor.PositionNotInLeaf.selector);
        a.rows[0] = 2;
        refusedFor(a, LiquidationAttestor.PositionNotInLeaf.selector);
    }

    /// @dev Equity is 8 units and so is the margin's relief: the deficit is from 0 to a hundredth of the notional of 75.
    function test_theDeficitIsWhatTheLeafsEquityLeavesOfTheMargin() public {
        bytes4 differs = LiquidationAttestor.DeficitDiffers.selector;
        attestRefused(L.PUBLIC_SCALARS, F - 33, differs);
        attestRefused(L.PUBLIC_SCALARS, uint256(75 * ONE / 100) + 33, differs);
        LiquidationAttestor.Account memory a = account();
        // Funding of 0.5 was owed: a quarter of a unit more is missing, and no less.
        a.owed = 0.5e8;
        refusedFor(a, differs);
        a.owed = -0.5e8;
        uint256[] memory v = liquidation();
        v[L.PUBLIC_SCALARS] = F - uint256(ONE / 4);
        attestor.attestLiquidation("refund", provenBar(), a, LiquidationAttestor.Proof("", v), linear());
        // 1/128 of a notional of 150
        a.owed = 1.171875e8 + 1;
        refusedFor(a, LiquidationAttestor.OwedTooMuch.selector);
        a.owed = -a.owed;
        refusedFor(a, LiquidationAttestor.OwedTooMuch.selector);
        a.owed = 1.171875e8;
        v[L.PUBLIC_SCALARS] = uint256((75 * ONE) >> 7);
        attestor.attestLiquidation("plan", provenBar(), a, LiquidationAttestor.Proof("", v), linear());
    }

    function test_withoutABoundBookNothingIsAttested() public {
        oracle.propose(abi.encodeCall(RiskOracle.installBinding, (IBookBinding(address(0)))));
        vm.warp(block.timestamp + DELAY);
        oracle.installBinding(IBookBinding(address(0)));
        refusedFor(account(), LiquidationAttestor.BookNotBound.selector);
    }

    /// @dev Sums of a node: cash, accounts, and long, short and entry in each market that `which` has a bit for.
    function sums(uint128[8] memory of_, uint256 which, bool debit) private pure returns (bytes memory made) {
        made = abi.encodePacked(of_[0], uint128(0), uint128(0), of_[1]);
        for (uint256 m = 0; m < 2; m++) {
            if ((which >> m) & 1 == 0) continue;
            int128 entry = int128(of_[4 + 3 * m] >> 1);
            made = bytes.concat(
                made, BookTree.market(m == 0 ? BTC : ETH, of_[2 + 3 * m], of_[3 + 3 * m], debit ? -entry : entry)
            );
        }
    }

    /// @dev However holdings are spread over two nodes, the sums are those of both.
    function testFuzz_addsUpWhatTwoNodesHold(uint128[8] memory a, uint128[8] memory b, uint8 which) public pure {
        for (uint256 i = 0; i < 8; i++) (a[i], b[i]) = (a[i] >> 1, b[i] >> 1);
        (bytes memory x, bytes memory y) = (sums(a, which & 3, false), sums(b, which >> 6, true));
        bytes memory both = BookSums.add(x, y);
        holds(keccak256(both) == keccak256(BookSums.add(y, x)), "order");
        equal(BookSums.totals(both).cash, a[0] + b[0]);
        equal(BookSums.totals(both).accounts, a[1] + b[1]);
        uint256 found = 0;
        for (uint256 m = 0; m < 2; m++) {
            (uint128 inA, uint128 inB) = (uint128(which >> m) & 1, uint128(which >> (6 + m)) & 1);
            if (inA + inB == 0) continue;
            BookSums.Market memory market = BookSums.market(both, found++);
            holds(market.name == (m == 0 ? BTC : ETH), "name");
            equal(market.long, inA * a[2 + 3 * m] + inB * b[2 + 3 * m]);
            equal(market.short, inA * a[3 + 3 * m] + inB * b[3 + 3 * m]);
            holds(
                market.entry == int128(inA * (a[4 + 3 * m] >> 1)) - int128(inB * (b[4 + 3 * m] >> 1)), "entry"
            );
        }
        equal(BookSums.count(both), found);
    }

    function test_refusesSumsThatWrapAroundOrAreOutOfOrder() public {
        bytes memory one = bytes.concat(new bytes(64), BookTree.market(BTC, 1 << 127, 0, 0));
        refusedSum(one, one, BookSums.SumTooLarge.selector);
        one = bytes.concat(new bytes(64), BookTree.market(BTC, 0, 1 << 127, 0));
        refusedSum(one, one, BookSums.SumTooLarge.selector);
        one = bytes.concat(new bytes(64), BookTree.market(BTC, 0, 0, type(int128).max));
        refusedSum(one, one, BookSums.SumTooLarge.selector);
        one = bytes.concat(new bytes(64), BookTree.market(BTC, 0, 0, type(int128).min));
        refusedSum(one, one, BookSums.SumTooLarge.selector);
        one = abi.encodePacked(type(uint128).max, uint128(0), uint128(0), uint128(0));
        refusedSum(one, one, BookSums.SumTooLarge.selector);
        one = abi.encodePacked(uint128(0), uint128(0), uint128(0), type(uint128).max);
        refusedSum(one, one, BookSums.SumTooLarge.selector);
        bytes memory btc = BookTree.market(BTC, 1, 0, 0);
        bytes memory eth = BookTree.market(ETH, 1, 0, 0);
        bytes4 order = BookSums.SumsOutOfOrder.selector;
        refusedSum(bytes.concat(new bytes(64), eth, btc), new bytes(64), order);
        refusedSum(new bytes(64), bytes.concat(new bytes(64), btc, btc), order);
        refusedSum(bytes.concat(new bytes(64), BookTree.market(0, 1, 0, 0)), new bytes(64), order);
        // The name that stands for the end of a list.
        refusedSum(bytes.concat(new bytes(64), BookTree.market(bytes32(type(uint256).max), 1, 0, 0)), one, order);
        refusedSum(new bytes(63), one, BookSums.SumsInvalid.selector);
    }

    function refusedSum(bytes memory x, bytes memory y, bytes4 error) private {
        (bool done, bytes memory reason) = address(this).call(abi.encodeCall(this.added, (x, y)));
        holds(!done, "sums that are none");
        equal(uint32(bytes4(reason)), uint32(error));
    }

    function added(bytes memory x, bytes memory y) external pure returns (bytes memory) {
        return BookSums.add(x, y);
    }

    /// @dev Cost of a path of 20 levels whose nodes have 32 markets each: a book of a million accounts.
    function test_aPathOfAMillionAccounts() public {
        BookInclusion.Leaf memory l = leaf();
        l.path = new BookInclusion.Node[](20);
        bytes memory markets = "";
        for (uint256 i = 0; i < 32; i++) {
            markets = bytes.concat(markets, BookTree.market(bytes32(bytes2(uint16(0x4141 + i))), 7e8, 3e8, -5e8));
        }
        for (uint256 i = 0; i < 20; i++) l.path[i] = BookTree.leaf("other", BookTree.holding(1e8, markets));
        (uint256 gas_, bytes32 root) = this.measured(l);
        holds(root != 0, "root");
        holds(gas_ < 800_000, "gas");
        vm.snapshotValue("path of a million accounts of 32 markets", gas_);
    }

    function measured(BookInclusion.Leaf calldata l) external view returns (uint256 used, bytes32 root) {
        used = gasleft();
        root = BookInclusion.rootOf(l);
        used -= gasleft();
    }
}
