// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

// Long because a margin and its tangent are one formula: each term stands beside its derivative.

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {LiquidationLayout as L} from "./generated/Layout.sol";
import {SandwichValues} from "./SandwichValues.sol";

/// @title Portfolio margin beside a plan's proof: an affine function nowhere above the margin, and its distance from it at the plan.
/// @notice Equal to the last unit to libs/proofs/src/portfolio/tangent.ts, which has the formulas. Money in units of 2^-24 of the
/// account's unit.
library MarginTangent {
    using SandwichValues for uint256[];

    struct Tier {
        /// @dev notional from which the rates hold, money with 8 decimals; 0 for the first
        uint128 above;
        /// @dev marginal rates in units of 2^-24
        uint32 initial;
        uint32 maintenance;
    }

    /// @notice A market of the registered margin.
    struct Market {
        /// @dev money that moves the price by 100 %, 8 decimals; 0: closing does not move it
        uint128 depth;
        Tier[] tiers;
        /// @dev relative moves, four bytes a scenario, signed, in units of 2^-24
        bytes shocks;
    }

    /// @notice Inputs of a plan's proof.
    struct Tangent {
        /// @dev EVaR^2 of the margin over v^T Q v, in units of 2^-24
        uint256 evarFactor;
        /// @dev bK, money with 8 decimals; 0: no limit
        uint128 absorbable;
        /// @dev charged on closed notional, in units of 2^-24
        uint32 penaltyRate;
        /// @dev weights in units of 2^-40, together at most one
        uint64 evarWeight;
        uint16[] scenarios;
        uint64[] weights;
        /// @dev by position the tier, and the share of the next one in units of 2^-24
        uint8[] tiers;
        uint32[] shares;
    }

    /// @notice The account, in its own unit.
    struct Held {
        /// @dev signed notionals
        int256[] exposures;
        /// @dev remaining share of each position, in units of 2^-24
        int256[] remaining;
        /// @dev with 18 decimals
        uint256 unit;
        /// @dev 2bK; 0: no limit
        int256 capacity;
    }

    int256 private constant ONE = 1 << 24;
    /// @dev 8 decimals to 18
    uint256 private constant MONEY = 1e10;

    error WeightsDiffer(uint256 scenarios, uint256 weights);
    error WeightsAboveOne(uint256 sum);
    error NoSuchScenario(uint256 scenario);
    error NoSuchTier(uint256 position, uint256 tier);
    error ScenariosDiffer(uint256 position);
    error TiersDoNotAscend(uint256 position);
    /// @notice Such a covariance has no EVaR: it is not positive semi-definite.
    error CorrelationAboveOne(uint256 a, uint256 b);
    /// @notice A depth or a capacity below one unit would become 0, which means that there is no limit.
    error LimitVanishes(uint256 money);

    /// @notice The affine function for the remaining positions.
    struct Found {
        /// @dev margin relieved by closing each position
        int256[] relief;
        /// @dev its value where nothing is closed
        int256 whole;
        /// @dev margin of the remaining positions less its value there, rounded up: not negative
        int256 slack;
    }

    /// @dev Loss of the remaining positions.
    struct Loss {
        /// @dev Qv, in units of 2^-48, and its EVaR
        int256[] turned;
        int256 evar;
        /// @dev R in units of 2^-48, rounded up
        int256 worst;
    }

    function tangentOf(uint256[] calldata values, Held memory held, Market[] calldata markets, Tangent calldata t)
        internal
        pure
        returns (Found memory found)
    {
        Loss memory loss = _loss(values, held, markets, held.remaining, t.evarFactor);
        _requireWeights(t, markets.length, markets[0].shocks.length / 4);
        found.relief = new int256[](markets.length);
        int256 rate = held.capacity == 0 ? ONE : ONE + 2 * loss.worst / held.capacity;
        // In units of 2^-48 from here on.
        int256 constant_ = -_ceiling(held.capacity * (rate - ONE) * (rate - ONE), 26);
        found.slack = _concentrated(loss.worst, held.capacity) - constant_;
        for (uint256 i = 0; i < markets.length; i++) constant_ += _add(found, rate, loss, held, markets[i], i, t);
        found.whole += constant_ >> 24;
        found.slack = _ceiling(found.slack, 24);
    }

    /// @dev Adds a position's part.
    /// @return below the position's part of the constant
    function _add(
        Found memory found,
        int256 rate,
        Loss memory loss,
        Held memory held,
        Market calldata market,
        uint256 i,
        Tangent calldata t
    ) private pure returns (int256 below) {
        int256 above;
        int256 slope = (rate * _along(market.shocks, held.exposures[i], loss, i, t)) >> 88;
        int256 own;
        (own, below, above) = _own(market, held, i, t);
        slope += own;
        found.relief[i] = slope;
        found.whole += slope;
        found.slack += above - below - slope * held.remaining[i];
    }

    /// @notice Maintenance margin of the whole account, rounded up.
    function maintenanceOf(uint256[] calldata values, Held memory held, Market[] calldata markets, uint256 evarFactor)
        internal
        pure
        returns (int256 margin)
    {
        uint256 n = markets.length;
        int256[] memory all = new int256[](n);
        for (uint256 i = 0; i < n; i++) all[i] = ONE;
        Loss memory loss = _loss(values, held, markets, all, evarFactor);
        margin = _concentrated((loss.worst + 1) / 2, held.capacity);
        for (uint256 i = 0; i < n; i++) {
            margin += _maintenance(markets[i], held, i);
        }
        margin = _ceiling(margin, 24);
    }

    /// @notice A sum of money in units of 2^-24 of the account's unit.
    function limitOf(uint256 money, uint256 unit) internal pure returns (int256 limit) {
        limit = _share(money, unit);
        if (limit == 0 && money != 0) revert LimitVanishes(money);
    }

    /// @dev A position's own terms of the maintenance margin, in units of 2^-48, rounded up.
    function _maintenance(Market calldata market, Held memory held, uint256 i) private pure returns (int256) {
        unchecked {
            int256 notional = _magnitude(held.exposures[i]);
            int256 floor = 0;
            int256 before = 0;
            for (uint256 j = 0; j < market.tiers.length; j++) {
                int256 own = int256(uint256(market.tiers[j].maintenance));
                int256 over = (notional - _share(market.tiers[j].above, held.unit)) << 24;
                if (over > 0) floor += (own - before) * over;
                before = own;
            }
            return _closing(market.depth, notional, ONE, held.unit) + _ceiling(floor, 24);
        }
    }

    /// @dev A position's own terms: slope of the affine function, its constant and the margin in units of 2^-48.
    function _own(Market calldata market, Held memory held, uint256 i, Tangent calldata t)
        private
        pure
        returns (int256 slope, int256 below, int256 above)
    {
        int256 notional = _magnitude(held.exposures[i]);
        int256 v = held.remaining[i];
        unchecked {
            // The same bounds.
            if (market.depth > 0) {
                above = _closing(market.depth, notional, v, held.unit);
                below = -above;
                slope = (notional * notional * v) / (_share(market.depth, held.unit) << 24);
            }
            Floor memory floor = _floor(market, notional * v, held.unit, i, t);
            slope += (floor.line * notional) >> 48;
            below += floor.constant_ >> 24;
            above += _ceiling(floor.margin, 24);
        }
    }

    /// @dev Margin by rates: a line below it with its slope in units of 2^-48 and its value at 0 in units of 2^-72, and the margin.
    struct Floor {
        int256 line;
        int256 constant_;
        int256 margin;
    }

    /// @param left notional in units of 2^-48
    function _floor(Market calldata market, int256 left, uint256 unit, uint256 i, Tangent calldata t)
        private
        pure
        returns (Floor memory floor)
    {
        unchecked {
            // Notionals of 2^39, rates of 2^32, money of 2^186.
            uint256 chosen = t.tiers[i];
            uint256 last = market.tiers.length - 1;
            if (chosen > last || t.shares[i] > (chosen == last ? 0 : 1 << 24)) revert NoSuchTier(i, chosen);
            int256 rate = 0;
            int256 threshold = -1;
            for (uint256 j = 0; j <= last; j++) {
                int256 at = _share(market.tiers[j].above, unit);
                int256 step = int256(uint256(market.tiers[j].initial)) - rate;
                if (step < 0 || at <= threshold || (j == 0 && at != 0)) revert TiersDoNotAscend(i);
                (rate, threshold) = (rate + step, at);
                if (left > at << 24) floor.margin += step * (left - (at << 24));
                if (j > chosen + 1) continue;
                step *= j > chosen ? int256(uint256(t.shares[i])) : ONE;
                floor.line += step;
                floor.constant_ -= step * at;
            }
        }
    }

    /// @dev The weighted pieces' loss of a position, in units of 2^-88.
    function _along(bytes calldata shocks, int256 exposure, Loss memory loss, uint256 i, Tangent calldata t)
        private
        pure
        returns (int256 along)
    {
        for (uint256 a = 0; a < t.scenarios.length; a++) {
            uint256 at = 4 * uint256(t.scenarios[a]);
            int256 shock = int256(int32(uint32(bytes4(shocks[at:at + 4]))));
            along -= int256(uint256(t.weights[a])) * shock * exposure;
        }
        if (loss.evar == 0) return along;
        int256 weight = int256(uint256(t.evarWeight)) * int256(t.evarFactor);
        // A quotient of a negative number is cut toward 0: one unit less is below in any case.
        along += (weight * loss.turned[i] * ONE) / loss.evar - 1;
    }

    function _requireWeights(Tangent calldata t, uint256 n, uint256 count) private pure {
        unchecked {
            // Sums of 64 bits, of as many as fit a call.
            if (t.scenarios.length != t.weights.length) revert WeightsDiffer(t.scenarios.length, t.weights.length);
            if (t.tiers.length != n || t.shares.length != n) revert WeightsDiffer(t.tiers.length, t.shares.length);
            uint256 sum = t.evarWeight;
            for (uint256 a = 0; a < t.weights.length; a++) {
                if (t.scenarios[a] >= count) revert NoSuchScenario(t.scenarios[a]);
                sum += t.weights[a];
            }
            if (sum > 1 << 40) revert WeightsAboveOne(sum);
        }
    }

    function _loss(
        uint256[] calldata values,
        Held memory held,
        Market[] calldata markets,
        int256[] memory v,
        uint256 evarFactor
    ) private pure returns (Loss memory loss) {
        loss.turned = _turned(values, v);
        int256[] memory moved = new int256[](v.length);
        int256 variance = 0;
        for (uint256 i = 0; i < v.length; i++) {
            variance += loss.turned[i] * v[i];
            moved[i] = held.exposures[i] * v[i];
        }
        if (variance > 0) loss.evar = int256(Math.sqrt(evarFactor * uint256(variance), Math.Rounding.Ceil));
        loss.worst = _ceiling(_worst(markets, moved), 24);
        if (loss.evar > loss.worst) loss.worst = loss.evar;
    }

    /// @dev Qv of the upper triangle, which stands by rows.
    function _turned(uint256[] calldata values, int256[] memory v) private pure returns (int256[] memory turned) {
        unchecked {
            // 2^56 2^24 of 16 positions.
            uint256 n = v.length;
            turned = new int256[](n);
            for (uint256 i = 0; i < n; i++) {
                uint256 row = L.PUBLIC_COVARIANCE + i * (2 * L.POSITIONS - i + 1) / 2;
                for (uint256 j = i; j < n; j++) {
                    int256 entry = values.integer(row + j - i);
                    turned[i] += entry * v[j];
                    if (j == i) continue;
                    turned[j] += entry * v[i];
                    int256 least = _magnitude(entry) - 1;
                    if (least > 0 && least * least > (_variance(values, i) + 1) * (_variance(values, j) + 1)) {
                        revert CorrelationAboveOne(i, j);
                    }
                }
            }
        }
    }

    /// @dev Q_ii
    function _variance(uint256[] calldata values, uint256 i) private pure returns (int256) {
        return values.integer(L.PUBLIC_COVARIANCE + i * (2 * L.POSITIONS - i + 1) / 2);
    }

    /// @dev The largest loss of all scenarios, not negative, in units of 2^-72.
    function _worst(Market[] calldata markets, int256[] memory moved) private pure returns (int256 worst) {
        uint256 n = markets.length;
        uint256 size = markets[0].shocks.length;
        uint256[] memory starts = new uint256[](n);
        for (uint256 i = 0; i < n; i++) {
            bytes calldata shocks = markets[i].shocks;
            if (shocks.length != size || size % 4 != 0) revert ScenariosDiffer(i);
            uint256 start;
            assembly ("memory-safe") {
                start := shocks.offset
            }
            starts[i] = start;
        }
        unchecked {
            // 2^31 2^56 of 16 positions.
            for (uint256 at = 0; at < size; at += 4) {
                int256 lost = 0;
                for (uint256 i = 0; i < n; i++) {
                    int256 shock;
                    uint256 start = starts[i] + at;
                    assembly ("memory-safe") {
                        shock := sar(224, calldataload(start))
                    }
                    lost -= shock * moved[i];
                }
                if (lost > worst) worst = lost;
            }
        }
    }

    /// @dev R + R^2/(2bK), rounded up.
    function _concentrated(int256 loss, int256 capacity) private pure returns (int256) {
        unchecked {
            // Losses are below 2^89, the capacity below 2^187.
            return capacity == 0 ? loss : loss + _quotientUp(loss * loss, capacity << 24);
        }
    }

    /// @dev x^2 v^2/(2D), rounded up.
    function _closing(uint256 depth, int256 notional, int256 v, uint256 unit) private pure returns (int256) {
        unchecked {
            // 2^39 and 2^24 squared.
            return depth == 0 ? int256(0) : _quotientUp(notional * notional * v * v, limitOf(depth, unit) << 25);
        }
    }

    function _share(uint256 money, uint256 unit) private pure returns (int256) {
        unchecked {
            // 2^128 money, 2^34, 2^24.
            return int256(((money * MONEY) << 24) / unit);
        }
    }

    function _magnitude(int256 value) private pure returns (int256) {
        return value < 0 ? -value : value;
    }

    function _quotientUp(int256 a, int256 b) private pure returns (int256) {
        unchecked {
            return (a + b - 1) / b;
        }
    }

    function _ceiling(int256 value, uint256 bits) private pure returns (int256) {
        unchecked {
            return -((-value) >> bits);
        }
    }
}
