"""Without an exchange: a client's state after messages."""

from __future__ import annotations

import json
from typing import Any, Dict

import pytest

from zkrisk import ApiError, Mirror, StreamError, apply_patch

Document = Dict[str, Any]


@pytest.mark.parametrize(
    ("document", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_patches_are_those_of_rfc_7396(document: Document, patch: Document, result: Document) -> None:
    before = json.dumps(document)
    assert apply_patch(document, patch) == result
    assert json.dumps(document) == before


def _frame(kind: str, sequence: int, data: object, stream: str = "s") -> str:
    reason = {"reason": "subscribed"} if kind == "snapshot" else {}
    place = {"channel": "marks", "stream": stream, "sequence": sequence}
    return json.dumps({"type": kind, **place, **reason, "data": data})


WELCOME = json.dumps({"type": "welcome", "heartbeatMs": 1000})


def test_a_subscription_goes_on_where_it_was() -> None:
    mirror = Mirror(None)
    subscription = mirror.subscribe("marks", None, None)
    assert json.loads(mirror.take(WELCOME)[0]) == {"op": "subscribe", "id": subscription.id, "channel": "marks"}
    mirror.take(_frame("snapshot", 4, {"a": 1}))
    mirror.take(_frame("delta", 5, {"b": 2}))
    assert subscription.update is not None and subscription.update.document == {"a": 1, "b": 2}
    mirror.lost()
    assert json.loads(mirror.take(WELCOME)[0])["resume"] == {"stream": "s", "sequence": 5}


@pytest.mark.parametrize(("sequence", "stream"), [(6, "s"), (4, "s"), (5, "another")])
def test_a_gap_is_no_delta(sequence: int, stream: str) -> None:
    mirror = Mirror(None)
    mirror.subscribe("marks", None, None)
    mirror.take(WELCOME)
    mirror.take(_frame("snapshot", 4, {}))
    with pytest.raises(StreamError):
        mirror.take(_frame("delta", sequence, {}, stream))


def test_a_key_comes_first_and_its_refusal_ends_what_needs_it() -> None:
    mirror = Mirror("zk_")
    subscription = mirror.subscribe("marks", None, None)
    assert json.loads(mirror.take(WELCOME)[0])["op"] == "authenticate"
    refusal = {"type": "error", "id": "key", "code": "unauthenticated", "detail": "no"}
    assert mirror.take(json.dumps(refusal)) == []
    assert isinstance(subscription.failure, ApiError)
    assert not mirror.ready


def test_quotes_of_a_lost_connection_are_refused() -> None:
    mirror = Mirror(None)
    id, _ = mirror.quote("me", [])
    mirror.lost()
    with pytest.raises(ApiError, match="disconnected"):
        mirror.answer_to(id)
