// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {GuardRails} from "./GuardRails.sol";
import {LiquidationLayout} from "./generated/Layout.sol";
import {Timelocked} from "./governance/Timelocked.sol";
import {LocalChain} from "./LocalChain.sol";
import {LiquidationValues} from "./LiquidationValues.sol";
import {IPriceSource} from "./prices/IPriceSource.sol";
import {ModelRegistry} from "./ModelRegistry.sol";
import {PublicValues} from "./PublicValues.sol";

/// @title Risk measures of a perpetual-futures exchange, each with the proof that it came out of the declared model.
/// @notice A measure is set by `publish` alone, from proofs; nobody can set one by hand.
contract RiskOracle is ModelRegistry, Pausable, ReentrancyGuard {
    using GuardRails for GuardRails.Path;
    using PublicValues for uint256[];

    /// @dev rounding of the factors a price change is computed from, percent in units of 2^-24
    int256 private constant CHANGE_TOLERANCE = 256;
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
        Proof[] covariances;
        Proof pricing;
    }

    /// @notice What an epoch says; numbers in percent of the unit of account, in units of 2^-24.
    struct Measure {
        uint64 number;
        uint64 bar;
        uint64 publishedAt;
        /// @dev whether its state is the next one of the epoch before, and not one that came with the model
        bool chained;
        uint256 unit;
        /// @dev upper bound of EVaR of the shortfall
        int64 upper;
        int64 lower;
        int64 volatility;
        /// @dev collected and not yet vested: the risk measure is upper less this
        int64 pending;
        /// @dev P + L
        int64 capital;
        /// @dev funding a bar
        int64 funding;
    }

    /// @notice Who does what at first. Off local chains four accounts, none of which reports prices.
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
        /// @dev seconds from a bar's end after which what was published of it is no longer fresh
        uint32 freshness;
        GuardRails.Limits margins;
    }

    IPriceSource public immutable prices;
    int64 public immutable budget;
    uint32 public immutable freshness;

    GuardRails.Limits public limits;
    Measure private _measure;
    mapping(bytes32 market => GuardRails.Path) private _margins;
    /// @notice Epoch in force when a plan was proven, plus one; 0 for plans that are not.
    mapping(bytes32 plan => uint256) public attestedIn;
    mapping(bytes32 values => bool) private _attested;

    error BudgetNotPositive(int64 budget);
    error FreshnessIsZero();
    /// @notice Off local chains nobody publishes what is computed from prices they report.
    error PublisherReportsPrices(address account);
    error BarNotOver(uint64 bar);
    error EpochOutOfOrder(uint64 expected, uint64 got);
    error BarOutOfOrder(uint64 expected, uint64 got);
    error WrongNumberOfProofs(uint256 expected, uint256 got);
    error UnitIsZero();
    error ProofRefused(uint256 index);
    error ModelDiffers(uint256 cluster, uint256 registered, uint256 proven);
    error ChainBroken(uint256 cluster, uint256 expected, uint256 proven);
    error RiskDiffers(uint256 cluster, uint256 covariance, uint256 pricing);
    error CorrelationDiffers(uint256 registered, uint256 proven);
    error BudgetDiffers(int256 registered, int256 proven);
    error ExposureOfNoMarket(uint256 cluster, uint256 asset);
    error NetExposureDiffers(int256 covariances, int256 pricing);
    error NotTheStandingBook(uint256 field);
    error PriceDiffers(bytes32 market, int256 proven, uint256 before, uint256 now_);
    error AlreadyAttested(bytes32 plan);
    error NotFresh(uint256 bar, uint256 freshness);
    error MarketUnknown(bytes32 market);

    /// @param digest keccak256 of the call's data: what an auditor looks for in the transaction, whoever passes it on
    event EpochPublished(
        uint64 indexed number, uint64 indexed bar, bool chained, int64 upper, uint256 unit, bytes32 digest
    );
    /// @notice A margin requirement moves: what the model asks for, and what the guard rails let it become.
    event MarginMoved(bytes32 indexed market, uint64 from, uint64 to, uint256 asked);
    event LiquidationAttested(
        bytes32 indexed plan, uint64 indexed number, bool optimal, int256 objective, int256 bound, bytes32 digest
    );

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

    /// @notice Takes an epoch whose proofs hold: covariances of every cluster at a bar, and the risk of the standing book.
    function publish(Epoch calldata epoch) external onlyRole(PUBLISHER_ROLE) whenNotPaused nonReentrant {
        Model storage installed = _model;
        uint256 clusters = installed.clusters.length;
        if (clusters == 0) revert NothingInstalled();
        if (epoch.number != _measure.number + 1) revert EpochOutOfOrder(_measure.number + 1, epoch.number);
        uint64 expected = installed.stateBar + installed.barSeconds;
        if (epoch.bar != expected) revert BarOutOfOrder(expected, epoch.bar);
        if (epoch.bar > block.timestamp) revert BarNotOver(epoch.bar);
        _requireNoReporter(msg.sender);
        if (epoch.covariances.length != clusters) revert WrongNumberOfProofs(clusters, epoch.covariances.length);
        if (epoch.unit == 0) revert UnitIsZero();

        int256 net = 0;
        for (uint256 c = 0; c < clusters; c++) {
            net += _cluster(c, epoch.covariances[c], epoch.pricing.instances, installed.stateBar, epoch.bar);
        }
        _pricing(epoch.pricing, clusters, net);
        _moveMargins(epoch.covariances, epoch.bar);

        uint256[] calldata values = epoch.pricing.instances;
        installed.stateBar = epoch.bar;
        _measure = Measure({
            number: epoch.number,
            bar: epoch.bar,
            publishedAt: uint64(block.timestamp),
            chained: !_anchored,
            unit: epoch.unit,
            upper: int64(values.number(PublicValues.UPPER)),
            lower: int64(values.number(PublicValues.LOWER)),
            volatility: int64(values.number(PublicValues.VOLATILITY)),
            pending: int64(100 * values.number(PublicValues.BOOK + 8)),
            capital: int64(100 * (values.number(PublicValues.BOOK + 4) + values.number(PublicValues.BOOK + 6))),
            funding: int64(values.number(PublicValues.FUNDING))
        });
        _anchored = false;
        emit EpochPublished(
            epoch.number, epoch.bar, _measure.chained, _measure.upper, epoch.unit, keccak256(msg.data)
        );
    }

    /// @notice Records that a plan was proven optimal, or that nothing would have restored the account's margin. Once.
    /// @param plan digest of the case the plan is of
    function attestLiquidation(bytes32 plan, Proof calldata proof)
        external
        onlyRole(PUBLISHER_ROLE)
        whenNotPaused
        nonReentrant
    {
        bytes32 values = keccak256(abi.encode(proof.instances));
        if (attestedIn[plan] != 0 || _attested[values]) revert AlreadyAttested(plan);
        bool optimal = LiquidationValues.requireLiquidation(proof.instances);
        int256 proven = LiquidationValues.budgetOf(proof.instances);
        if (proven != budget) revert BudgetDiffers(budget, proven);
        _verify(verifiers.liquidationKey, proof, 0);
        attestedIn[plan] = uint256(_measure.number) + 1;
        _attested[values] = true;
        emit LiquidationAttested(
            plan,
            _measure.number,
            optimal,
            proof.instances.number(LiquidationLayout.OBJECTIVE),
            proof.instances.number(LiquidationLayout.BOUND),
            keccak256(msg.data)
        );
    }

    // ---------------------------------------------------------------- reads

    /// @notice The last measure, and whether it is fresh.
    function measure() external view returns (Measure memory last, bool fresh) {
        return (_measure, _fresh(_measure.bar));
    }

    /// @notice The last measure; reverts with NotFresh where it is too old to act on.
    function freshMeasure() external view returns (Measure memory) {
        if (!_fresh(_measure.bar)) revert NotFresh(_measure.bar, freshness);
        return _measure;
    }

    /// @notice Margin requirement of a market in this block, a share with 18 decimals, and whether it is fresh: of a market that the model
    /// has dropped the last requirement stays, and goes stale.
    function margin(bytes32 market) external view returns (uint64 share, bool fresh) {
        GuardRails.Path memory path = _margins[market];
        if (path.start == 0) revert MarketUnknown(market);
        return (path.at(block.number), _fresh(path.bar));
    }

    // ---------------------------------------------------------------- inside

    /// @return net sum of the cluster's exposures
    function _cluster(uint256 c, Proof calldata proof, uint256[] calldata pricing, uint64 before, uint64 bar)
        private
        returns (int256 net)
    {
        uint256[] calldata values = proof.instances;
        PublicValues.requireCovariance(values);
        Cluster storage cluster = _model.clusters[c];
        if (values[PublicValues.MODEL] != cluster.model) {
            revert ModelDiffers(c, cluster.model, values[PublicValues.MODEL]);
        }
        if (values[PublicValues.STATE] != cluster.state) {
            revert ChainBroken(c, cluster.state, values[PublicValues.STATE]);
        }
        if (pricing.length != PublicValues.PRICING_VALUES) {
            revert PublicValues.WrongNumberOfValues(PublicValues.PRICING_VALUES, pricing.length);
        }
        if (values[PublicValues.RISK] != pricing[c]) revert RiskDiffers(c, values[PublicValues.RISK], pricing[c]);
        if (values[PublicValues.DRIFT] != pricing[PublicValues.CLUSTERS + c]) {
            revert RiskDiffers(c, values[PublicValues.DRIFT], pricing[PublicValues.CLUSTERS + c]);
        }
        uint256 markets = cluster.markets.length;
        for (uint256 i = 0; i < PublicValues.ASSETS; i++) {
            int256 exposure = values.number(PublicValues.EXPOSURES + i);
            if (i >= markets) {
                if (exposure != 0) revert ExposureOfNoMarket(c, i);
                continue;
            }
            net += exposure;
            _requirePrice(cluster.markets[i], values.number(PublicValues.CHANGES + i), before, bar);
        }
        _verify(verifiers.covarianceKey, proof, c);
        cluster.state = values[PublicValues.NEXT_STATE];
    }

    /// @dev The proven change is that of the prices held: |change p0 - 100 (p1 - p0)| within rounding.
    function _requirePrice(bytes32 market, int256 change, uint64 before, uint64 bar) private view {
        uint256 p0 = prices.priceAt(market, before);
        uint256 p1 = prices.priceAt(market, bar);
        int256 difference =
            change * int256(p0) - 100 * PublicValues.ONE * (int256(p1) - int256(p0));
        int256 allowed = CHANGE_TOLERANCE * int256(p0);
        if (difference > allowed || difference < -allowed) revert PriceDiffers(market, change, p0, p1);
    }

    function _pricing(Proof calldata proof, uint256 clusters, int256 net) private view {
        uint256[] calldata values = proof.instances;
        PublicValues.requirePricing(values);
        for (uint256 c = 0; c < PublicValues.CLUSTERS; c++) {
            // No trade: the book after is the book before.
            if (values[PublicValues.AFTER + c] != values[c]) revert NotTheStandingBook(c);
            if (c < clusters) continue;
            uint256 drift = values[PublicValues.CLUSTERS + c];
            if (values[c] != PublicValues.NOTHING) revert RiskDiffers(c, PublicValues.NOTHING, values[c]);
            if (drift != PublicValues.NOTHING) revert RiskDiffers(c, PublicValues.NOTHING, drift);
        }
        for (uint256 field = 0; field < 5; field++) {
            uint256 at = PublicValues.BOOK + 2 * field;
            if (values[at] != values[at + 1]) revert NotTheStandingBook(PublicValues.CLUSTERS + field);
        }
        if (values[PublicValues.CORRELATION] != _model.correlation) {
            revert CorrelationDiffers(_model.correlation, values[PublicValues.CORRELATION]);
        }
        int256 proven = values.number(PublicValues.BUDGET);
        if (proven != budget) revert BudgetDiffers(budget, proven);
        int256 booked = values.number(PublicValues.BOOK);
        if (booked != net) revert NetExposureDiffers(net, booked);
        _verify(verifiers.pricingKey, proof, clusters);
    }

    /// @dev A verifier reverts or answers false where a proof does not hold.
    function _verify(address key, Proof calldata proof, uint256 index) private view {
        try verifiers.verifier.verifyProof(key, proof.proof, proof.instances) returns (bool holds) {
            if (!holds) revert ProofRefused(index);
        } catch {
            revert ProofRefused(index);
        }
    }

    function _moveMargins(Proof[] calldata covariances, uint64 bar) private {
        uint256 count = 0;
        for (uint256 c = 0; c < covariances.length; c++) count += _model.clusters[c].markets.length;
        bytes32[] memory markets = new bytes32[](count);
        uint256[] memory current = new uint256[](count);
        uint256[] memory asked = new uint256[](count);
        GuardRails.Limits memory rails = limits;
        uint256 at = 0;
        for (uint256 c = 0; c < covariances.length; c++) {
            bytes32[] storage names = _model.clusters[c].markets;
            for (uint256 i = 0; i < names.length; i++) {
                markets[at] = names[i];
                asked[at] = _requirement(covariances[c].instances.number(PublicValues.VARIANCES + i));
                GuardRails.Path memory path = _margins[names[i]];
                // A market's first requirement starts where it is asked to be, within the limits: nobody relies on it yet.
                current[at] = path.start == 0
                    ? Math.min(Math.max(asked[at], rails.lowest), rails.highest)
                    : path.at(block.number);
                at++;
            }
        }
        uint256[] memory next = GuardRails.bounded(rails, current, asked);
        for (uint256 i = 0; i < count; i++) {
            _margins[markets[i]] = GuardRails.Path({
                from: uint64(current[i]),
                to: uint64(next[i]),
                start: uint48(block.number),
                blocks: rails.blocks,
                bar: uint48(bar)
            });
            emit MarginMoved(markets[i], uint64(current[i]), uint64(next[i]), asked[i]);
        }
    }

    /// @dev sqrt(-2 ln alpha) sigma as a share with 18 decimals, from a variance in percent^2
    function _requirement(int256 variance) private view returns (uint256) {
        uint256 percent = Math.sqrt(2 * uint256(int256(budget)) * (variance > 0 ? uint256(variance) : 0));
        return (percent * 1e16) >> 24;
    }

    function _settledBar() internal view override returns (uint64) {
        return _measure.bar;
    }

    function _fresh(uint64 bar) private view returns (bool) {
        return bar != 0 && block.timestamp <= uint256(bar) + freshness;
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
