// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BarValues} from "../../src/BarValues.sol";
import {BookBinding} from "../../src/book/BookBinding.sol";
import {ChallengesMaker} from "../../src/book/ChallengesMaker.sol";
import {ICustody} from "../../src/book/ICustody.sol";
import {PremiumChallenges} from "../../src/book/PremiumChallenges.sol";
import {IProvenBars} from "../../src/LiquidationAttestor.sol";
import {TradeJournal} from "../../src/book/TradeJournal.sol";
import {UnpaidEntry} from "../../src/book/UnpaidEntry.sol";
import {PriceLayout as P} from "../../src/generated/Layout.sol";
import {LiquidationAttestor} from "../../src/LiquidationAttestor.sol";
import {RiskOracle} from "../../src/RiskOracle.sol";
import {OracleFixture} from "../OracleFixture.sol";

/// @notice Two epochs of a book of 0.6 BTC at 100 and -0.8 ETH at 50; in the second one's journal 0.1 BTC are bought, a quote is accepted for
/// -0.1 ETH and the operator takes both back: BTC and ETH are as they were.
abstract contract JournalFixture is OracleFixture {
    uint256 internal constant UNIT = 1e18;
    /// @dev percent of the unit, in units of 2^-24: 1 % and 0.5 %
    uint256 internal constant PREMIUM = 1 << 24;
    uint256 internal constant SPREAD = 1 << 23;
    bytes4 internal constant NOT_IN = TradeJournal.NotInJournal.selector;
    bytes4 internal constant BREAK = PremiumChallenges.BookDiffers.selector;

    address internal constant MALLORY = address(0xbad);
    bytes32 internal constant SALT = "salt";
    string internal constant BUST = '{"kind":"trade-busted","at":1,"tradeId":"t","account":"alice"}';

    struct Entry {
        bytes32 content;
        bytes rows;
        TradeJournal.Terms terms;
    }

    BookBinding internal accounts;
    PremiumChallenges internal challenges;
    Entry[3] internal entries;
    TradeJournal.Journal internal previous;
    TradeJournal.Journal internal journal;
    LiquidationAttestor.ProvenBar internal provenBar;

    function setUp() public virtual override {
        accounts = new BookBinding(ICustody(address(0)), new ChallengesMaker());
        binding = accounts;
        super.setUp();
        challenges = accounts.open(IProvenBars(address(oracle)));
        uint256 price = 100e18;
        bytes memory ofEth = row(ETH, -0.8e8, -40e8, -0.8e8, -40e8, 50e18);
        entries[0] = Entry("first", bytes.concat(row(BTC, 0.6e8, 61e8, 0.7e8, 71e8, price), ofEth), terms(1, 10e8));
        entries[1] = Entry(
            "second",
            bytes.concat(row(BTC, 0.7e8, 71e8, 0.7e8, 71e8, price), row(ETH, -0.8e8, -40e8, -0.9e8, -45e8, 50e18)),
            terms(2, -5e8)
        );
        entries[2] = Entry(
            contentOf(BUST),
            bytes.concat(row(BTC, 0.7e8, 71e8, 0.6e8, 61e8, price), row(ETH, -0.9e8, -45e8, -0.8e8, -40e8, 50e18)),
            TradeJournal.Terms(1, 0, 1e8, 2e8, 0.125e8, 0, 0, 0, 0)
        );
        previous = bind(0, 0);
        // The model and the variances that the second epoch's trades are priced with.
        keepProven();
        journal = bind(tree(), 3);
        vm.deal(address(this), 100 ether);
    }

    receive() external payable {}

    function row(bytes32 name, int128 before, int128 entry, int128 afterwards, int128 entryAfter, uint256 price)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(name, before, entry, afterwards, entryAfter, price);
    }

    function contentOf(string memory text) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(SALT, text));
    }

    function groundsOf(string memory text) internal pure returns (UnpaidEntry.Grounds memory) {
        return UnpaidEntry.Grounds(SALT, bytes(text), "", "", 0);
    }

    /// @dev Premia of 1 % and 0.5 % of a unit of 1, paid in full.
    function terms(uint8 kind, int256 traded) internal pure returns (TradeJournal.Terms memory) {
        return TradeJournal.Terms(1, kind, 1e8, 2e8, 0.125e8, traded, 0.01e8, 0.005e8, 0.015e8);
    }

    function leaf(uint256 i) internal view returns (TradeJournal.Leaf memory made) {
        made.content = entries[i].content;
        (made.before, made.afterwards, made.marks) = TradeJournal.digests(entries[i].rows);
        made.terms = sha256(abi.encode(entries[i].terms));
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(uint8(4), left, right));
    }

    function digestOf(uint256 i) internal view returns (bytes32) {
        return i < 3 ? TradeJournal.leafDigest(leaf(i)) : bytes32(0);
    }

    function tree() internal view returns (bytes32) {
        return node(node(digestOf(0), digestOf(1)), node(digestOf(2), digestOf(3)));
    }

    function path(uint256 i) internal view returns (bytes32[] memory made) {
        made = new bytes32[](2);
        made[0] = digestOf(i ^ 1);
        made[1] = i < 2 ? node(digestOf(2), digestOf(3)) : node(digestOf(0), digestOf(1));
    }

    function opening(uint256 i) internal view returns (PremiumChallenges.Opening memory made) {
        made.content = entries[i].content;
        made.rows = entries[i].rows;
        made.terms = entries[i].terms;
        made.path = path(i);
        if (i > 0) (made.preceding, made.precedingPath) = (leaf(i - 1), path(i - 1));
    }

    function answerFor(uint256 i) internal view returns (PremiumChallenges.Answer memory made) {
        made.bar = provenBar;
        made.places = hex"0001";
        made.unit = UNIT;
        made.instances = priceValues(i);
        if (i == 2) made.grounds = groundsOf(BUST);
    }

    /// @dev The governor's word for an entry.
    function allow(uint256 i) internal {
        challenges.allow(journal.number, i, digestOf(i));
    }

    /// @dev Public values of the `price` proof of an entry.
    function priceValues(uint256 i) internal view returns (uint256[] memory v) {
        v = new uint256[](P.COUNT);
        (v[P.MODEL_COMMITMENT], v[P.STATE_COMMITMENT]) = (previous.model, previous.state);
        for (uint256 side = 0; side < 2; side++) {
            (v[P.VOLATILITY + side], v[P.SCALED_VOLATILITY + side]) = (1 << 26, 1 << 27);
            (v[P.TILT + side], v[P.UPPER + side], v[P.SPREAD + side]) = (1 << 24, 3 << 24, 1 << 24);
            v[P.PUBLIC_BOOK + 2 + side] = 1 << 24;
            v[P.PUBLIC_BOOK + 4 + side] = 2 << 24;
            v[P.PUBLIC_BOOK + 6 + side] = 1 << 21;
        }
        for (uint256 r = 0; r < 2; r++) {
            TradeJournal.Row memory found = TradeJournal.row(entries[i].rows, r);
            v[P.EXPOSURES + r] = share(int256(found.before) * int256(found.price / 1e18));
            v[P.EXPOSURES + 32 + r] = share(int256(found.afterwards) * int256(found.price / 1e18));
        }
        v[P.PUBLIC_BOOK] = share(21e8 + (i == 1 ? int256(10e8) : i == 2 ? int256(5e8) : int256(0)));
        v[P.PUBLIC_BOOK + 1] = share(i == 0 ? int256(31e8) : i == 1 ? int256(26e8) : int256(21e8));
        (v[P.PUBLIC_BOOK + 8], v[P.PUBLIC_BOOK + 9]) = (uint256(int256(BUDGET)), KAPPA);
        (v[P.PREMIUM], v[P.LIQUIDITY_PREMIUM]) = (PREMIUM, SPREAD);
    }

    /// @dev money of 8 decimals in units of 2^-24 of a unit of 1
    function share(int256 money) internal pure returns (uint256) {
        int256 value = (money << 24) / 1e8;
        return value < 0 ? F - uint256(-value) : uint256(value);
    }

    /// @dev Publishes the next epoch with this journal.
    function bind(bytes32 root, uint256 count) internal returns (TradeJournal.Journal memory made) {
        bytes memory book = bytes.concat(BTC, bytes16(uint128(0.6e8)), bytes16(uint128(61e8)));
        int128 size = -0.8e8;
        int128 entry = -40e8;
        book = bytes.concat(book, ETH, bytes16(uint128(size)), bytes16(uint128(entry)));
        return bind(root, count, sha256(book));
    }

    function bind(bytes32 root, uint256 count, bytes32 closing) internal returns (TradeJournal.Journal memory made) {
        RiskOracle.Epoch memory next = epoch();
        next.book = committed(root, count);
        oracle.publish(next);
        bar += BAR;
        state += 1;
        made = TradeJournal.Journal({
            number: next.number,
            bar: next.bar,
            barSeconds: uint32(BAR),
            boundBlock: uint64(block.number),
            boundTime: uint64(block.timestamp),
            root: root,
            entries: count,
            closing: closing,
            model: 400,
            state: state
        });
        holds(accounts.journalOf(address(oracle), next.number) == TradeJournal.digest(made), "journal");
    }

    /// @dev Binds the entries as they stand now with one more epoch.
    function rebound() internal {
        previous = journal;
        provenBar.number = previous.number;
        provenBar.bar = previous.bar;
        journal = bind(tree(), 3);
    }

    function committed(bytes32 root, uint256 count) internal pure returns (bytes memory) {
        bytes memory sums = abi.encodePacked(uint128(50e8), uint128(2e8), uint128(3e8), uint128(3));
        sums = abi.encodePacked(sums, BTC, uint128(1e8), uint128(0.4e8), int128(61e8), int128(0));
        sums = abi.encodePacked(sums, ETH, uint128(0.1e8), uint128(0.9e8), int128(-40e8), int128(0));
        BookBinding.Pool memory pool = BookBinding.Pool(1e8, 2e8, 0.125e8, 0);
        return abi.encode(keccak256("tree"), pool, hex"0001", sums, root, count);
    }

    function keepProven() private {
        bytes32[] memory markets = new bytes32[](2);
        (markets[0], markets[1]) = (BTC, ETH);
        uint256[] memory variances = new uint256[](2);
        (variances[0], variances[1]) = (4 << 128, 9 << 128);
        provenBar =
            LiquidationAttestor.ProvenBar(1, previous.bar, uint32(BAR), int256(KAPPA), markets, variances);
    }

    function statusOf(uint256 index) internal view returns (PremiumChallenges.Status status) {
        (status,,,) = challenges.cases(2, index);
    }

    function challenged(uint256 index) internal {
        challenges.challenge{value: challenges.BOND()}(journal, previous, index);
    }

    /// @dev The third entry is answered for by the governor's word.
    function answered(uint256 index) internal {
        if (index == 2) allow(index);
        challenges.answer(journal, previous, index, opening(index), answerFor(index));
    }

    function refusedAnswer(
        uint256 index,
        PremiumChallenges.Opening memory open,
        PremiumChallenges.Answer memory given,
        bytes4 error
    ) internal {
        (bool done, bytes memory reason) = address(challenges).call(
            abi.encodeCall(PremiumChallenges.answer, (journal, previous, index, open, given))
        );
        holds(!done, "a false answer is taken");
        equal(uint32(bytes4(reason)), uint32(error));
    }
}
