"""Shapes of requests and answers. Money and sizes that are booked are strings, figures of risk and margin are numbers."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, TypedDict

Json = Dict[str, Any]
"""An object of JSON whose fields the exchange's reference describes."""


class Leg(TypedDict):
    market: str
    size: str
    """signed, base units; positive buys"""


class MarkedLeg(Leg):
    mark: str


class PricedLeg(Leg):
    price: str


class Premium(TypedDict):
    risk: str
    liquidity: str
    total: str


class RiskChange(TypedDict):
    before: float
    after: float


class _Quote(TypedDict):
    id: str
    account: str
    legs: List[MarkedLeg]
    premium: Premium
    risk: RiskChange
    fundingQuoteCurrencyPerYear: Mapping[str, float]
    forecastId: str
    marketTime: str
    expiresAt: str


class Quote(_Quote, total=False):
    token: str


class Trade(TypedDict):
    tradeId: str
    quoteId: Optional[str]
    account: str
    bookedAt: str
    legs: List[PricedLeg]
    premium: Premium


class Position(TypedDict):
    market: str
    size: float
    entryPrice: float
    mark: float
    unrealisedPnl: float
    liquidationPrice: Optional[float]


class Margin(TypedDict):
    equity: float
    collateral: float
    unrealisedPnl: float
    notional: float
    maintenanceMargin: float
    initialMargin: float
    marginRatio: Optional[float]
    available: float
    liquidatable: bool
    positions: List[Position]


class Account(TypedDict):
    account: str
    marketTime: str
    cash: str
    cross: Margin
    isolated: List[Json]
