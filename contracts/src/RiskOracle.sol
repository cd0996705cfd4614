// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

// Long because model, state, prices, book and margins of an epoch are checked in one transaction over storage that no other contract may write.

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {AttestorMaker} from "./AttestorMaker.sol";
import {BarValues} from "./BarValues.sol";
import {IBookBinding} from "./book/IBookBinding.sol";
import {Exceedances} from "./Exceedances.sol";
import {GuardRails} from "./GuardRails.sol";
import {BarLayout} from "./generated/Layout.sol";
import {Timelocked} from "./governance/Timelocked.sol";
import {LocalChain} from "./LocalChain.sol";
import {IProvenBars, LiquidationAttestor} from "./LiquidationAttestor.sol";
import {MarginPaths} from "./MarginPaths.sol";
import {IPriceSource} from "./prices/IPriceSource.sol";
import {ModelRegistry} from "./ModelRegistry.sol";
import {SandwichValues} from "./SandwichValues.sol";

/// @title Risk measures of a perpetual-futures exchange, each with the proof that it came out of the declared model.
/// @notice A measure is set by `publish` alone, from proofs; nobody can set one by hand.
contract RiskOracle is ModelRegistry, Pausable, ReentrancyGuard {
    using Exceedances for Exceedances.Window;
    using MarginPaths for MarginPaths.Paths;
    using SandwichValues for uint256[];

    /// @dev rounding of a return in units of its market and of the value computed from prices: 2^-20 percent, in units of 2^-48 1e-16
    int256 private constant RETURN_TOLERANCE = (1 << 28) * 1e16;

    struct Proof {
        bytes proof;
        uint256[] instances;
    }

    struct Epoch {
        uint64 number;
        /// @dev end of the bar
        uint64 bar;
        /// @dev one share of the unit of account, quote currency with 18 decimals
        uint256 unit;
        /// @dev closing prices of the bar before, as the source holds them, in the order of the model's markets. Where the last epoch
        /// was of that bar only their digest is compared: it has read them
        uint256[] before;
        /// @dev proofs of the bar, one for each part of the model
        Proof[] bars;
        /// @dev opening of the book for the binding; empty where there is none
        bytes book;
    }

    /// @notice Values of an epoch; numbers in percent of the unit of account, in units of 2^-24.
    struct Measure {
        uint64 number;
        uint64 bar;
        uint64 publishedAt;
        /// @dev whether its state is the next one of the epoch before, and not one that came with the model
        bool chained;
        uint256 unit;
        /// @dev upper bound of EVaR of the shortfall, of `tailFactor` times the volatility
        int64 upper;
        int64 lower;
        int64 volatility;
        /// @dev collected and not yet vested: the risk measure is upper less this
        int64 pending;
        /// @dev P + L
        int64 capital;
        /// @dev funding a bar
        int64 funding;
        /// @dev kappa, 1 in units of 2^-24
        int64 tailFactor;
    }

    /// @notice Accounts by duty at first. Off local chains four accounts, none of which reports prices.
    struct Keys {
        address admin;
        address governor;
        address guardian;
        address publisher;
    }

    struct Settings {
        IPriceSource prices;
        /// @dev -ln alpha, in units of 2^-24
        int64 budget;
        /// @dev seconds between a proposal and its installation
        uint32 delay;
        /// @dev seconds from a bar's end for which its epoch is fresh
        uint32 freshness;
        GuardRails.Limits margins;
        /// @dev who binds the book to accounts from the start; the zero address where nobody does
        IBookBinding binding;
        /// @dev who makes the attestor; the audit compares its code
        AttestorMaker attestors;
    }

    IPriceSource public immutable prices;
    int64 public immutable budget;
    uint32 public immutable freshness;
    /// @notice Where liquidations are attested.
    LiquidationAttestor public immutable attestor;

    GuardRails.Limits public limits;
    /// @notice Who binds the book to accounts; where it is the zero address exposures and terms are the publisher's word.
    IBookBinding public binding;
    /// @notice A market whose price has been further away than its forecasts too often; 0 where there is none. Until another model is
    /// installed nothing is published.
    bytes32 public discredited;
    uint8 private _generation;
    /// @dev when the first window of the model's markets ends: no bar before needs to be looked at. 0 where that is not known
    uint64 private _firstEnd;
    /// @dev digest of the closing prices that the last epoch of this model was published at
    bytes32 private _closes;
    Measure private _measure;
    MarginPaths.Paths private _margins;
    mapping(bytes32 market => Exceedances.Window) private _windows;
    /// @notice Digest of an epoch's proven values: `LiquidationAttestor.ProvenBar`.
    mapping(uint64 number => bytes32) public provenIn;

    error BudgetNotPositive(int64 budget);
    error FreshnessIsZero();
    /// @notice Off local chains no account publishes measures computed from prices that it reports.
    error PublisherReportsPrices(address account);
    error BarNotOver(uint64 bar);
    error EpochOutOfOrder(uint64 expected, uint64 got);
    error BarOutOfOrder(uint64 expected, uint64 got);
    error WrongNumberOfProofs(uint256 expected, uint256 got);
    error UnitIsZero();
    error ProofRefused(uint256 part);
    error ModelDiffers(uint256 part, uint256 registered, uint256 proven);
    error ChainBroken(uint256 part, uint256 expected, uint256 proven);
    error ExposureOfNoMarket(uint256 part, uint256 place);
    /// @notice Other prices than the epoch before was published at.
    error ClosesDiffer();
    error PriceDiffers(bytes32 market, int256 proven, uint256 before, uint256 now_);
    error ModelDiscredited(bytes32 market);
    error BookNotBound();
    error NotFresh(uint256 bar, uint256 freshness);
    error MarketUnknown(bytes32 market);

    /// @param digest keccak256 of the call's data: an auditor finds the call in the transaction by it, whoever passes it on
    event EpochPublished(
        uint64 indexed number, uint64 indexed bar, bool chained, int64 upper, uint256 unit, bytes32 digest
    );
    /// @notice Margin requirements set out within the guard rails, in the order of the model's markets, four in a word from its lowest bits
    /// on: 32 bits where each goes, 32 bits where it was, in units of 10^-9.
    event MarginsMoved(uint64 indexed number, uint256[] words);
    /// @notice A horizon has ended: windows so far, and in how many the price was further away than z volatilities.
    event WindowClosed(bytes32 indexed market, uint24 windows, uint24 exceedances);
    /// @notice A market has had more exceedances than a right forecast has with a probability of 0.1 %.
    event Discredited(bytes32 indexed market, uint24 windows, uint24 exceedances);
    event BindingInstalled(IBookBinding binding);

    constructor(Keys memory keys, Settings memory settings, Verifiers memory verifiers_)
        Timelocked(keys.admin, keys.governor, keys.guardian, settings.delay)
        ModelRegistry(verifiers_)
    {
        if (settings.budget <= 0) revert BudgetNotPositive(settings.budget);
        GuardRails.check(settings.margins);
        if (settings.freshness == 0) revert FreshnessIsZero();
        prices = settings.prices;
        budget = settings.budget;
        freshness = settings.freshness;
        limits = settings.margins;
        binding = settings.binding;
        emit BindingInstalled(settings.binding);
        attestor = settings.attestors.make(IProvenBars(address(this)));
        _grantRole(PUBLISHER_ROLE, keys.publisher);
    }

    // ---------------------------------------------------------------- pausing

    function pause() external onlyRole(GUARDIAN_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }

    // ---------------------------------------------------------------- epochs

    /// @notice Takes an epoch whose proofs hold: a bar of the model in force, and the risk of the standing book in it.
    function publish(Epoch calldata epoch) external onlyRole(PUBLISHER_ROLE) whenNotPaused nonReentrant {
        InForce storage installed = _model;
        if (installed.count == 0) revert NothingInstalled();
        uint256 parts = installed.count > installed.first ? 2 : 1;
        if (discredited != 0) revert ModelDiscredited(discredited);
        if (epoch.number != _measure.number + 1) revert EpochOutOfOrder(_measure.number + 1, epoch.number);
        uint64 expected = installed.stateBar + installed.barSeconds;
        if (epoch.bar != expected) revert BarOutOfOrder(expected, epoch.bar);
        if (epoch.bar > block.timestamp) revert BarNotOver(epoch.bar);
        _requireNoReporter(msg.sender);
        if (epoch.bars.length != parts) revert WrongNumberOfProofs(parts, epoch.bars.length);
        if (epoch.unit == 0) revert UnitIsZero();

        uint256[] calldata values = epoch.bars[0].instances;
        (IBookBinding.ProvenBook memory book, uint256[] memory variances) = _bar(epoch);
        if (parts == 1) BarValues.requireAlone(values);
        else BarValues.requireTogether(values, epoch.bars[1].instances);
        _requireBound(book, epoch.book);
        int256 tailFactor = values.integer(BarValues.TAIL_FACTOR);
        _moveMargins(book, variances, uint256(tailFactor));
        _count(book, variances);
        provenIn[epoch.number] = keccak256(
            abi.encode(
                LiquidationAttestor.ProvenBar(
                    epoch.number, epoch.bar, installed.barSeconds, tailFactor, book.markets, variances
                )
            )
        );

        installed.stateBar = epoch.bar;
        _measure = Measure({
            number: epoch.number,
            bar: epoch.bar,
            publishedAt: uint64(block.timestamp),
            chained: !_anchored,
            unit: epoch.unit,
            upper: int64(values.integer(BarLayout.UPPER)),
            lower: int64(values.integer(BarLayout.LOWER)),
            volatility: int64(values.integer(BarLayout.VOLATILITY)),
            pending: int64(100 * book.pending),
            capital: int64(100 * (book.capital + book.liquidity)),
            funding: int64(values.integer(BarLayout.FUNDING)),
            tailFactor: int64(tailFactor)
        });
        _anchored = false;
        emit EpochPublished(
            epoch.number, epoch.bar, _measure.chained, _measure.upper, epoch.unit, keccak256(msg.data)
        );
    }

    /// @notice Binds the proven book to accounts; the zero address unbinds it.
    function installBinding(IBookBinding proposed) external onlyRole(GOVERNOR_ROLE) timelocked {
        binding = proposed;
        emit BindingInstalled(proposed);
    }

    // ---------------------------------------------------------------- reads

    /// @notice The last measure, and whether it is fresh and of a model that is not discredited.
    function measure() external view returns (Measure memory last, bool fresh) {
        return (_measure, _fresh(_measure.bar));
    }

    /// @notice The last measure; reverts where it is too old to act on, or of a model that is discredited.
    function freshMeasure() external view returns (Measure memory) {
        if (discredited != 0) revert ModelDiscredited(discredited);
        if (!_fresh(_measure.bar)) revert NotFresh(_measure.bar, freshness);
        return _measure;
    }

    /// @notice Margin requirement of a market in this block, a share with 18 decimals, and whether it is fresh: of a market that the model
    /// has dropped the last requirement stays, and goes stale.
    function margin(bytes32 market) external view returns (uint64 share, bool fresh) {
        (uint256 value, uint64 bar) = _margins.valueOf(market, limits.blocks);
        if (bar == 0) revert MarketUnknown(market);
        return (uint64(value * GuardRails.UNIT), _fresh(bar));
    }

    /// @notice Whether a challenged premium was not proven in time, or a journal was shown to be broken: no read is fresh any more.
    function disputed() public view returns (bool) {
        return address(binding) != address(0) && binding.disputed(address(this));
    }

    /// @notice How often a market's price was further away than its forecast said, since the last model that was discredited.
    function exceedances(bytes32 market) external view returns (Exceedances.Window memory window) {
        window = _windows[market];
        if (window.generation != _generation) return Exceedances.Window(0, 0, 0, 0, 0, _generation);
    }

    // ---------------------------------------------------------------- inside

    /// @dev Every part of the bar holds, of the registered model and state, at the prices that are held.
    function _bar(Epoch calldata epoch)
        private
        returns (IBookBinding.ProvenBook memory book, uint256[] memory variances)
    {
        int256 gross = 0;
        for (uint256 p = 0; p < epoch.bars.length; p++) {
            gross += BarValues.requireHolds(epoch.bars[p].instances, budget);
        }
        BarValues.requireUnit(gross);
        bytes32[] memory markets = _markets();
        variances = new uint256[](markets.length);
        uint256[] calldata values = epoch.bars[0].instances;
        uint256[] memory before = _before(epoch.before, markets);
        book = IBookBinding.ProvenBook({
            number: epoch.number,
            bar: epoch.bar,
            markets: markets,
            exposures: new int256[](markets.length),
            prices: prices.pricesAt(markets, epoch.bar),
            entry: values.integer(BarValues.ENTRY),
            capital: values.integer(BarValues.CAPITAL),
            liquidity: values.integer(BarValues.LIQUIDITY),
            pending: values.integer(BarValues.PENDING),
            unit: epoch.unit,
            barSeconds: _model.barSeconds,
            model: 0,
            state: 0
        });
        for (uint256 p = 0; p < epoch.bars.length; p++) _part(p, epoch.bars[p], before, book, variances);
        if (epoch.bars.length == 1) (book.model, book.state) = (_model.models[0], _model.states[0]);
        _closes = _digest(book.prices);
    }

    /// @dev Prices at the beginning of the bar: those of the epoch before, or the source's where the state came with the model.
    function _before(uint256[] memory said, bytes32[] memory markets) private view returns (uint256[] memory) {
        if (_anchored) return prices.pricesAt(markets, _model.stateBar);
        if (_digest(said) != _closes) revert ClosesDiffer();
        return said;
    }

    function _digest(uint256[] memory values) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(values));
    }

    /// @param before prices at the beginning of the bar
    function _part(
        uint256 p,
        Proof calldata proof,
        uint256[] memory before,
        IBookBinding.ProvenBook memory book,
        uint256[] memory variances
    ) private {
        uint256[] calldata values = proof.instances;
        if (values[BarLayout.MODEL_COMMITMENT] != _model.models[p]) {
            revert ModelDiffers(p, _model.models[p], values[BarLayout.MODEL_COMMITMENT]);
        }
        if (values[BarLayout.STATE_COMMITMENT] != _model.states[p]) {
            revert ChainBroken(p, _model.states[p], values[BarLayout.STATE_COMMITMENT]);
        }
        (uint256 at, uint256 end) = p == 0 ? (0, uint256(_model.first)) : (uint256(_model.first), before.length);
        unchecked {
            for (uint256 i = 0; i < BarLayout.MARKETS; i++) {
                int256 exposure = values.integer(BarLayout.EXPOSURES + i);
                int256 logReturn = values.integer(BarLayout.LOG_RETURNS + i);
                if (at == end) {
                    if (exposure != 0 || logReturn != 0) revert ExposureOfNoMarket(p, i);
                    continue;
                }
                book.exposures[at] = exposure;
                _requireReturn(book, at, before[at], logReturn);
                int256 variance = values.integer(BarLayout.VARIANCES + i);
                variances[at] = variance > 0 ? uint256(variance) : 0;
                at++;
            }
        }
        _verify(proof, p);
        _model.states[p] = values[BarLayout.NEXT_STATE_COMMITMENT];
    }

    /// @dev The proven log return, percent in units of 2^-48, is that of the prices held but for rounding.
    /// @param p0 the price at the beginning of the bar
    function _requireReturn(IBookBinding.ProvenBook memory book, uint256 at, uint256 p0, int256 logReturn) private pure {
        uint256 p1 = book.prices[at];
        // ln of the ratio with 18 decimals, right to its last digits; a percent is 1e16 units.
        int256 difference =
            logReturn * 1e16 - (FixedPointMathLib.lnWad(int256(FixedPointMathLib.mulDiv(p1, 1e18, p0))) << 48);
        if (difference > RETURN_TOLERANCE || difference < -RETURN_TOLERANCE) {
            revert PriceDiffers(book.markets[at], logReturn, p0, p1);
        }
    }

    function _requireBound(IBookBinding.ProvenBook memory book, bytes calldata commitment) private {
        if (address(binding) != address(0)) binding.requireBook(book, commitment);
        else if (commitment.length != 0) revert BookNotBound();
    }

    /// @dev A verifier reverts or answers false where a proof does not hold.
    function _verify(Proof calldata proof, uint256 part) private view {
        try verifiers.verifier.verifyProof(verifiers.barKey, proof.proof, proof.instances) returns (bool holds) {
            if (!holds) revert ProofRefused(part);
        } catch {
            revert ProofRefused(part);
        }
    }

    function _moveMargins(IBookBinding.ProvenBook memory book, uint256[] memory variances, uint256 tailFactor) private {
        GuardRails.Limits memory rails = GuardRails.kept(limits);
        uint256[] memory asked = new uint256[](variances.length);
        unchecked {
            for (uint256 i = 0; i < asked.length; i++) asked[i] = _requirement(variances[i], tailFactor);
        }
        address list = _model.markets;
        uint256[] memory current = _margins.current(list, book.markets, asked, rails);
        asked = GuardRails.bounded(rails, current, asked);
        emit MarginsMoved(book.number, _margins.set(list, book.bar, current, asked));
    }

    /// @dev kappa sqrt(-2 ln alpha) sigma as a share in units of 10^-9, from a variance in percent^2, units of 2^-128
    function _requirement(uint256 variance, uint256 tailFactor) private view returns (uint256) {
        unchecked {
            // budget 2^-24 times variance 2^-48: the root is in units of 2^-36
            uint256 percent = FixedPointMathLib.sqrt(2 * uint256(int256(budget)) * (variance >> 80));
            return (percent * tailFactor * 1e7) >> 60;
        }
    }

    /// @dev Counts the windows that end here; a forecast that is refuted is the last one that is taken of its model.
    function _count(IBookBinding.ProvenBook memory book, uint256[] memory variances) private {
        if (book.bar < _firstEnd) return;
        uint256 horizon = uint256(_model.horizonBars) * _model.barSeconds;
        uint64 first = type(uint64).max;
        for (uint256 i = 0; i < variances.length; i++) {
            bytes32 market = book.markets[i];
            Exceedances.Window storage window = _windows[market];
            bool closed = window.step(book.prices[i], variances[i] >> 64, book.bar, horizon, _generation);
            if (window.end < first) first = window.end;
            if (!closed) continue;
            (uint24 windows, uint24 outside) = (window.windows, window.exceedances);
            emit WindowClosed(market, windows, outside);
            if (!Exceedances.refuted(windows, outside)) continue;
            discredited = market;
            emit Discredited(market, windows, outside);
        }
        _firstEnd = first;
    }

    function _settledBar() internal view override returns (uint64) {
        return _measure.bar;
    }

    /// @dev A model that takes over from a discredited one is counted anew.
    function _installed() internal override {
        _firstEnd = 0;
        if (discredited == 0) return;
        discredited = 0;
        _generation++;
    }

    function _checkProposal(bytes4 kind, bytes calldata arguments) internal view override {
        if (kind != this.installBinding.selector) super._checkProposal(kind, arguments);
    }

    function _fresh(uint64 bar) private view returns (bool) {
        return bar != 0 && discredited == 0 && block.timestamp <= uint256(bar) + freshness && !disputed();
    }

    function _requireNoReporter(address account) private view {
        if (!LocalChain.here() && prices.isReporter(account)) revert PublisherReportsPrices(account);
    }

    function _grantRole(bytes32 role, address account) internal override returns (bool) {
        // While this contract is made its price source is not set yet: `publish` looks as well.
        if (role == PUBLISHER_ROLE) _requireNoReporter(account);
        return super._grantRole(role, account);
    }
}
