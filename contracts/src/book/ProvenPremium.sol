// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BarLayout, PriceLayout as P} from "../generated/Layout.sol";
import {PriceValues} from "../PriceValues.sol";
import {SandwichValues} from "../SandwichValues.sol";
import {TradeJournal} from "./TradeJournal.sol";

/// @title Compares the public values of a `price` proof with an entry of a journal.
/// @notice Exposures are the rows' sizes at the rows' marks, entry their entry notional, P, L and P_t those of the terms, and the
/// premium is what the terms say the model's was.
library ProvenPremium {
    using SandwichValues for uint256[];

    /// @dev 8 decimals to 18
    int256 private constant MONEY = 1e10;
    int256 private constant SIZES = 1e8;
    /// @dev a declared model is a rounding of the forecaster's: its variances are right to a 2^-10th
    uint256 internal constant PREMIUM_SHIFT = 7;
    /// @dev part of the risk after the trade by which the difference of two risks may be wrong
    uint256 internal constant RISK_SHIFT = 12;
    /// @dev units of 2^-24 percent by which it may be wrong besides
    int256 internal constant ROUNDING = 64;
    /// @dev amounts are below this: their products fit 256 bits
    int256 private constant LARGEST = 1 << 127;
    /// @dev exposures of the book before, then of the book afterwards
    uint256 private constant AFTERWARDS = P.EXPOSURES + P.MARKETS;

    struct Claim {
        bytes32[] markets;
        /// @dev for each row a byte: the place of its market among them
        bytes places;
        bytes rows;
        TradeJournal.Terms terms;
        /// @dev one share of the unit of account, quote currency with 18 decimals
        uint256 unit;
    }

    error UnitIsZero();
    error PlacesDiffer(uint256 rows, uint256 places);
    error MarketDiffers(bytes32 inRow, uint256 place);
    error ExposureDiffers(bytes32 market, int256 proven, int256 money);
    error ExposureOfNoMarket(uint256 place);
    error TermDiffers(uint256 term, int256 proven, int256 money);
    error OtherMarketsDiffer(uint256 value);
    error GrossOutsideUnit(int256 before, int256 afterwards);
    error PremiumDiffers(int256 proven, int256 recorded);
    error LiquidityPremiumDiffers(int256 proven, int256 recorded);
    error AmountTooLarge(int256 amount);

    /// @notice Whether one of the books has no position: EVaR of nothing is no statement of the circuit.
    function ofNoBook(bytes memory rows) internal pure returns (bool) {
        bool before = false;
        bool afterwards = false;
        for (uint256 i = 0; i < TradeJournal.count(rows); i++) {
            TradeJournal.Row memory row = TradeJournal.row(rows, i);
            before = before || row.before != 0;
            afterwards = afterwards || row.afterwards != 0;
        }
        return !before || !afterwards;
    }

    /// @notice Reverts unless the proof's public values are those of the claim.
    function requireClaim(uint256[] calldata values, Claim memory claim) internal pure {
        if (claim.unit == 0) revert UnitIsZero();
        _requireExposures(values, claim);
        TradeJournal.Terms memory terms = claim.terms;
        for (uint256 side = 0; side < P.BOOKS; side++) {
            _requireTerm(values, 1, side, terms.capital, claim.unit);
            _requireTerm(values, 2, side, terms.liquidity, claim.unit);
            _requireTerm(values, 3, side, terms.pending, claim.unit);
        }
        // One proof holds all markets.
        for (uint256 i = 0; i < P.PUBLIC_OTHERS_LENGTH; i++) {
            if (values[P.PUBLIC_OTHERS + i] != 0) revert OtherMarketsDiffer(i);
        }
        int256 proven = values.integer(P.PREMIUM);
        int256 recorded = _percent(terms.riskPremium, claim.unit);
        if (!_near(proven, recorded, values.integer(P.UPPER + 1))) revert PremiumDiffers(proven, recorded);
        proven = values.integer(P.LIQUIDITY_PREMIUM);
        recorded = _percent(terms.liquidityPremium, claim.unit);
        if (!_near(proven, recorded, values.integer(P.SPREAD + 1))) revert LiquidityPremiumDiffers(proven, recorded);
    }

    function _requireExposures(uint256[] calldata values, Claim memory claim) private pure {
        uint256 rows = TradeJournal.count(claim.rows);
        if (rows != claim.places.length) revert PlacesDiffer(rows, claim.places.length);
        uint256 seen = 0;
        int256[2] memory gross;
        int256 entry = 0;
        for (uint256 i = 0; i < rows; i++) {
            TradeJournal.Row memory row = TradeJournal.row(claim.rows, i);
            uint256 place = uint8(claim.places[i]);
            // Names of rows ascend and those of a model are different: no place comes twice.
            if (place >= claim.markets.length || claim.markets[place] != row.name) {
                revert MarketDiffers(row.name, place);
            }
            seen |= 1 << place;
            gross[0] += _exposure(values, P.EXPOSURES + place, row.before, row, claim.unit);
            gross[1] += _exposure(values, AFTERWARDS + place, row.afterwards, row, claim.unit);
            entry += row.entryBefore;
        }
        for (uint256 place = 0; place < P.MARKETS; place++) {
            if (seen & (1 << place) != 0) continue;
            if (values[P.EXPOSURES + place] != 0 || values[AFTERWARDS + place] != 0) revert ExposureOfNoMarket(place);
        }
        int256 larger = gross[0] > gross[1] ? gross[0] : gross[1];
        if (larger < int256(BarLayout.SMALLEST_GROSS) || larger > int256(BarLayout.LARGEST_GROSS)) {
            revert GrossOutsideUnit(gross[0], gross[1]);
        }
        // A trade that realises a gain moves it from entry notional to capital: their sum is what is priced.
        _requireTerm(values, 0, 0, entry, claim.unit);
        _requireTerm(values, 0, 1, entry + _small(claim.terms.traded), claim.unit);
    }

    /// @return magnitude of the exposure
    function _exposure(uint256[] calldata values, uint256 at, int256 size, TradeJournal.Row memory row, uint256 unit)
        private
        pure
        returns (int256 magnitude)
    {
        if (row.price >= uint256(LARGEST)) revert AmountTooLarge(int256(row.price >> 1));
        int256 proven = values.integer(at);
        // A size of 8 decimals times a price of 18 is money of 26.
        int256 money = (size * int256(row.price)) / SIZES;
        if (!_same(proven, money, unit)) revert ExposureDiffers(row.name, proven, money);
        return proven < 0 ? -proven : proven;
    }

    function _requireTerm(uint256[] calldata values, uint256 term, uint256 side, int256 amount, uint256 unit)
        private
        pure
    {
        int256 proven = values.integer(P.PUBLIC_BOOK + term * P.BOOKS + side);
        if (!_same(proven, _small(amount) * MONEY, unit)) revert TermDiffers(term, proven, amount);
    }

    function _small(int256 amount) private pure returns (int256) {
        if (amount >= LARGEST || amount < -LARGEST) revert AmountTooLarge(amount);
        return amount;
    }

    /// @dev |share - money / unit| is at most one unit of 2^-24: each was rounded once.
    function _same(int256 share, int256 money, uint256 unit) private pure returns (bool) {
        int256 difference = share * int256(unit) - money * (1 << 24);
        return difference <= int256(unit) && difference >= -int256(unit);
    }

    /// @dev money with 8 decimals as percent of the unit, in units of 2^-24
    function _percent(uint256 amount, uint256 unit) private pure returns (int256) {
        if (amount >= uint256(LARGEST)) revert AmountTooLarge(LARGEST);
        return (int256(amount) * MONEY * (100 << 24)) / int256(unit);
    }

    /// @dev Near enough for a difference of two values, the second of which is `after_`.
    function _near(int256 proven, int256 recorded, int256 after_) private pure returns (bool) {
        int256 allowed = (proven >> PREMIUM_SHIFT) + ((after_ < 0 ? -after_ : after_) >> RISK_SHIFT) + ROUNDING;
        return recorded <= proven + allowed && recorded + allowed >= proven;
    }
}
