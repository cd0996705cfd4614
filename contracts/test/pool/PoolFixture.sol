// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IPriceSource} from "../../src/prices/IPriceSource.sol";
import {IProofVerifier} from "../../src/proofs/IProofVerifier.sol";
import {PublicValues} from "../../src/PublicValues.sol";
import {PoolTokens} from "../../src/pool/PoolTokens.sol";
import {IPoolRule} from "../../src/pool/IPoolRule.sol";
import {RuleWeights} from "../../src/pool/RuleWeights.sol";
import {TemporalPool} from "../../src/pool/TemporalPool.sol";
import {WeightRails} from "../../src/pool/WeightRails.sol";
import {Base} from "../Base.sol";

/// @notice A token anyone can have; it can be told to take a fee, or to call somebody while it moves.
contract TestToken is ERC20 {
    uint8 private immutable _decimals;
    uint256 public feeShare;
    address public called;
    bytes public call;

    constructor(string memory name, uint8 decimals_) ERC20(name, name) {
        _decimals = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function takeFee(uint256 share) external {
        feeShare = share;
    }

    function arm(address called_, bytes calldata call_) external {
        (called, call) = (called_, call_);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (called != address(0) && from != address(0)) {
            (bool done,) = called.call(call);
            require(!done, "reentered");
        }
        uint256 fee = from == address(0) ? 0 : (amount * feeShare) / 1e18;
        super._update(from, to, amount - fee);
        if (fee > 0) super._update(from, address(0), fee);
    }
}

/// @notice Prices that were set, of any bar at or after.
contract SetPrices is IPriceSource {
    mapping(bytes32 => mapping(uint64 => uint256)) public held;

    function set(bytes32 market, uint64 bar, uint256 price) external {
        held[market][bar] = price;
    }

    function pricesAt(bytes32[] calldata markets, uint64 bar) external view returns (uint256[] memory prices) {
        prices = new uint256[](markets.length);
        for (uint256 i = 0; i < markets.length; i++) prices[i] = priceAt(markets[i], bar);
    }

    function priceAt(bytes32 market, uint64 bar) public view returns (uint256) {
        if (held[market][bar] == 0) revert PriceUnknown(market, bar);
        return held[market][bar];
    }

    function isReporter(address) external pure returns (bool) {
        return false;
    }
}

/// @notice Answers as it is told; real proofs are in test/pool.spec.ts.
contract TellingVerifier is IProofVerifier {
    bool public answer = true;

    function tell(bool answer_) external {
        answer = answer_;
    }

    function verifyProof(address, bytes calldata, uint256[] calldata) external view returns (bool) {
        return answer;
    }

    function accepts(address key) external pure returns (bool) {
        return key == address(0);
    }

    function development() external pure returns (bool) {
        return true;
    }
}

/// @notice A rule that answers as it is told, whatever it sees: the most hostile there is.
contract TellingRule is IPoolRule {
    uint256 public tokens = 3;
    uint256 public firstState;
    Sight private _sight = Sight(true, true, 0);
    int256[] private _asked;
    int256[] public seen;

    function tell(int256[] calldata asked) external {
        _asked = asked;
    }

    function look(Sight calldata sight_, uint256 firstState_) external {
        (_sight, firstState) = (sight_, firstState_);
    }

    function resize(uint256 tokens_) external {
        tokens = tokens_;
    }

    function sight() external view returns (Sight memory) {
        return _sight;
    }

    function target(uint256 state, int256[] calldata, bytes calldata, uint256[] calldata)
        external
        view
        returns (int256[] memory asked, uint256 next)
    {
        return (_asked, state + 1);
    }
}

/// @notice A pool of three tokens of 8, 18 and 6 decimals worth a million, with the default limits.
abstract contract PoolFixture is Base {
    uint256 internal constant ONE = 1e18;
    uint64 internal constant BAR = 3600;
    bytes32[3] internal MARKETS = [bytes32("BTC"), bytes32("ETH"), bytes32("USD")];

    TestToken[3] internal tokens;
    SetPrices internal prices;
    TellingVerifier internal verifier;
    TemporalPool internal pool;
    uint64 internal bar;

    function _setUp() internal {
        vm.warp(1_700_000_400);
        vm.roll(1000);
        bar = 1_700_000_400 - (1_700_000_400 % BAR);
        prices = new SetPrices();
        verifier = new TellingVerifier();
        tokens = [new TestToken("BTC", 8), new TestToken("ETH", 18), new TestToken("USD", 6)];
        pool = deploy(publicStrategy(8e18));
        fund(address(this));
        pool.start(amounts(16.666666e8, 100e18, 200_000e6));
        priced(30_000e18, 3_000e18, 1e18);
    }

    function limits() internal pure returns (WeightRails.Limits memory) {
        return WeightRails.Limits({lowest: 0.03e18, step: 0.01e18, velocity: 0.00005e18, blocks: 300});
    }

    function terms() internal view returns (TemporalPool.Terms memory) {
        return TemporalPool.Terms({
            prices: prices,
            decay: 0.9e18,
            fee: 0.003e18,
            tradeSize: 0.1e18,
            interval: uint32(BAR),
            staleness: uint32(2 * BAR),
            limits: limits()
        });
    }

    function publicStrategy(uint256 k) internal pure returns (RuleWeights.Strategy memory strategy) {
        strategy.k = new uint256[](3);
        for (uint256 i = 0; i < 3; i++) strategy.k[i] = k;
    }

    function followed(IPoolRule rule) internal pure returns (RuleWeights.Strategy memory strategy) {
        strategy.rule = rule;
    }

    function assetsOf() internal view returns (PoolTokens.Asset[] memory assets) {
        assets = new PoolTokens.Asset[](3);
        uint64[3] memory weights = [uint64(0.5e18), 0.3e18, 0.2e18];
        for (uint256 i = 0; i < 3; i++) assets[i] = PoolTokens.Asset(IERC20(address(tokens[i])), MARKETS[i], weights[i]);
    }

    /// @dev A pool by that rule, with a million in it.
    function started(IPoolRule rule) internal {
        pool = deploy(followed(rule));
        fund(address(this));
        pool.start(amounts(16.666666e8, 100e18, 200_000e6));
    }

    function deploy(RuleWeights.Strategy memory strategy) internal returns (TemporalPool deployed) {
        deployed = new TemporalPool("pool", "POOL", address(this), assetsOf(), strategy, terms());
        deployed.grantRole(deployed.GUARDIAN_ROLE(), address(this));
    }

    function fund(address who) internal {
        vm.startPrank(who);
        for (uint256 i = 0; i < 3; i++) {
            tokens[i].mint(who, 1e33);
            tokens[i].approve(address(pool), type(uint256).max);
        }
        vm.stopPrank();
    }

    function amounts(uint256 a, uint256 b, uint256 c) internal pure returns (uint256[] memory list) {
        list = new uint256[](3);
        (list[0], list[1], list[2]) = (a, b, c);
    }

    function most() internal pure returns (uint256[] memory) {
        return amounts(type(uint256).max, type(uint256).max, type(uint256).max);
    }

    /// @dev prices of the bar in force
    function priced(uint256 a, uint256 b, uint256 c) internal {
        prices.set(MARKETS[0], bar, a);
        prices.set(MARKETS[1], bar, b);
        prices.set(MARKETS[2], bar, c);
    }

    /// @dev an hour and 300 blocks later
    function nextBar() internal {
        bar += BAR;
        vm.warp(uint256(bar) + 60);
        vm.roll(block.number + 300);
    }
}
