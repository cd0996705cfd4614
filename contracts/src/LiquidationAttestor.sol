// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

// Long because an attestation is one list of conditions on a proof, each of which needs values that another has read.

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {BookBinding} from "./book/BookBinding.sol";
import {BookInclusion} from "./book/BookInclusion.sol";
import {BookSums} from "./book/BookSums.sol";
import {IBookBinding} from "./book/IBookBinding.sol";
import {LiquidationLayout} from "./generated/Layout.sol";
import {LiquidationValues} from "./LiquidationValues.sol";
import {MarginRegistry} from "./MarginRegistry.sol";
import {MarginTangent} from "./MarginTangent.sol";
import {IPriceSource} from "./prices/IPriceSource.sol";
import {IProofVerifier} from "./proofs/IProofVerifier.sol";
import {SandwichValues} from "./SandwichValues.sol";

/// @notice The part of the oracle that its attestor reads.
interface IProvenBars is IAccessControl {
    /// @notice Digest of an epoch's proven values by market.
    function provenIn(uint64 number) external view returns (bytes32);
    function prices() external view returns (IPriceSource);
    function budget() external view returns (int64);
    function binding() external view returns (IBookBinding);
    function attestor() external view returns (LiquidationAttestor);
    function paused() external view returns (bool);
    function delay() external view returns (uint32);
    function verifiers()
        external
        view
        returns (IProofVerifier verifier, address barKey, address priceKey, address liquidationKey);
}

