// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BarValues} from "../../src/BarValues.sol";
import {BookBinding} from "../../src/book/BookBinding.sol";
import {ChallengesMaker} from "../../src/book/ChallengesMaker.sol";
import {BookSums} from "../../src/book/BookSums.sol";
import {IBookBinding} from "../../src/book/IBookBinding.sol";
import {ICustody} from "../../src/book/ICustody.sol";
import {BarLayout as B} from "../../src/generated/Layout.sol";
import {RiskOracle} from "../../src/RiskOracle.sol";
import {OracleFixture} from "../OracleFixture.sol";

contract Vault is ICustody {
    uint256 public balance;

    function set(uint256 balance_) external {
        balance = balance_;
    }
}

/// @notice The fixture's book as three accounts hold it: 0.6 BTC at 100 and -0.8 ETH at 50, of a unit of 1.
contract BookBindingTest is OracleFixture {
    bytes32 private constant DIGEST = keccak256("the tree's root");
    int256 private constant MONEY = 1e8;
    Vault private vault = new Vault();
    BookBinding private accounts;

    function setUp() public override {
        accounts = new BookBinding(ICustody(address(0)), new ChallengesMaker());
        binding = accounts;
        super.setUp();
    }

    function two(uint128 first, uint128 second) private pure returns (bytes memory) {
        return abi.encodePacked(first, second);
    }

    function marketOf(bytes32 name, uint128 long, uint128 short, int128 entry) private pure returns (bytes memory) {
        return abi.encodePacked(name, long, short, entry, int128(0));
    }

    function header() private pure returns (bytes memory) {
        // cash 50, owed 2, 3 shares, 3 accounts
        return abi.encodePacked(two(50e8, 2e8), two(3e8, 3));
    }

    function sums() private pure returns (bytes memory) {
        return abi.encodePacked(
            header(), marketOf(BTC, 1e8, 0.4e8, 61e8), marketOf(ETH, 0.1e8, 0.9e8, -40e8)
        );
    }

    function pool() private pure returns (BookBinding.Pool memory) {
        return BookBinding.Pool(MONEY, 2 * MONEY, MONEY / 8, MONEY / 2);
    }

    function commitment(BookBinding.Pool memory pool_, bytes memory places, bytes memory sums_)
        private
        pure
        returns (bytes memory)
    {
        return abi.encode(DIGEST, pool_, places, sums_, bytes32(0), uint256(0));
    }

    function honest() private returns (RiskOracle.Epoch memory made) {
        made = epoch();
        made.book = commitment(pool(), hex"0001", sums());
    }

    function refusedBook(bytes memory book, bytes4 error) private {
        RiskOracle.Epoch memory made = epoch();
        made.book = book;
        refused(made, error);
    }

    function test_bindsABookWhoseSumsAreWhatIsProven() public {
        RiskOracle.Epoch memory made = honest();
        oracle.publish(made);
        vm.snapshotGasLastCall("publish, two markets, book bound, without the verifier");
        bytes32 root =
            sha256(abi.encodePacked(uint8(2), DIGEST, sha256(sums()), sha256(abi.encode(pool()))));
        holds(accounts.rootOf(address(oracle), 1) == root, "root");
        holds(accounts.rootOf(address(this), 1) == 0, "nobody else's");
        // Of the same book a single hidden account makes other sums: nothing is published of it.
        bar += BAR;
        state += 1;
        oracle.publish(honest());
        holds(accounts.rootOf(address(oracle), 2) == root, "the next one");
    }

    function test_whatACallerOtherThanTheOracleBindsIsItsOwn() public {
        IBookBinding.ProvenBook memory book;
        book.number = 1;
        book.unit = 1;
        accounts.requireBook(book, commitment(BookBinding.Pool(0, 0, 0, 0), "", header()));
        holds(accounts.rootOf(address(this), 1) != 0, "its own");
        holds(accounts.rootOf(address(oracle), 1) == 0, "not the oracle's");
    }

    function test_withoutACommitmentNothingIsPublished() public {
        RiskOracle.Epoch memory made = epoch();
        (bool done,) = address(oracle).call(abi.encodeCall(RiskOracle.publish, (made)));
        holds(!done, "unbound");
    }

    function test_refusesAPositionLeftOutAddedOrMoved() public {
        bytes4 differs = BookBinding.ExposureDiffers.selector;
        // A short position of 0.4 BTC left out, and one invented that hides the other's.
        refusedBook(
            commitment(
                pool(), hex"0001", abi.encodePacked(header(), marketOf(BTC, 1e8, 0, 61e8), marketOf(ETH, 0.1e8, 0.9e8, -40e8))
            ),
            differs
        );
        // Two of 10^-8 of a bitcoin are 33 units of 2^-24; a ten-millionth part of one is refused as well.
        refusedBook(
            commitment(
                pool(),
                hex"0001",
                abi.encodePacked(header(), marketOf(BTC, 1e8 + 2, 0.4e8, 61e8), marketOf(ETH, 0.1e8, 0.9e8, -40e8))
            ),
            differs
        );
        // ETH left out altogether.
        refusedBook(commitment(pool(), hex"00", abi.encodePacked(header(), marketOf(BTC, 1e8, 0.4e8, 21e8))), differs);
        RiskOracle.Epoch memory made = honest();
        made.bars[0].instances[B.EXPOSURES] -= 17;
        refused(made, differs);
    }

    function test_refusesMarketsThatAreNotTheModelsTwiceOrElsewhere() public {
        bytes memory btc = marketOf(BTC, 1e8, 0.4e8, 61e8);
        bytes memory eth = marketOf(ETH, 0.1e8, 0.9e8, -40e8);
        refusedBook(commitment(pool(), hex"0001", abi.encodePacked(header(), eth, btc)), BookBinding.MarketDiffers.selector);
        refusedBook(
            commitment(pool(), hex"0100", abi.encodePacked(header(), eth, btc)), BookBinding.MarketsOutOfOrder.selector
        );
        refusedBook(
            commitment(pool(), hex"000100", abi.encodePacked(header(), btc, eth, btc)),
            BookBinding.MarketsOutOfOrder.selector
        );
        refusedBook(
            commitment(pool(), hex"000102", abi.encodePacked(header(), btc, eth, marketOf("SOL", 1, 0, 0))),
            BookBinding.PlaceOutside.selector
        );
        refusedBook(commitment(pool(), hex"00", sums()), BookBinding.PlacesDiffer.selector);
        refusedBook(commitment(pool(), hex"0001", abi.encodePacked(sums(), hex"00")), BookSums.SumsInvalid.selector);
    }

    function test_refusesTermsThatAreNotThePools() public {
        RiskOracle.Epoch memory made;
        uint256[4] memory places = [BarValues.ENTRY, BarValues.CAPITAL, BarValues.LIQUIDITY, BarValues.PENDING];
        bytes4[4] memory errors = [
            BookBinding.EntryDiffers.selector,
            BookBinding.CapitalDiffers.selector,
            BookBinding.LiquidityDiffers.selector,
            BookBinding.PendingDiffers.selector
        ];
        for (uint256 i = 0; i < 4; i++) {
            // One unit of rounding is none; two are another amount, either way.
            made = honest();
            made.bars[0].instances[places[i]] += 2;
            refused(made, errors[i]);
            made = honest();
            made.bars[0].instances[places[i]] -= 2;
            refused(made, errors[i]);
        }
        made = honest();
        for (uint256 i = 0; i < 4; i++) made.bars[0].instances[places[i]] += 1;
        oracle.publish(made);
        BookBinding.Pool memory large = pool();
        large.other = 1 << 127;
        bar += BAR;
        state += 1;
        refusedBook(commitment(large, hex"0001", sums()), BookBinding.AmountTooLarge.selector);
    }

    function test_whatCustodyHoldsCoversWhatIsOwed() public {
        binding = new BookBinding(vault, accounts.maker());
        oracle = deployed();
        vm.warp(1_700_000_000);
        install(model(bar));
        // 50 of cash, 1 of P, 2 of L, 0.125 pending, 0.5 of others; debts of 2 are no money.
        uint256 owed = 53.625e18;
        vault.set(owed - 1);
        RiskOracle.Epoch memory made = honest();
        refused(made, BookBinding.CustodyShort.selector);
        vault.set(owed);
        oracle.publish(made);
    }

    /// @dev However the net position is made of longs and shorts, exposures are bound to within a unit and no further.
    function testFuzz_bindsTheNetPositionWhateverItIsMadeOf(uint64 both, int32 off) public {
        uint128 more = uint128(both);
        bytes memory changed = abi.encodePacked(
            header(),
            marketOf(BTC, 1e8 + more, 0.4e8 + more, 61e8),
            marketOf(ETH, 0.1e8 + more, 0.9e8 + more, -40e8)
        );
        RiskOracle.Epoch memory made = epoch();
        made.book = commitment(pool(), hex"0001", changed);
        int256 exposure = (60 << 24) + int256(off % 1000);
        made.bars[0].instances[B.EXPOSURES] = uint256(exposure);
        // 0.6 BTC at 100 are 60 units to the last one.
        if (off % 1000 <= 1 && off % 1000 >= -1) oracle.publish(made);
        else refused(made, BookBinding.ExposureDiffers.selector);
    }
}
