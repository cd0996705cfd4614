// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {BookInclusion} from "./book/BookInclusion.sol";
import {BookSums} from "./book/BookSums.sol";
import {IBookBinding} from "./book/IBookBinding.sol";
import {LiquidationLayout} from "./generated/Layout.sol";
import {LiquidationValues} from "./LiquidationValues.sol";
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
    function paused() external view returns (bool);
    function verifiers()
        external
        view
        returns (IProofVerifier verifier, address barKey, address priceKey, address liquidationKey);
}

/// @title Liquidations that were proven to close the least, or that nothing would have restored the margin.
/// @notice The account is a leaf of the book that the epoch was bound with, with all of the leaf's positions. Its notionals are at prices
/// that the price source holds, its deficit is its margin less its equity by the leaf's cash and entry prices, its variances are those that
/// the epoch has proven.
contract LiquidationAttestor {
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
    /// @dev units of 2^-152 percent^2 in one of 2^-24
    uint256 private constant UNIT = 1e4 << 128;
    /// @dev rounding a declared model moves a variance by at most a 2^-10th
    uint256 private constant VARIANCE_SHIFT = 10;

    IProvenBars public immutable oracle;
    /// @notice Epoch whose variances a plan was proven with, plus one; 0 for plans that are not.
    mapping(bytes32 plan => uint256) public attestedIn;
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
    error BudgetDiffers(int256 registered, int256 proven);
    error ProofRefused();

    /// @param digest keccak256 of the call's data: an auditor finds the call in the transaction by it, whoever passes it on
    event LiquidationAttested(
        bytes32 indexed plan, uint64 indexed number, bool optimal, int256 objective, int256 bound, bytes32 digest
    );

    constructor(IProvenBars oracle_) {
        oracle = oracle_;
    }

    /// @notice Records that a plan was proven optimal, or that nothing would have restored the account's margin. Once.
    /// @param plan name of the plan
    function attestLiquidation(bytes32 plan, ProvenBar calldata bar, Account calldata account, Proof calldata proof)
        external
    {
        if (!oracle.hasRole(PUBLISHER_ROLE, msg.sender)) revert NotThePublisher(msg.sender);
        if (oracle.paused()) revert Paused();
        bytes32 values = keccak256(abi.encode(proof.instances));
        if (attestedIn[plan] != 0 || _attested[values]) revert AlreadyAttested(plan);
        bool optimal = LiquidationValues.requireLiquidation(proof.instances);
        int256 proven = LiquidationValues.budgetOf(proof.instances);
        if (proven != oracle.budget()) revert BudgetDiffers(oracle.budget(), proven);
        if (keccak256(abi.encode(bar)) != oracle.provenIn(bar.number)) revert NotProvenSo(bar.number);
        _requireAccount(bar, account, proof.instances);
        _verify(proof);
        attestedIn[plan] = uint256(bar.number) + 1;
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

    /// @dev Positions of the leaf, notionals at prices that are held, diagonal variances as they were proven.
    function _requireAccount(ProvenBar calldata bar, Account calldata account, uint256[] calldata values) private view {
        if (account.time < bar.bar || account.time > bar.bar + bar.barSeconds) {
            revert OutsideTheBar(bar.bar, account.time);
        }
        if (account.unit == 0) revert UnitIsZero();
        bytes memory sums = _leaf(bar.number, account.leaf);
        uint256 held = BookSums.count(sums);
        if (account.places.length != held || account.rows.length != held || held > LiquidationLayout.POSITIONS) {
            revert PositionsDiffer(account.places.length, held);
        }
        _requireDeficit(account, values, _requirePositions(bar, account, sums, values));
    }

    /// @return equity at the prices held, money with 18 decimals
    function _requirePositions(
        ProvenBar calldata bar,
        Account calldata account,
        bytes memory sums,
        uint256[] calldata values
    ) private view returns (int256 equity) {
        BookSums.Totals memory totals = BookSums.totals(sums);
        equity = (int256(uint256(totals.cash)) - int256(uint256(totals.debt)) - account.owed) * MONEY;
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
            equity += _gain(bar.markets[place], notional, account, sums, i);
            _requireVariance(bar, place, notional, variance);
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

    /// @dev |notional unit - size price| is at most one unit of 2^-24: it was rounded once.
    /// @return gain of the leaf's position at the price held, money with 18 decimals
    function _gain(
        bytes32 market,
        int256 notional,
        Account calldata account,
        bytes memory sums,
        uint256 position
    ) private view returns (int256 gain) {
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
        return value - held.entry * MONEY;
    }

    /// @dev The deficit is the margin less the equity. The margin is the relief by closing everything plus the penalty of closing
    /// it, which is from 0 to a hundredth of the notional.
    /// @param equity money with 18 decimals
    function _requireDeficit(Account calldata account, uint256[] calldata values, int256 equity) private pure {
        int256 notional = 0;
        int256 relief = 0;
        for (uint256 i = 0; i < LiquidationLayout.POSITIONS; i++) {
            notional += values.integer(LiquidationLayout.PUBLIC_NOTIONALS + i);
            relief += values.integer(LiquidationLayout.PUBLIC_RELIEF + i);
        }
        int256 unit = int256(account.unit);
        int256 owed = account.owed < 0 ? -account.owed : account.owed;
        if ((owed * MONEY) << 24 > (notional * unit) >> OWED_SHIFT) revert OwedTooMuch(account.owed, notional);
        int256 proven = values.integer(LiquidationLayout.PUBLIC_SCALARS);
        int256 apart = (proven - relief) * unit + (equity << 24);
        int256 rounding = ROUNDING * unit;
        if (apart < -rounding || apart > (notional * unit) / PENALTY + rounding) revert DeficitDiffers(proven, equity);
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