/// @title Liquidations that were proven to close the least, or that nothing would have restored the margin.
/// @notice The account is a leaf of the book that the epoch was bound with, with all of the leaf's positions. Its notionals are at prices
/// that the price source holds, its deficit is its margin less its equity by the leaf's cash and entry prices, its variances are those that
/// the epoch has proven.
contract LiquidationAttestor is MarginRegistry {
    using SandwichValues for uint256[];

    struct Proof {
        bytes proof;
        uint256[] instances;
    }

    /// @notice An epoch's proven values, as `RiskOracle.provenIn` digests it.
    struct ProvenBar {
        uint64 number;
        uint64 bar;
        uint32 barSeconds;
        /// @dev kappa, in units of 2^-24
        int256 tailFactor;
        bytes32[] markets;
        /// @dev percent^2 over the horizon, in units of 2^-128
        uint256[] variances;
    }

    /// @notice The account that is liquidated.
    struct Account {
        /// @dev of the marks, seconds since 1970: within the bar that the epoch's forecast was in force for
        uint64 time;
        /// @dev one share of the account's unit, quote currency with 18 decimals
        uint256 unit;
        /// @dev funding owed at `time`, less funding due, and reserved money: 8 decimals, at most 1/128 of the notional
        int256 owed;
        /// @dev place of each position's market among the epoch's
        uint8[] places;
        /// @dev and among the leaf's
        uint8[] rows;
        /// @dev of the account in the book that the epoch was bound with
        BookInclusion.Leaf leaf;
    }

    /// @notice The registered margin of the account's markets, and the tangent that the plan was proven with. Empty for linear margin.
    struct Portfolio {
        MarginRegistry.Margin margin;
        /// @dev of the account's positions, in their order
        MarginTangent.Market[] markets;
        /// @dev place of each position's market among the margin's
        uint16[] places;
        MarginTangent.Tangent tangent;
        /// @dev the pool's amounts in the book that the epoch was bound with
        BookBinding.Pool pool;
    }

    bytes32 private constant PUBLISHER_ROLE = keccak256("PUBLISHER");
    int256 private constant SIZES = 1e8;
    /// @dev 8 decimals to 18
    int256 private constant MONEY = 1e10;
    /// @dev funding since the leaf and reservations are at most 2^-7 of the notional: no leaf has them
    uint256 private constant OWED_SHIFT = 7;
    /// @dev a plan's penalty is at most a hundredth of the notional: the margin exceeds the relief by no more
    int256 private constant PENALTY = 100;
    /// @dev units of 2^-24 by which a deficit, up to 16 margins and notionals are rounded
    int256 private constant ROUNDING = 32;
    /// @dev an EVaR's factor is rounded
    uint256 private constant FACTOR_SHIFT = 20;
    /// @dev units of 2^-152 percent^2 in one of 2^-24
    uint256 private constant UNIT = 1e4 << 128;
    /// @dev rounding a declared model moves a variance by at most a 2^-10th
    uint256 private constant VARIANCE_SHIFT = 10;

    struct Attested {
        /// @dev epoch whose variances the plan was proven with, plus one; 0 for plans that are not
        uint64 number;
        /// @dev of the account, money with 18 decimals
        uint192 notional;
    }

    mapping(bytes32 plan => Attested) private _plans;
    mapping(bytes32 values => bool) private _attested;

    error NotThePublisher(address account);
    error Paused();
    error AlreadyAttested(bytes32 plan);
    error NotProvenSo(uint64 number);
    error OutsideTheBar(uint64 bar, uint64 time);
    /// @notice Nobody has bound the epoch's book to accounts, or another binding has taken over since.
    error BookNotBound(uint64 number);
    error NotInTheBook(uint64 number, bytes account);
    /// @notice A plan's positions are all that the leaf has, each once.
    error PositionsDiffer(uint256 places, uint256 inLeaf);
    error PositionNotInLeaf(uint256 position, bytes32 market);
    error OwedTooMuch(int256 owed, int256 notional);
    error DeficitDiffers(int256 proven, int256 equity);
    error PositionOfNoMarket(uint256 position);
    error MarketTwice(uint256 position);
    error NotionalDiffers(bytes32 market, int256 proven, int256 size, uint256 price);
    error VarianceDiffers(bytes32 market, int256 proven, uint256 variance);
    error UnitIsZero();
    error UnitTooLarge(uint256 unit);
    error BudgetDiffers(int256 registered, int256 proven);
    /// @notice The plan was proven with another margin than the one that was in force.
    error OtherMarginInForce(uint256 version);
    error PoolDiffers();
    error EvarFactorDiffers(uint256 registered, uint256 stated);
    /// @notice The stated K is more than twice or less than half of P + L: the engine takes K anew when P + L has doubled or halved.
    error CapacityDiffers(uint256 stated, uint256 capital);
    error ReliefDiffers(uint256 position, int256 margin, int256 proven);
    error PenaltyAboveLimit(uint256 rate);
    error NotBelowMaintenance(int256 equity, int256 margin);
    error ProofRefused();

    /// @param digest keccak256 of the call's data: an auditor finds the call in the transaction by it, whoever passes it on
    event LiquidationAttested(
        bytes32 indexed plan, uint64 indexed number, bool optimal, int256 objective, int256 bound, bytes32 digest
    );

    constructor(IProvenBars oracle_) MarginRegistry(oracle_) {}

    /// @notice Records that a plan was proven optimal, or that nothing would have restored the account's margin. Once.
    /// @param plan name of the plan
    /// @param portfolio the registered margin and the plan's tangent; empty for linear margin
    function attestLiquidation(
        bytes32 plan,
        ProvenBar calldata bar,
        Account calldata account,
        Proof calldata proof,
        Portfolio calldata portfolio
    ) external {
        if (!oracle.hasRole(PUBLISHER_ROLE, msg.sender)) revert NotThePublisher(msg.sender);
        if (oracle.paused()) revert Paused();
        bytes32 values = keccak256(abi.encode(proof.instances));
        if (_plans[plan].number != 0 || _attested[values]) revert AlreadyAttested(plan);
        bool linear = portfolio.markets.length == 0;
        bool optimal = LiquidationValues.requireLiquidation(proof.instances, linear);
        int256 proven = LiquidationValues.budgetOf(proof.instances);
        if (proven != oracle.budget()) revert BudgetDiffers(oracle.budget(), proven);
        if (keccak256(abi.encode(bar)) != oracle.provenIn(bar.number)) revert NotProvenSo(bar.number);
        Holding memory holding = _requireAccount(bar, account, proof.instances);
        if (linear) {
            if (marginAt(account.time) != 0) revert OtherMarginInForce(marginAt(account.time));
            _requireDeficit(account, proof.instances, holding);
        } else {
            _requireMargin(bar, account, portfolio);
            _requirePortfolio(account, proof.instances, holding, portfolio, optimal);
        }
        _verify(proof);
        // The notional is at most 128 units, so that products of the deficit have had room.
        uint256 notional = uint256(holding.notional * int256(account.unit)) >> 24;
        if (notional > type(uint192).max) revert UnitTooLarge(account.unit);
        _plans[plan] = Attested(bar.number + 1, uint192(notional));
        _attested[values] = true;
        emit LiquidationAttested(
            plan,
            bar.number,
            optimal,
            proof.instances.integer(LiquidationLayout.OBJECTIVE),
            proof.instances.integer(LiquidationLayout.BOUND),
            keccak256(msg.data)
        );
    }

    /// @notice Epoch whose variances a plan was proven with, plus one; 0 for plans that are not.
    function attestedIn(bytes32 plan) external view returns (uint256) {
        return _plans[plan].number;
    }

    /// @notice Notional of the account that a plan was proven for, money with 18 decimals.
    function notionalOf(bytes32 plan) external view returns (uint256) {
        return _plans[plan].notional;
    }

    /// @dev An account at the prices held.
    struct Holding {
        /// @dev money with 18 decimals
        int256 equity;
        /// @dev signed notionals in its unit, and their sum
        int256[] exposures;
        int256 notional;
        bytes32[] markets;
    }

    /// @dev Positions of the leaf, notionals at prices that are held, diagonal variances as they were proven.
    function _requireAccount(ProvenBar calldata bar, Account calldata account, uint256[] calldata values)
        private
        view
        returns (Holding memory)
    {
        if (account.time < bar.bar || account.time > bar.bar + bar.barSeconds) {
            revert OutsideTheBar(bar.bar, account.time);
        }
        if (account.unit == 0) revert UnitIsZero();
        bytes memory sums = _leaf(bar.number, account.leaf);
        uint256 held = BookSums.count(sums);
        if (account.places.length != held || account.rows.length != held || held > LiquidationLayout.POSITIONS) {
            revert PositionsDiffer(account.places.length, held);
        }
        return _requirePositions(bar, account, sums, values);
    }

    function _requirePositions(
        ProvenBar calldata bar,
        Account calldata account,
        bytes memory sums,
        uint256[] calldata values
    ) private view returns (Holding memory holding) {
        BookSums.Totals memory totals = BookSums.totals(sums);
        holding.equity = (int256(uint256(totals.cash)) - int256(uint256(totals.debt)) - account.owed) * MONEY;
        holding.exposures = new int256[](account.places.length);
        holding.markets = new bytes32[](account.places.length);
        uint256 seen = 0;
        uint256 diagonal = LiquidationLayout.PUBLIC_COVARIANCE;
        for (uint256 i = 0; i < LiquidationLayout.POSITIONS; i++) {
            int256 notional = values.integer(LiquidationLayout.PUBLIC_NOTIONALS + i);
            int256 variance = values.integer(diagonal);
            // The upper triangle, by rows.
            diagonal += LiquidationLayout.POSITIONS - i;
            if (i >= account.places.length) {
                if (notional != 0 || variance != 0) revert PositionOfNoMarket(i);
                continue;
            }
            uint256 place = account.places[i];
            if (seen & (1 << place) != 0) revert MarketTwice(i);
            seen |= 1 << place;
            holding.notional += notional;
            holding.markets[i] = bar.markets[place];
            _addGain(holding, notional, account, sums, i);
            _requireVariance(bar, place, notional, variance);
        }
        int256 owed = account.owed < 0 ? -account.owed : account.owed;
        if ((owed * MONEY) << 24 > (holding.notional * int256(account.unit)) >> OWED_SHIFT) {
            revert OwedTooMuch(account.owed, holding.notional);
        }
    }

    /// @dev The sums of a leaf of the book that the epoch was bound with.
    function _leaf(uint64 number, BookInclusion.Leaf calldata leaf) private view returns (bytes memory) {
        IBookBinding binding = oracle.binding();
        bytes32 root = address(binding) == address(0) ? bytes32(0) : binding.rootOf(address(oracle), number);
        if (root == 0) revert BookNotBound(number);
        if (BookInclusion.rootOf(leaf) != root) revert NotInTheBook(number, leaf.account);
        return leaf.sums;
    }

    /// @dev |notional unit - size price| is at most one unit of 2^-24: it was rounded once. Adds the gain of the leaf's position at the
    /// price held to the equity.
    function _addGain(
        Holding memory holding,
        int256 notional,
        Account calldata account,
        bytes memory sums,
        uint256 position
    ) private view {
        bytes32 market = holding.markets[position];
        uint256 row = account.rows[position];
        if (row >= account.rows.length) revert PositionNotInLeaf(position, market);
        BookSums.Market memory held = BookSums.market(sums, row);
        if (held.name != market) revert PositionNotInLeaf(position, market);
        int256 size = int256(uint256(held.long)) - int256(uint256(held.short));
        uint256 price = oracle.prices().priceAt(market, account.time);
        int256 value = (size * int256(price)) / SIZES;
        int256 unit = int256(account.unit);
        int256 difference = notional * unit - ((value < 0 ? -value : value) << 24);
        if (difference > unit || -difference > unit) revert NotionalDiffers(market, notional, size, price);
        holding.equity += value - held.entry * MONEY;
        holding.exposures[position] = size < 0 ? -notional : notional;
    }

    /// @dev The deficit is the margin less the equity. The margin is the relief by closing everything plus the penalty of closing
    /// it, which is from 0 to a hundredth of the notional.
    function _requireDeficit(Account calldata account, uint256[] calldata values, Holding memory holding) private pure {
        int256 relief = 0;
        for (uint256 i = 0; i < LiquidationLayout.POSITIONS; i++) {
            relief += values.integer(LiquidationLayout.PUBLIC_RELIEF + i);
        }
        _requireApart(account, values, holding, relief);
    }

    /// @dev The deficit exceeds the margin less the equity by 0 to a hundredth of the notional.
    /// @param margin in the account's unit
    function _requireApart(Account calldata account, uint256[] calldata values, Holding memory holding, int256 margin)
        private
        pure
    {
        int256 unit = int256(account.unit);
        int256 proven = values.integer(LiquidationLayout.PUBLIC_SCALARS);
        int256 apart = (proven - margin) * unit + (holding.equity << 24);
        int256 rounding = ROUNDING * unit;
        if (apart < -rounding || apart > (holding.notional * unit) / PENALTY + rounding) {
            revert DeficitDiffers(proven, holding.equity);
        }
    }

    /// @dev The margin is the registered one that was in force, its EVaR is that of the proven covariance, its capital is the pool's.
    function _requireMargin(ProvenBar calldata bar, Account calldata account, Portfolio calldata portfolio) private view {
        MarginRegistry.Margin calldata margin = portfolio.margin;
        uint256 version = marginAt(account.time);
        if (version == 0 || marginDigest(margin) != margins[version - 1].digest) revert OtherMarginInForce(version);
        MarginTangent.Tangent calldata t = portfolio.tangent;
        uint256 kappa = uint256(bar.tailFactor);
        uint256 due = (uint256(margin.evarMultiple) << 48) / (kappa * kappa);
        if (t.evarFactor > due + (due >> FACTOR_SHIFT) + 1 || t.evarFactor + (due >> FACTOR_SHIFT) + 1 < due) {
            revert EvarFactorDiffers(due, t.evarFactor);
        }
        if (sha256(abi.encode(portfolio.pool)) != account.leaf.pool) revert PoolDiffers();
        int256 capital = portfolio.pool.capital + portfolio.pool.liquidity;
        uint256 most = capital > 0 ? (uint256(capital) * margin.absorbableShare) >> 24 : 0;
        // A unit for each rounding.
        if (t.absorbable > 2 * most + 2 || 2 * t.absorbable + 2 < most) revert CapacityDiffers(t.absorbable, most);
    }

    /// @dev The proof is of the margin's tangent, which is near enough to the margin, and the account was below its maintenance.
    function _requirePortfolio(
        Account calldata account,
        uint256[] calldata values,
        Holding memory holding,
        Portfolio calldata portfolio,
        bool optimal
    ) private pure {
        _requireMarkets(holding, portfolio);
        MarginTangent.Tangent calldata t = portfolio.tangent;
        MarginTangent.Held memory held = MarginTangent.Held({
            exposures: holding.exposures,
            remaining: new int256[](holding.exposures.length),
            unit: account.unit,
            capacity: 2 * MarginTangent.limitOf(t.absorbable, account.unit)
        });
        for (uint256 i = 0; i < held.remaining.length; i++) {
            held.remaining[i] = (1 << 24) - values.integer(LiquidationLayout.PUBLIC_FRACTIONS + i);
        }
        if (int256(uint256(t.penaltyRate)) > (1 << 24) / PENALTY) revert PenaltyAboveLimit(t.penaltyRate);
        MarginTangent.Found memory found = MarginTangent.tangentOf(values, held, portfolio.markets, t);
        _requireRelief(values, found.relief, int256(uint256(t.penaltyRate)));
        _requireApart(account, values, holding, found.whole);
        if (optimal) LiquidationValues.requireRestored(values, holding.notional, found.slack);
        int256 maintenance = MarginTangent.maintenanceOf(values, held, portfolio.markets, t.evarFactor);
        if (holding.equity << 24 >= maintenance * int256(account.unit)) {
            revert NotBelowMaintenance(holding.equity, maintenance);
        }
    }

    /// @dev The proven relief is the tangent's, less the penalty.
    function _requireRelief(uint256[] calldata values, int256[] memory relief, int256 penaltyRate) private pure {
        for (uint256 i = 0; i < LiquidationLayout.POSITIONS; i++) {
            int256 due = 0;
            if (i < relief.length) {
                int256 notional = values.integer(LiquidationLayout.PUBLIC_NOTIONALS + i);
                due = relief[i] - ((penaltyRate * notional) >> 24);
            }
            int256 proven = values.integer(LiquidationLayout.PUBLIC_RELIEF + i);
            if (proven != due) revert ReliefDiffers(i, due, proven);
        }
    }

    /// @dev Each position's market is the registered one.
    function _requireMarkets(Holding memory holding, Portfolio calldata portfolio) private pure {
        uint256 n = holding.markets.length;
        if (portfolio.markets.length != n || portfolio.places.length != n) {
            revert PositionsDiffer(portfolio.markets.length, n);
        }
        for (uint256 i = 0; i < n; i++) {
            MarginTangent.Market calldata market = portfolio.markets[i];
            uint256 place = portfolio.places[i];
            if (
                place >= portfolio.margin.markets.length
                    || marketDigest(holding.markets[i], market) != portfolio.margin.markets[place]
            ) revert MarketNotRegistered(holding.markets[i]);
        }
    }

    /// @dev The variance of a position is kappa^2 notional^2 var, but for the rounding of the declared model and of both.
    function _requireVariance(ProvenBar calldata bar, uint256 place, int256 notional, int256 proven) private pure {
        // kappa >> 12 twice, squared: in units of 2^-24 again; variances in units of 2^-104 from here.
        uint256 kappa = uint256(bar.tailFactor);
        uint256 scaled = ((bar.variances[place] >> 24) * ((kappa * kappa) >> 24)) >> 24;
        uint256 size = uint256(notional);
        // size^2 var in units of 2^-152, of a notional that is right to half a unit.
        uint256 expected = size * size * scaled;
        uint256 stated = (proven < 0 ? 0 : uint256(proven)) * UNIT;
        uint256 allowed = (expected >> VARIANCE_SHIFT) + (size + 1) * scaled + UNIT;
        if (proven < 0 || stated > expected + allowed || expected > stated + allowed) {
            revert VarianceDiffers(bar.markets[place], proven, bar.variances[place]);
        }
    }

    function _verify(Proof calldata proof) private view {
        (IProofVerifier verifier,,, address key) = oracle.verifiers();
        try verifier.verifyProof(key, proof.proof, proof.instances) returns (bool holds) {
            if (!holds) revert ProofRefused();
        } catch {
            revert ProofRefused();
        }
    }
}
