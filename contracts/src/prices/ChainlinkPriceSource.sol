// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {Timelocked} from "../governance/Timelocked.sol";
import {IPriceSource} from "./IPriceSource.sol";

/// @notice The part of Chainlink's aggregator proxies that is called here.
interface IAggregatorV3 {
    function decimals() external view returns (uint8);
    function getRoundData(uint80 roundId)
        external
        view
        returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
    function latestRoundData()
        external
        view
        returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}

/// @title Prices of bars from Chainlink feeds.
/// @notice A bar's price is the answer of the last round at or before the bar's end, in the newest phase that had begun by then. The caller
/// names the round and the contract checks it: the round is not later than the bar, the next round of its phase is, and so is the
/// first round of every later phase. A proxy numbers rounds phase * 2^64 + round; each aggregator behind it begins a phase.
contract ChainlinkPriceSource is IPriceSource, Timelocked, Multicall {
    struct Feed {
        IAggregatorV3 aggregator;
        uint8 decimals;
        /// @dev longest age of an answer at the end of a bar, seconds
        uint32 heartbeat;
    }

    struct FeedTerms {
        bytes32 market;
        IAggregatorV3 aggregator;
        uint32 heartbeat;
    }

    mapping(bytes32 market => Feed) public feeds;
    mapping(bytes32 market => mapping(uint64 bar => uint256)) private _prices;

    error FeedUnknown(bytes32 market);
    error FeedInvalid(bytes32 market);
    error RoundAfterBar(uint80 round, uint256 updatedAt, uint64 bar);
    error RoundNotLast(uint80 round, uint256 nextUpdatedAt, uint64 bar);
    /// @notice A later phase had begun at the bar's end: its answer is the one in force.
    error PhaseNotLast(uint80 round, uint80 laterRound, uint64 bar);
    error AnswerStale(uint80 round, uint256 updatedAt, uint64 bar);
    error AnswerNotPositive(uint80 round, int256 answer);

    event FeedSet(bytes32 indexed market, address aggregator, uint32 heartbeat);
    event PriceRecorded(bytes32 indexed market, uint64 indexed bar, uint80 round, uint256 price);

    constructor(address admin, address governor, address guardian, uint32 delay_, FeedTerms[] memory initial)
        Timelocked(admin, governor, guardian, delay_)
    {
        for (uint256 i = 0; i < initial.length; i++) _setFeed(initial[i]);
    }

    function setFeed(FeedTerms calldata terms) external onlyRole(GOVERNOR_ROLE) timelocked {
        _setFeed(terms);
    }

    /// @notice Holds the price of a market at a bar's end. A price once held never changes.
    /// @param round the last round at or before the bar's end
    function record(bytes32 market, uint64 bar, uint80 round) external {
        Feed memory feed = feeds[market];
        if (address(feed.aggregator) == address(0)) revert FeedUnknown(market);
        if (bar > block.timestamp) revert BarNotOver(bar);
        if (_prices[market][bar] != 0) return;
        (, int256 answer,, uint256 updatedAt,) = feed.aggregator.getRoundData(round);
        if (updatedAt == 0 || updatedAt > bar) revert RoundAfterBar(round, updatedAt, bar);
        _requireLast(feed.aggregator, round, bar);
        if (bar - updatedAt > feed.heartbeat) revert AnswerStale(round, updatedAt, bar);
        if (answer <= 0) revert AnswerNotPositive(round, answer);
        uint256 price = feed.decimals <= 18
            ? uint256(answer) * 10 ** (18 - feed.decimals)
            : uint256(answer) / 10 ** (feed.decimals - 18);
        if (price == 0) revert AnswerNotPositive(round, answer);
        _prices[market][bar] = price;
        emit PriceRecorded(market, bar, round, price);
    }

    /// @inheritdoc IPriceSource
    function priceAt(bytes32 market, uint64 bar) public view returns (uint256 price) {
        price = _prices[market][bar];
        if (price == 0) revert PriceUnknown(market, bar);
    }

    /// @inheritdoc IPriceSource
    function pricesAt(bytes32[] calldata markets, uint64 bar) external view returns (uint256[] memory prices) {
        prices = new uint256[](markets.length);
        for (uint256 i = 0; i < markets.length; i++) prices[i] = priceAt(markets[i], bar);
    }

    /// @inheritdoc IPriceSource
    /// @dev Chainlink's reporters sign for its aggregators, not here.
    function isReporter(address) external pure returns (bool) {
        return false;
    }

    function _requireLast(IAggregatorV3 aggregator, uint80 round, uint64 bar) private view {
        (uint80 latest,,,,) = aggregator.latestRoundData();
        uint256 next = _updatedAt(aggregator, round + 1);
        if (next != 0 && next <= bar) revert RoundNotLast(round, next, bar);
        for (uint80 phase = (round >> 64) + 1; phase <= latest >> 64; phase++) {
            uint80 first = (phase << 64) | 1;
            uint256 began = _updatedAt(aggregator, first);
            if (began != 0 && began <= bar) revert PhaseNotLast(round, first, bar);
        }
    }

    /// @return updatedAt 0 where there is no such round: aggregators revert or answer zeros
    function _updatedAt(IAggregatorV3 aggregator, uint80 round) private view returns (uint256 updatedAt) {
        try aggregator.getRoundData(round) returns (uint80, int256, uint256, uint256 at, uint80) {
            updatedAt = at;
        } catch {}
    }

    function _checkProposal(bytes4 kind, bytes calldata arguments) internal view override {
        if (kind != this.setFeed.selector) return super._checkProposal(kind, arguments);
        _checkFeed(abi.decode(arguments, (FeedTerms)));
    }

    function _checkFeed(FeedTerms memory terms) private view {
        if (terms.heartbeat == 0 || address(terms.aggregator).code.length == 0) revert FeedInvalid(terms.market);
    }

    function _setFeed(FeedTerms memory terms) private {
        _checkFeed(terms);
        feeds[terms.market] = Feed(terms.aggregator, terms.aggregator.decimals(), terms.heartbeat);
        emit FeedSet(terms.market, address(terms.aggregator), terms.heartbeat);
    }
}
