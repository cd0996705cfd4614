// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {LiquidationAttestor} from "../LiquidationAttestor.sol";
import {IPriceSource} from "../prices/IPriceSource.sol";
import {TradeJournal} from "./TradeJournal.sol";

/// @title Marks that an entry was priced at, beside the prices that the chain holds of both ends of its bar.
/// @notice Between the ends of a bar no chain has prices. A mark may be outside of both by a few deviations of the proven forecast: with a
/// mark further away the operator could give a trade any premium.
library MarkBand {
    /// @dev deviations over the forecast's horizon
    uint256 internal constant DEVIATIONS = 8;
    /// @dev a percent, in units of 2^-64
    uint256 private constant PERCENT = 100 << 64;

    /// @param begins and ends: of the entry's bar; a market without a price at its end has that of its beginning alone
    /// @param places of the rows' markets among those of the proven bar; the caller has compared them
    function holds(
        IPriceSource prices,
        uint64 begins,
        uint64 ends,
        LiquidationAttestor.ProvenBar calldata bar,
        bytes calldata places,
        bytes memory rows
    ) internal view returns (bool) {
        for (uint256 i = 0; i < places.length; i++) {
            TradeJournal.Row memory row = TradeJournal.row(rows, i);
            uint256 lower = prices.priceAt(row.name, begins);
            uint256 upper = lower;
            try prices.priceAt(row.name, ends) returns (uint256 last) {
                (lower, upper) = last < lower ? (last, upper) : (lower, last);
            } catch {}
            // percent^2 in units of 2^-128
            uint256 width = DEVIATIONS * FixedPointMathLib.sqrt(bar.variances[uint8(places[i])]);
            if (row.price * PERCENT > upper * (PERCENT + width)) return false;
            if (row.price * (PERCENT + width) < lower * PERCENT) return false;
        }
        return true;
    }
}
