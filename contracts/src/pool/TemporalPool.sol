// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IPriceSource} from "../IPriceSource.sol";
import {IProofVerifier} from "../ModelRegistry.sol";
import {MomentumLayout} from "../generated/Layout.sol";
import {PublicValues} from "../PublicValues.sol";
import {SandwichValues} from "../SandwichValues.sol";
import {MomentumRule} from "./MomentumRule.sol";
import {WeightedMath} from "./WeightedMath.sol";
import {WeightRails} from "./WeightRails.sol";

/// @title A pool of 2 to 8 tokens whose weights follow the momentum of their prices.
/// @notice Weights move by `performUpdate` alone: by a public rule, or by a proof that a secret one, committed to when the pool was
/// made, was followed. Nobody can set them, and neither rule can move them further or faster than the limits.
contract TemporalPool is ERC20, AccessControl, Pausable, ReentrancyGuard {
    using SafeERC20 for IERC20;
    using PublicValues for uint256[];
    using WeightRails for WeightRails.Path;

    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN");

    uint256 private constant ONE = 1e18;
    uint256 private constant FEWEST_TOKENS = 2;
    uint256 private constant MOST_TOKENS = 8;
    uint256 private constant HIGHEST_FEE = 0.1e18;
    /// @dev shares nobody owns: the first depositor cannot make a share worth more than others can pay
    uint256 public constant LOCKED_SHARES = 1e6;
    address private constant NOBODY = address(0xdead);

    struct Asset {
        IERC20 token;
        /// @dev as the price source knows it
        bytes32 market;
        uint64 weight;
    }

    /// @notice What moves the weights: a public strength of the rule for each token, or the commitment to a secret one.
    struct Strategy {
        /// @dev k with 18 decimals, empty where it is secret
        uint256[] k;
        /// @dev Poseidon hash of k and a salt, 0 where k is public
        uint256 commitment;
        IProofVerifier verifier;
        /// @dev holds the circuit's verification key
        address verificationKey;
        /// @dev made on an SRS that anyone could know the secret of: refused but on local chains
        bool development;
    }

    struct Terms {
        IPriceSource prices;
        /// @dev of the estimator, by update, 18 decimals
        uint64 decay;
        /// @dev share of what goes in, 18 decimals
        uint64 fee;
        /// @dev most of a balance that may come or go in one call, 18 decimals
        uint64 tradeSize;
        /// @dev seconds between updates, at least
        uint32 interval;
        /// @dev seconds after which a price is too old to update with
        uint32 staleness;
        WeightRails.Limits limits;
    }

    uint256 public immutable tokens;
    IPriceSource public immutable prices;
    uint64 public immutable decay;
    uint64 public immutable fee;
    uint64 public immutable tradeSize;
    uint32 public immutable interval;
    uint32 public immutable staleness;
    WeightRails.Limits public limits;
    Asset[] private _assets;
    Strategy private _strategy;

    /// @dev in units of each token; what is sent here otherwise counts for nothing
    uint256[8] private _balances;
    /// @dev what makes 18 decimals of a token's
    uint256[8] private _scales;
    WeightRails.Path private _path;
    MomentumRule.Estimate[8] private _estimates;
    /// @notice End of the bar whose prices the weights know.
    uint64 public updatedBar;

    error TokensInvalid();
    error WeightsInvalid();
    error TermsInvalid();
    error StrategyInvalid();
    error DevelopmentSrs(uint256 chainId);
    error TokenUnknown(uint256 token);
    error AmountIsZero();
    error FeeOnTransfer(IERC20 token, uint256 sent, uint256 received);
    error TradeTooLarge(uint256 token, uint256 amount, uint256 most);
    error LimitExceeded(uint256 limit, uint256 amount);
    error Expired(uint256 deadline);
    error NotStarted();
    error AlreadyStarted();
    error TooEarly(uint64 bar, uint64 earliest);
    error PricesStale(uint64 bar, uint256 staleness);
    error PricesOfTheFuture(uint64 bar);
    error StrategyDiffers(uint256 committed, uint256 proven);
    error GradientDiffers(uint256 token, int256 held, int256 proven);
    error WeightDiffers(uint256 token, int256 held, int256 proven);
    error ProofRefused();
    error NeedsProof();
    error NeedsNoProof();

    event Swapped(
        address indexed sender, uint256 indexed tokenIn, uint256 indexed tokenOut, uint256 amountIn, uint256 amountOut
    );
    event Joined(address indexed sender, uint256 shares, uint256[] amounts);
    event Exited(address indexed sender, uint256 shares, uint256[] amounts);
    /// @notice Weights begin to move: what the rule asks for, and what the guard rails let them become.
    event WeightsMoved(uint64 indexed bar, uint256[] from, uint256[] asked, uint256[] next);

    constructor(
        string memory name,
        string memory symbol,
        address admin,
        Asset[] memory assets,
        Strategy memory strategy_,
        Terms memory terms
    ) ERC20(name, symbol) {
        uint256 n = assets.length;
        if (n < FEWEST_TOKENS || n > MOST_TOKENS) revert TokensInvalid();
        tokens = n;
        _checkTerms(terms, n);
        (prices, decay, fee) = (terms.prices, terms.decay, terms.fee);
        (tradeSize, interval, staleness) = (terms.tradeSize, terms.interval, terms.staleness);
        limits = terms.limits;
        _checkStrategy(strategy_, n);
        _strategy = strategy_;
        uint256 sum = 0;
        for (uint256 i = 0; i < n; i++) {
            for (uint256 j = 0; j < i; j++) if (assets[j].token == assets[i].token) revert TokensInvalid();
            uint8 decimals_ = IERC20Metadata(address(assets[i].token)).decimals();
            if (decimals_ > 18) revert TokensInvalid();
            _scales[i] = 10 ** (18 - decimals_);
            if (assets[i].weight < terms.limits.lowest) revert WeightsInvalid();
            sum += assets[i].weight;
            _path.weights[i].from = assets[i].weight;
            _assets.push(assets[i]);
        }
        if (sum != ONE) revert WeightsInvalid();
        _path.start = uint64(block.number);
        _path.blocks = terms.limits.blocks;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    // ---------------------------------------------------------------- pausing

    /// @notice Stops swaps, joins and updates. Who wants to leave still can.
    function pause() external onlyRole(GUARDIAN_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }

    // ---------------------------------------------------------------- swaps

    /// @notice Gives an exact amount of one token for another.
    /// @param amountIn in units of the token, fee included
    function swapExactIn(uint256 tokenIn, uint256 tokenOut, uint256 amountIn, uint256 leastOut, uint256 deadline)
        external
        nonReentrant
        whenNotPaused
        returns (uint256 amountOut)
    {
        _checkSwap(tokenIn, tokenOut, amountIn, deadline);
        uint256[] memory now_ = weights();
        amountOut = WeightedMath.outGivenIn(
            _scaled(tokenIn, _balances[tokenIn]),
            now_[tokenIn],
            _scaled(tokenOut, _balances[tokenOut]),
            now_[tokenOut],
            _scaled(tokenIn, amountIn),
            fee
        ) / _scales[tokenOut];
        if (amountOut < leastOut) revert LimitExceeded(leastOut, amountOut);
        _settleSwap(tokenIn, tokenOut, amountIn, amountOut);
    }

    /// @notice Takes an exact amount of a token for another.
    /// @param mostIn in units of the token, fee included
    function swapExactOut(uint256 tokenIn, uint256 tokenOut, uint256 amountOut, uint256 mostIn, uint256 deadline)
        external
        nonReentrant
        whenNotPaused
        returns (uint256 amountIn)
    {
        _checkSwap(tokenIn, tokenOut, amountOut, deadline);
        _checkSize(tokenOut, amountOut);
        uint256[] memory now_ = weights();
        amountIn = Math.ceilDiv(
            WeightedMath.inGivenOut(
                _scaled(tokenIn, _balances[tokenIn]),
                now_[tokenIn],
                _scaled(tokenOut, _balances[tokenOut]),
                now_[tokenOut],
                _scaled(tokenOut, amountOut),
                fee
            ),
            _scales[tokenIn]
        );
        if (amountIn > mostIn) revert LimitExceeded(mostIn, amountIn);
        _settleSwap(tokenIn, tokenOut, amountIn, amountOut);
    }

    // ---------------------------------------------------------------- joins and exits

    /// @notice The first deposit. Its amounts should be worth what the weights say: the first swap takes what they are not.
    /// @return shares the invariant of the balances, less those that stay locked
    function start(uint256[] calldata amounts) external nonReentrant whenNotPaused returns (uint256 shares) {
        if (totalSupply() != 0) revert AlreadyStarted();
        if (amounts.length != tokens) revert TokensInvalid();
        uint256[] memory scaled = new uint256[](tokens);
        for (uint256 i = 0; i < tokens; i++) {
            if (amounts[i] == 0) revert AmountIsZero();
            scaled[i] = _scaled(i, amounts[i]);
            _take(i, amounts[i]);
        }
        shares = WeightedMath.invariant(scaled, weights());
        if (shares <= 2 * LOCKED_SHARES) revert AmountIsZero();
        shares -= LOCKED_SHARES;
        _mint(NOBODY, LOCKED_SHARES);
        _mint(msg.sender, shares);
        emit Joined(msg.sender, shares, amounts);
    }

    /// @notice Adds all tokens in proportion for an exact number of shares.
    function join(uint256 shares, uint256[] calldata most)
        external
        nonReentrant
        whenNotPaused
        returns (uint256[] memory amounts)
    {
        uint256 supply = _checkShares(shares);
        amounts = new uint256[](tokens);
        for (uint256 i = 0; i < tokens; i++) {
            amounts[i] = Math.mulDiv(_balances[i], shares, supply, Math.Rounding.Ceil);
            if (amounts[i] > most[i]) revert LimitExceeded(most[i], amounts[i]);
            _take(i, amounts[i]);
        }
        _mint(msg.sender, shares);
        emit Joined(msg.sender, shares, amounts);
    }

    /// @notice Adds one token for an exact number of shares. It pays the fee on what is as good as swapped.
    function joinSingle(uint256 token, uint256 shares, uint256 most)
        external
        nonReentrant
        whenNotPaused
        returns (uint256 amount)
    {
        uint256 supply = _checkShares(shares);
        _checkToken(token);
        amount = Math.ceilDiv(
            WeightedMath.singleInForShares(
                _scaled(token, _balances[token]), weights()[token], shares, supply, fee
            ),
            _scales[token]
        );
        if (amount > most) revert LimitExceeded(most, amount);
        _checkSize(token, amount);
        _take(token, amount);
        _mint(msg.sender, shares);
        emit Joined(msg.sender, shares, _only(token, amount));
    }

    /// @notice Gives shares back for all tokens in proportion. Works while paused.
    function exit(uint256 shares, uint256[] calldata least) external nonReentrant returns (uint256[] memory amounts) {
        uint256 supply = _checkShares(shares);
        _burn(msg.sender, shares);
        amounts = new uint256[](tokens);
        for (uint256 i = 0; i < tokens; i++) {
            amounts[i] = Math.mulDiv(_balances[i], shares, supply);
            if (amounts[i] < least[i]) revert LimitExceeded(least[i], amounts[i]);
            _give(i, amounts[i]);
        }
        emit Exited(msg.sender, shares, amounts);
    }

    /// @notice Gives shares back for one token. It pays the fee on what is as good as swapped.
    function exitSingle(uint256 token, uint256 shares, uint256 least)
        external
        nonReentrant
        whenNotPaused
        returns (uint256 amount)
    {
        uint256 supply = _checkShares(shares);
        _checkToken(token);
        amount = WeightedMath.singleOutForShares(
            _scaled(token, _balances[token]), weights()[token], shares, supply, fee
        ) / _scales[token];
        if (amount < least) revert LimitExceeded(least, amount);
        _checkSize(token, amount);
        _burn(msg.sender, shares);
        _give(token, amount);
        emit Exited(msg.sender, shares, _only(token, amount));
    }

    // ---------------------------------------------------------------- weights

    /// @notice Moves the weights by the public rule. Anyone may ask for it.
    /// @param bar whose prices are taken: the newest there is, within the staleness
    function performUpdate(uint64 bar) external nonReentrant whenNotPaused {
        if (_strategy.k.length == 0) revert NeedsProof();
        int256[] memory gradients = _learn(bar);
        if (gradients.length == 0) return;
        uint256[] memory current = weights();
        _move(bar, current, MomentumRule.target(current, gradients, _strategy.k));
    }

    /// @notice Moves the weights by the secret rule the pool has committed to. Whoever can prove it may ask for it.
    /// @param bar as of `performUpdate`
    function performUpdate(uint64 bar, bytes calldata proof, uint256[] calldata instances)
        external
        nonReentrant
        whenNotPaused
    {
        if (_strategy.k.length != 0) revert NeedsNoProof();
        int256[] memory gradients = _learn(bar);
        if (gradients.length == 0) return;
        uint256[] memory current = weights();
        _checkProof(current, gradients, proof, instances);
        uint256[] memory target = new uint256[](tokens);
        for (uint256 i = 0; i < tokens; i++) {
            int256 proven = instances.number(MomentumLayout.NEW_WEIGHTS + i);
            target[i] = proven > 0 ? (uint256(proven) * ONE) >> 24 : 0;
        }
        _move(bar, current, target);
    }

    // ---------------------------------------------------------------- reads

    /// @notice Weights of this block, 18 decimals; they sum to one.
    function weights() public view returns (uint256[] memory) {
        return _path.at(tokens, block.number);
    }

    /// @notice Balances in units of each token.
    function balances() external view nonReentrantView returns (uint256[] memory held) {
        held = new uint256[](tokens);
        for (uint256 i = 0; i < tokens; i++) held[i] = _balances[i];
    }

    function assets() external view returns (Asset[] memory) {
        return _assets;
    }

    function strategy() external view returns (Strategy memory) {
        return _strategy;
    }

    /// @notice What a proof for an update at a bar is to start from, both in units of 2^-24.
    function statement(uint64 bar) external view returns (int256[] memory gradient, int256[] memory weight) {
        gradient = new int256[](tokens);
        weight = new int256[](tokens);
        uint256[] memory current = weights();
        for (uint256 i = 0; i < tokens; i++) {
            MomentumRule.Estimate memory next =
                MomentumRule.step(_estimates[i], prices.priceAt(_assets[i].market, bar), decay);
            gradient[i] = _units(MomentumRule.gradient(next, decay));
            weight[i] = _units(int256(current[i]));
        }
    }

    // ---------------------------------------------------------------- inside

    function _checkTerms(Terms memory terms, uint256 n) private pure {
        WeightRails.check(terms.limits, n);
        MomentumRule.check(terms.decay);
        if (terms.fee > HIGHEST_FEE || terms.tradeSize == 0 || terms.tradeSize > 0.5e18) revert TermsInvalid();
        if (terms.interval == 0 || terms.staleness == 0) revert TermsInvalid();
    }

    function _checkStrategy(Strategy memory proposed, uint256 n) private view {
        if (proposed.commitment == 0) {
            if (proposed.k.length != n) revert StrategyInvalid();
            // As large as the circuit's may be.
            for (uint256 i = 0; i < n; i++) if (proposed.k[i] > 16 * ONE) revert StrategyInvalid();
            return;
        }
        if (proposed.k.length != 0 || address(proposed.verifier) == address(0)) revert StrategyInvalid();
        if (proposed.development && block.chainid != 31337 && block.chainid != 1337) {
            revert DevelopmentSrs(block.chainid);
        }
    }

    /// @dev Takes the prices of a bar into the estimates.
    /// @return gradients empty at the first bar, which has none
    function _learn(uint64 bar) private returns (int256[] memory gradients) {
        if (totalSupply() == 0) revert NotStarted();
        if (bar > block.timestamp) revert PricesOfTheFuture(bar);
        if (block.timestamp - bar > staleness) revert PricesStale(bar, staleness);
        bool first = updatedBar == 0;
        if (!first && bar < updatedBar + interval) revert TooEarly(bar, updatedBar + interval);
        if (!first) gradients = new int256[](tokens);
        for (uint256 i = 0; i < tokens; i++) {
            uint256 price = prices.priceAt(_assets[i].market, bar);
            MomentumRule.Estimate memory next =
                first ? MomentumRule.start(price) : MomentumRule.step(_estimates[i], price, decay);
            if (!first) gradients[i] = MomentumRule.gradient(next, decay);
            _estimates[i] = next;
        }
        updatedBar = bar;
    }

    function _move(uint64 bar, uint256[] memory current, uint256[] memory target) private {
        WeightRails.Limits memory rails = limits;
        uint256[] memory next = WeightRails.guarded(rails, current, target);
        _path.move(rails, current, next);
        emit WeightsMoved(bar, current, target, next);
    }

    function _checkProof(
        uint256[] memory current,
        int256[] memory gradients,
        bytes calldata proof,
        uint256[] calldata instances
    ) private view {
        PublicValues.count(instances, MomentumLayout.COUNT);
        SandwichValues.requireNone(instances, MomentumLayout.VIOLATIONS);
        if (instances[MomentumLayout.STRATEGY_COMMITMENT] != _strategy.commitment) {
            revert StrategyDiffers(_strategy.commitment, instances[MomentumLayout.STRATEGY_COMMITMENT]);
        }
        SandwichValues.bounded(instances, MomentumLayout.RESIDUAL, 1, int256(MomentumLayout.RESIDUAL_TOLERANCE));
        for (uint256 i = 0; i < MOST_TOKENS; i++) {
            int256 held = i < tokens ? _units(gradients[i]) : int256(0);
            int256 proven = instances.number(MomentumLayout.PUBLIC_GRADIENT + i);
            if (proven != held) revert GradientDiffers(i, held, proven);
            held = i < tokens ? _units(int256(current[i])) : int256(0);
            proven = instances.number(MomentumLayout.PUBLIC_WEIGHTS + i);
            if (proven != held) revert WeightDiffers(i, held, proven);
            proven = instances.number(MomentumLayout.NEW_WEIGHTS + i);
            if (i >= tokens && proven != 0) revert WeightDiffers(i, 0, proven);
        }
        try _strategy.verifier.verifyProof(_strategy.verificationKey, proof, instances) returns (bool holds) {
            if (!holds) revert ProofRefused();
        } catch {
            revert ProofRefused();
        }
    }

    /// @dev a number with 18 decimals in units of 2^-24, to the nearest, halves away from zero
    function _units(int256 value) private pure returns (int256) {
        int256 doubled = value * (1 << 25);
        return (doubled + (value < 0 ? -int256(ONE) : int256(ONE))) / int256(2 * ONE);
    }

    function _scaled(uint256 token, uint256 amount) private view returns (uint256) {
        return amount * _scales[token];
    }

    function _checkSwap(uint256 tokenIn, uint256 tokenOut, uint256 amount, uint256 deadline) private view {
        if (block.timestamp > deadline) revert Expired(deadline);
        if (totalSupply() == 0) revert NotStarted();
        _checkToken(tokenIn);
        if (tokenIn == tokenOut) revert TokenUnknown(tokenOut);
        _checkToken(tokenOut);
        if (amount == 0) revert AmountIsZero();
    }

    function _checkToken(uint256 token) private view {
        if (token >= tokens) revert TokenUnknown(token);
    }

    function _checkShares(uint256 shares) private view returns (uint256 supply) {
        supply = totalSupply();
        if (supply == 0) revert NotStarted();
        if (shares == 0) revert AmountIsZero();
    }

    function _checkSize(uint256 token, uint256 amount) private view {
        uint256 most = (_balances[token] * tradeSize) / ONE;
        if (amount > most) revert TradeTooLarge(token, amount, most);
    }

    function _settleSwap(uint256 tokenIn, uint256 tokenOut, uint256 amountIn, uint256 amountOut) private {
        _checkSize(tokenIn, amountIn);
        _checkSize(tokenOut, amountOut);
        _take(tokenIn, amountIn);
        _give(tokenOut, amountOut);
        emit Swapped(msg.sender, tokenIn, tokenOut, amountIn, amountOut);
    }

    function _take(uint256 i, uint256 amount) private {
        IERC20 token = _assets[i].token;
        _balances[i] += amount;
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != amount) revert FeeOnTransfer(token, amount, received);
    }

    function _give(uint256 i, uint256 amount) private {
        _balances[i] -= amount;
        _assets[i].token.safeTransfer(msg.sender, amount);
    }

    function _only(uint256 token, uint256 amount) private view returns (uint256[] memory amounts) {
        amounts = new uint256[](tokens);
        amounts[token] = amount;
    }
}
