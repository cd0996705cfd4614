// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IPriceSource} from "./IPriceSource.sol";

/// @notice What is used of Chainlink's aggregators.
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
/// @notice A bar's price is the answer of the round that was the last one at the bar's end. Which round that was is
/// said by the caller and checked: the round is not later than the bar, and the next one is.
contract ChainlinkPriceSource is IPriceSource, AccessControl {
    struct Feed {
        IAggregatorV3 aggregator;
        uint8 decimals;
        /// @dev longest age of an answer at the end of a bar, seconds
        uint32 heartbeat;
    }

    mapping(bytes32 market => Feed) public feeds;
    mapping(bytes32 market => mapping(uint64 bar => uint256)) private _prices;

    error FeedUnknown(bytes32 market);
    error BarNotOver(uint64 bar);
    error RoundAfterBar(uint80 round, uint256 updatedAt, uint64 bar);
    error RoundNotLast(uint80 round, uint256 nextUpdatedAt, uint64 bar);
    error AnswerStale(uint80 round, uint256 updatedAt, uint64 bar);
    error AnswerNotPositive(uint80 round, int256 answer);

    event FeedSet(bytes32 indexed market, address aggregator, uint32 heartbeat);
    event PriceRecorded(bytes32 indexed market, uint64 indexed bar, uint80 round, uint256 price);

    constructor(address admin) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    function setFeed(bytes32 market, IAggregatorV3 aggregator, uint32 heartbeat) external onlyRole(DEFAULT_ADMIN_ROLE) {
        feeds[market] = Feed(aggregator, aggregator.decimals(), heartbeat);
        emit FeedSet(market, address(aggregator), heartbeat);
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
        (uint80 latest,,,,) = feed.aggregator.latestRoundData();
        if (round != latest) {
            (,,, uint256 nextUpdatedAt,) = feed.aggregator.getRoundData(round + 1);
            if (nextUpdatedAt != 0 && nextUpdatedAt <= bar) revert RoundNotLast(round, nextUpdatedAt, bar);
        }
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
    function priceAt(bytes32 market, uint64 bar) external view returns (uint256 price) {
        price = _prices[market][bar];
        if (price == 0) revert PriceUnknown(market, bar);
    }
}
