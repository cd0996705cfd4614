// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BookSums} from "./BookSums.sol";
import {IBookBinding} from "./IBookBinding.sol";
import {ICustody} from "./ICustody.sol";

/// @title Binds the book in an epoch's proofs to the sums of all accounts, and keeps the root of every account's inclusion.
/// @notice Exposures are the accounts' sizes at the prices that the oracle holds, entry their entry notional, capital, liquidity and
/// pending amounts the pool's that the root binds. A custody's money must cover the debts.
contract BookBinding is IBookBinding {
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

    /// @notice Where the money is; nowhere that can be seen where this is the zero address.
    ICustody public immutable custody;
    /// @notice Root of each epoch's book, by the oracle that has published it.
    mapping(address oracle => mapping(uint64 number => bytes32)) public rootOf;

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

    /// @notice The book of an epoch: look for your account under this root.
    event BookBound(address indexed oracle, uint64 indexed number, uint64 indexed bar, bytes32 root, uint256 accounts);

    constructor(ICustody custody_) {
        custody = custody_;
    }

    /// @inheritdoc IBookBinding
    /// @param commitment (bytes32 digest of the tree's root, Pool, bytes places, bytes sums): for each market of the sums a byte that says
    /// where it stands among the epoch's, and the sums of all accounts as libs/commitment encodes them
    function requireBook(ProvenBook calldata book, bytes calldata commitment) external {
        (bytes32 digest, Pool memory pool, bytes memory places, bytes memory sums) =
            abi.decode(commitment, (bytes32, Pool, bytes, bytes));
        _requirePositions(book, places, sums);
        _requirePool(book, pool);
        BookSums.Totals memory totals = BookSums.totals(sums);
        if (address(custody) != address(0)) _requireCustody(totals, pool);
        bytes32 root = BookSums.root(digest, sums, sha256(abi.encode(pool)));
        rootOf[msg.sender][book.number] = root;
        emit BookBound(msg.sender, book.number, book.bar, root, totals.accounts);
    }

    /// @dev Every exposure is the accounts' size at the price that is held, and entry their entry notional.
    function _requirePositions(ProvenBook calldata book, bytes memory places, bytes memory sums) private pure {
        uint256 markets = BookSums.count(sums);
        if (markets != places.length) revert PlacesDiffer(markets, places.length);
        int256[] memory net = new int256[](book.markets.length);
        int256 entry = 0;
        bytes32 before = 0;
        for (uint256 i = 0; i < markets; i++) {
            BookSums.Market memory found = BookSums.market(sums, i);
            uint256 place = uint8(places[i]);
            if (place >= net.length) revert PlaceOutside(place, net.length);
            if (found.name != book.markets[place]) revert MarketDiffers(found.name, book.markets[place]);
            // Ascending names: none comes twice, and so no place is written twice.
            if (found.name <= before) revert MarketsOutOfOrder(before, found.name);
            before = found.name;
            net[place] = int256(uint256(found.long)) - int256(uint256(found.short));
            entry += found.entry;
        }
        for (uint256 i = 0; i < net.length; i++) {
            // A size of 8 decimals times a price of 18 is money of 26.
            int256 money = (net[i] * int256(book.prices[i])) / SIZES;
            if (!_same(book.exposures[i], money, book.unit)) {
                revert ExposureDiffers(book.markets[i], book.exposures[i], net[i], book.prices[i]);
            }
        }
        if (!_same(book.entry, entry * MONEY, book.unit)) revert EntryDiffers(book.entry, entry);
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
