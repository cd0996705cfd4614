from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Dict, List, Optional, Sequence, Type, TypeVar

import httpx

from . import _requests as ask
from ._history import History
from ._requests import Request, Time
from ._types import Account, Json, Leg, Quote, Trade

T = TypeVar("T")
TIMEOUT_S = 15.0


def _options(url: str, api_key: Optional[str], timeout: float) -> Dict[str, Any]:
    headers = {} if api_key is None else {"authorization": f"Bearer {api_key}"}
    return {"base_url": url.rstrip("/"), "headers": headers, "timeout": timeout}


class Client:
    """The exchange's REST API. Every method raises :class:`ApiError` for requests that the exchange refuses.

    :param url: of the exchange, such as ``http://127.0.0.1:8080``
    :param api_key: ``zk_…``, where the exchange asks for one
    :param timeout: longest wait for an answer, seconds
    """

    def __init__(self, url: str, api_key: Optional[str] = None, timeout: float = TIMEOUT_S) -> None:
        self._http = httpx.Client(**_options(url, api_key, timeout))

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def _send(self, request: Request[T]) -> T:
        answer = self._http.request(request.method, request.path, params=dict(request.params), json=request.body)
        return ask.parse(request, answer.status_code, answer.text, json.loads)

    def quote(self, account: str, legs: Sequence[Leg]) -> Quote:
        """Prices a trade; the quote can be accepted until it expires."""
        return self._send(ask.quote(account, legs))

    def accept_quote(self, id: str, margin: str = "cross", token: Optional[str] = None) -> Trade:
        """Books a quote's trade, once, however often it is sent."""
        return self._send(ask.accept_quote(id, margin, token))

    def account(self, id: str) -> Account:
        return self._send(ask.account(id))

    def deposit(self, id: str, amount: str, command_id: Optional[str] = None) -> Json:
        return self._send(ask.deposit(id, amount, command_id))

    def withdraw(self, id: str, amount: str, command_id: Optional[str] = None) -> Json:
        """:param amount: or ``available``: all that the initial margin leaves free"""
        return self._send(ask.withdraw(id, amount, command_id))

    def markets(self) -> List[Json]:
        markets: List[Json] = self._send(ask.view("markets"))["markets"]
        return markets

    def risk(self) -> Json:
        return self._send(ask.view("risk"))

    def funding(self) -> Json:
        return self._send(ask.view("funding"))

    def book(self) -> Json:
        return self._send(ask.view("book"))

    def status(self) -> Json:
        """How the exchange is; needs no key."""
        return self._send(ask.view("status"))

    def liquidation(self, plan_id: str) -> Json:
        """A liquidation with its plan and certificate."""
        return self._send(ask.liquidation(plan_id))

    def report_execution(self, plan_id: str, liquidator: str, report_id: str, status: str = "full") -> Json:
        """Reports the executed part of a plan."""
        return self._send(ask.report_execution(plan_id, liquidator, report_id, status))

    def history(
        self, series: str, start: Time, end: Time, step: Optional[Time] = None, market: Optional[str] = None
    ) -> History:
        """History, a row a step and market; see :class:`History`.

        :param series: ``marks``, ``funding``, ``risk``, ``premia``, ``flows``, ``shares``, ``liquidations``, ``accounts/ID`` or
            ``accounts/ID/charges``
        :param start: ISO 8601 or milliseconds since the epoch; in the range
        :param end: the same; not in the range
        :param step: ``1h``, ``5m``, ``1d`` or milliseconds
        """
        return History.of(self._send(ask.history(series, start, end, step, market)))


class AsyncClient:
    """As :class:`Client`, for asyncio."""

    def __init__(self, url: str, api_key: Optional[str] = None, timeout: float = TIMEOUT_S) -> None:
        self._http = httpx.AsyncClient(**_options(url, api_key, timeout))

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def _send(self, request: Request[T]) -> T:
        answer = await self._http.request(
            request.method, request.path, params=dict(request.params), json=request.body
        )
        return ask.parse(request, answer.status_code, answer.text, json.loads)

    async def quote(self, account: str, legs: Sequence[Leg]) -> Quote:
        return await self._send(ask.quote(account, legs))

    async def accept_quote(self, id: str, margin: str = "cross", token: Optional[str] = None) -> Trade:
        return await self._send(ask.accept_quote(id, margin, token))

    async def account(self, id: str) -> Account:
        return await self._send(ask.account(id))

    async def deposit(self, id: str, amount: str, command_id: Optional[str] = None) -> Json:
        return await self._send(ask.deposit(id, amount, command_id))

    async def withdraw(self, id: str, amount: str, command_id: Optional[str] = None) -> Json:
        return await self._send(ask.withdraw(id, amount, command_id))

    async def markets(self) -> List[Json]:
        markets: List[Json] = (await self._send(ask.view("markets")))["markets"]
        return markets

    async def risk(self) -> Json:
        return await self._send(ask.view("risk"))

    async def funding(self) -> Json:
        return await self._send(ask.view("funding"))

    async def book(self) -> Json:
        return await self._send(ask.view("book"))

    async def status(self) -> Json:
        return await self._send(ask.view("status"))

    async def liquidation(self, plan_id: str) -> Json:
        return await self._send(ask.liquidation(plan_id))

    async def report_execution(
        self, plan_id: str, liquidator: str, report_id: str, status: str = "full"
    ) -> Json:
        return await self._send(ask.report_execution(plan_id, liquidator, report_id, status))

    async def history(
        self, series: str, start: Time, end: Time, step: Optional[Time] = None, market: Optional[str] = None
    ) -> History:
        return History.of(await self._send(ask.history(series, start, end, step, market)))
