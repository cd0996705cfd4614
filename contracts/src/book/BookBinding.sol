// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BookSums} from "./BookSums.sol";
import {ChallengesMaker} from "./ChallengesMaker.sol";
import {IBookBinding} from "./IBookBinding.sol";
import {ICustody} from "./ICustody.sol";
import {IProvenBars} from "../LiquidationAttestor.sol";
import {IJournals, PremiumChallenges} from "./PremiumChallenges.sol";
import {TradeJournal} from "./TradeJournal.sol";

/// @title Binds the book in an epoch's proofs to the sums of all accounts, and keeps the root of every account's inclusion.
/// @notice Exposures are the accounts' sizes at the prices that the oracle holds, entry their entry notional, capital, liquidity and
/// pending amounts the pool's that the root binds. A custody's money must cover the debts. The journal of all trades since the epoch
/// before is bound with it, so that anybody can challenge a premium.
contract BookBinding is IBookBinding, IJournals {
    /// @dev 8 decimals to 18
    int256 private constant MONEY = 1e10;
    int256 private constant SIZES = 1e8;
    /// @dev amounts that nothing is multiplied with beyond 256 bits
    int256 private constant LARGEST = 1 << 127;

    /// @notice The pool's amounts, money with 8 decimals: no account holds them.
    struct Pool {
        /// @dev P, less losses that nobody has borne yet
        int256 capital;
        int256 liquidity;
        int256 pending;
        /// @dev owed to providers, to holders of notes, and kept for defaults
        int256 other;
    }

    /// @notice Holds the exchange's money; the zero address where the sums of cash are not compared.
    ICustody public immutable custody;
    ChallengesMaker public immutable maker;
    /// @inheritdoc IBookBinding
    mapping(address oracle => mapping(uint64 number => bytes32)) public rootOf;
    /// @inheritdoc IJournals
    mapping(address oracle => mapping(uint64 number => bytes32)) public journalOf;
    /// @notice Where trades of an oracle's epochs are challenged; the zero address until somebody opens it.
    mapping(address oracle => PremiumChallenges) public challengesOf;

    error PlacesDiffer(uint256 markets, uint256 places);
    error PlaceOutside(uint256 place, uint256 markets);
    error MarketDiffers(bytes32 inSums, bytes32 inModel);
    error MarketsOutOfOrder(bytes32 before, bytes32 market);
    error ExposureDiffers(bytes32 market, int256 proven, int256 net, uint256 price);
    error EntryDiffers(int256 proven, int256 inSums);
    error CapitalDiffers(int256 proven, int256 committed);
    error LiquidityDiffers(int256 proven, int256 committed);
    error PendingDiffers(int256 proven, int256 committed);
    error AmountTooLarge(int256 amount);
    error CustodyShort(uint256 balance, int256 owed);
    error AlreadyOpen(address oracle);
    /// @notice A challenged trade was not answered for in time: nothing more is bound.
    error EpochDisputed(uint64 number);

    /// @notice The book of an epoch: look for your account under this root.
    event BookBound(address indexed oracle, uint64 indexed number, uint64 indexed bar, bytes32 root, uint256 accounts);
    /// @notice The journal of an epoch, as challenges of its entries need it.
    event JournalBound(address indexed oracle, uint64 indexed number, TradeJournal.Journal journal);
    event ChallengesOpened(address indexed oracle, PremiumChallenges challenges);

    constructor(ICustody custody_, ChallengesMaker maker_) {
        (custody, maker) = (custody_, maker_);
    }

    /// @inheritdoc IBookBinding
    /// @param commitment (bytes32 digest of the tree's root, Pool, bytes places, bytes sums, bytes32 root of the journal, uint256 entries in
    /// it): for each market of the sums a byte with its place among the epoch's, and the sums of all accounts as
    /// libs/commitment encodes them
    function requireBook(ProvenBook calldata book, bytes calldata commitment) external {
        PremiumChallenges challenges = challengesOf[msg.sender];
        if (address(challenges) != address(0) && challenges.disputed() != 0) {
            revert EpochDisputed(challenges.disputed());
        }
        (bytes32 digest, Pool memory pool, bytes memory places, bytes memory sums, bytes32 journal, uint256 entries) =
            abi.decode(commitment, (bytes32, Pool, bytes, bytes, bytes32, uint256));
        _bindJournal(book, journal, entries, _requirePositions(book, places, sums));
        _requirePool(book, pool);
        BookSums.Totals memory totals = BookSums.totals(sums);
        if (address(custody) != address(0)) _requireCustody(totals, pool);
        bytes32 root = BookSums.root(digest, sums, sha256(abi.encode(pool)));
        rootOf[msg.sender][book.number] = root;
        emit BookBound(msg.sender, book.number, book.bar, root, totals.accounts);
    }

    /// @notice Makes the contract where trades of an oracle's epochs are challenged, once; the caller gets no right in it.
    function open(IProvenBars oracle) external returns (PremiumChallenges made) {
        if (address(challengesOf[address(oracle)]) != address(0)) revert AlreadyOpen(address(oracle));
        made = maker.make(oracle, this);
        challengesOf[address(oracle)] = made;
        emit ChallengesOpened(address(oracle), made);
    }

    /// @inheritdoc IBookBinding
    function disputed(address oracle) external view returns (bool) {
        PremiumChallenges challenges = challengesOf[oracle];
        return address(challenges) != address(0) && challenges.disputed() != 0;
    }

    /// @dev Keeps the digest of the journal, with the model and the state that the next epoch's trades are priced on.
    function _bindJournal(ProvenBook calldata book, bytes32 root, uint256 entries, bytes32 closing) private {
        TradeJournal.Journal memory journal = TradeJournal.Journal({
            number: book.number,
            bar: book.bar,
            barSeconds: book.barSeconds,
            boundBlock: uint64(block.number),
            boundTime: uint64(block.timestamp),
            root: root,
            entries: entries,
            closing: closing,
            model: book.model,
            state: book.state
        });
        journalOf[msg.sender][book.number] = TradeJournal.digest(journal);
        emit JournalBound(msg.sender, book.number, journal);
    }

    /// @dev Every exposure is the accounts' size at the price that is held, and entry their entry notional.
    /// @return closing digest of the book: net size and entry notional by market
    function _requirePositions(ProvenBook calldata book, bytes memory places, bytes memory sums)
        private
        pure
        returns (bytes32 closing)
    {
        uint256 markets = BookSums.count(sums);
        if (markets != places.length) revert PlacesDiffer(markets, places.length);
        int256[] memory net = new int256[](book.markets.length);
        int256 entry;
        (entry, closing) = _readPositions(book.markets, places, sums, net);
        for (uint256 i = 0; i < net.length; i++) {
            // A size of 8 decimals times a price of 18 is money of 26.
            int256 money = (net[i] * int256(book.prices[i])) / SIZES;
            if (!_same(book.exposures[i], money, book.unit)) {
                revert ExposureDiffers(book.markets[i], book.exposures[i], net[i], book.prices[i]);
            }
        }
        if (!_same(book.entry, entry * MONEY, book.unit)) revert EntryDiffers(book.entry, entry);
    }

    /// @param net of each market, which is written
    /// @return entry notional of all
    /// @return closing digest of the book
    function _readPositions(bytes32[] calldata names, bytes memory places, bytes memory sums, int256[] memory net)
        private
        pure
        returns (int256 entry, bytes32 closing)
    {
        bytes memory positions = new bytes(TradeJournal.POSITION * places.length);
        uint256 length = 0;
        bytes32 before = 0;
        unchecked {
            for (uint256 i = 0; i < places.length; i++) {
                (bytes32 name, uint256 sizes, uint256 amounts) = BookSums.row(sums, i);
                uint256 place = uint8(places[i]);
                if (place >= net.length) revert PlaceOutside(place, net.length);
                if (name != names[place]) revert MarketDiffers(name, names[place]);
                // Ascending names: none comes twice, and so no place is written twice.
                if (name <= before) revert MarketsOutOfOrder(before, name);
                before = name;
                // Of 128 bits each, and fewer than 2^8 of them.
                int256 size = int256(sizes >> 128) - int256(uint256(uint128(sizes)));
                int256 held = int256(amounts) >> 128;
                net[place] = size;
                entry += held;
                length = TradeJournal.append(positions, length, name, TradeJournal.narrow(name, size), held);
            }
        }
        assembly ("memory-safe") {
            mstore(positions, length)
        }
        closing = sha256(positions);
    }

    function _requirePool(ProvenBook calldata book, Pool memory pool) private pure {
        if (!_isMoney(book.capital, pool.capital, book.unit)) revert CapitalDiffers(book.capital, pool.capital);
        if (!_isMoney(book.liquidity, pool.liquidity, book.unit)) {
            revert LiquidityDiffers(book.liquidity, pool.liquidity);
        }
        if (!_isMoney(book.pending, pool.pending, book.unit)) revert PendingDiffers(book.pending, pool.pending);
        _requireSmall(pool.other);
    }

    /// @dev Debts of accounts are no money: neither they nor unpaid funding count.
    function _requireCustody(BookSums.Totals memory totals, Pool memory pool) private view {
        int256 owed = (int256(uint256(totals.cash)) + pool.capital + pool.liquidity + pool.pending + pool.other) * MONEY;
        uint256 held = custody.balance();
        if (owed > 0 && held < uint256(owed)) revert CustodyShort(held, owed);
    }

    function _isMoney(int256 share, int256 amount, uint256 unit) private pure returns (bool) {
        _requireSmall(amount);
        return _same(share, amount * MONEY, unit);
    }

    function _requireSmall(int256 amount) private pure {
        if (amount >= LARGEST || amount < -LARGEST) revert AmountTooLarge(amount);
    }

    /// @dev |share - money / unit| is at most one unit of 2^-24: each was rounded once.
    function _same(int256 share, int256 money, uint256 unit) private pure returns (bool) {
        int256 difference = share * int256(unit) - money * (1 << 24);
        return difference <= int256(unit) && difference >= -int256(unit);
    }
}
