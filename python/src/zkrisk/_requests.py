"""Requests without a transport: both clients send these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Mapping, Optional, Sequence, TypeVar, Union, cast
from urllib.parse import quote as escape

from ._errors import ApiError
from ._types import Account, Json, Leg, Quote, Trade

T = TypeVar("T")
Time = Union[int, str]


@dataclass(frozen=True)
class Request(Generic[T]):
    method: str
    path: str
    params: Mapping[str, str]
    body: Optional[Mapping[str, Any]]


def _get(path: str, **params: Optional[object]) -> Request[Any]:
    return Request("GET", path, {k: str(v) for k, v in params.items() if v is not None}, None)


def _post(path: str, body: Mapping[str, Any]) -> Request[Any]:
    return Request("POST", path, {}, {k: v for k, v in body.items() if v is not None})


def _name(text: str) -> str:
    return escape(text, safe="")


def parse(request: Request[T], status: int, text: str, decode: Any) -> T:
    """The answer, or the refusal as an :class:`ApiError`."""
    if 200 <= status < 300:
        return cast(T, decode(text))
    try:
        problem = decode(text)
        raise ApiError(str(problem["code"]), status, str(problem["detail"]))
    except (ValueError, KeyError, TypeError):
        raise ApiError("http-error", status, text[:200]) from None


def quote(account: str, legs: Sequence[Leg]) -> Request[Quote]:
    return _post("/v1/quotes", {"account": account, "legs": list(legs)})


def accept_quote(id: str, margin: str, token: Optional[str]) -> Request[Trade]:
    return _post(f"/v1/quotes/{_name(id)}/accept", {"margin": margin, "token": token})


def account(id: str) -> Request[Account]:
    return _get(f"/v1/accounts/{_name(id)}")


def deposit(id: str, amount: str, command_id: Optional[str]) -> Request[Json]:
    return _post(f"/v1/accounts/{_name(id)}/deposits", {"amount": amount, "commandId": command_id})


def withdraw(id: str, amount: str, command_id: Optional[str]) -> Request[Json]:
    return _post(f"/v1/accounts/{_name(id)}/withdrawals", {"amount": amount, "commandId": command_id})


def view(name: str) -> Request[Json]:
    return _get(f"/v1/{name}")


def liquidation(plan_id: str) -> Request[Json]:
    return _get(f"/v1/liquidations/{_name(plan_id)}")


def report_execution(plan_id: str, liquidator: str, report_id: str, status: str) -> Request[Json]:
    return _post(
        f"/v1/liquidations/{_name(plan_id)}/executions",
        {"liquidator": liquidator, "reportId": report_id, "status": status},
    )


def history(
    series: str, start: Time, end: Time, step: Optional[Time], market: Optional[str]
) -> Request[Json]:
    path = "/".join(_name(part) for part in series.split("/"))
    return _get(f"/v1/history/{path}", **{"from": start, "to": end, "step": step, "market": market})
