"""State of a client of ``/v1/ws``, without a socket: documents, places in streams, open requests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

from ._errors import ApiError, StreamError
from ._types import Json


def apply_patch(document: Json, patch: Json) -> Json:
    """The document with a JSON Merge Patch (RFC 7396) applied; neither argument is changed."""
    result = dict(document)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            before = result.get(name)
            result[name] = apply_patch(before if isinstance(before, dict) else {}, value)
        else:
            result[name] = value
    return result


@dataclass(frozen=True)
class Update:
    """A channel's document, each time it has changed."""

    document: Json
    sequence: int
    reason: Optional[str]
    """of a snapshot: ``slow-reader`` and ``cannot-resume`` say that documents in between were not seen"""


@dataclass
class Subscription:
    id: str
    request: Json
    document: Json = field(default_factory=dict)
    place: Optional[Json] = None
    update: Optional[Update] = None
    """the newest that the reader has not had yet: a slow reader sees the latest, and nothing piles up"""
    failure: Optional[ApiError] = None


def _key(of: Json) -> str:
    return " ".join([of["channel"], of.get("market") or of.get("account") or ""])


class Mirror:
    """Takes messages, and returns those to send. One connection after the other may be behind it."""

    def __init__(self, api_key: Optional[str]) -> None:
        self._api_key = api_key
        self._count = 0
        self._subscriptions: Dict[str, Subscription] = {}
        self.answers: Dict[str, Json] = {}
        """answers to quotes that are waited for, by id"""
        self.waiting: set[str] = set()
        self.ready = False
        self.silence = 30.0
        """seconds after which a silent connection is dead"""

    def _id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"

    def subscribe(self, channel: str, market: Optional[str], account: Optional[str]) -> Subscription:
        request = {"channel": channel, "market": market, "account": account}
        subscription = Subscription(self._id("s"), {k: v for k, v in request.items() if v is not None})
        if _key(subscription.request) in self._subscriptions:
            raise ValueError(f"{_key(subscription.request).strip()} is subscribed to already")
        self._subscriptions[_key(subscription.request)] = subscription
        return subscription

    def request_of(self, subscription: Subscription) -> str:
        resume = {} if subscription.place is None else {"resume": subscription.place}
        return json.dumps({"op": "subscribe", "id": subscription.id, **subscription.request, **resume})

    def unsubscribe(self, subscription: Subscription) -> Optional[str]:
        self._subscriptions.pop(_key(subscription.request), None)
        if not self.ready or subscription.failure is not None:
            return None
        return json.dumps({"op": "unsubscribe", **subscription.request})

    def quote(self, account: str, legs: List[Any]) -> "tuple[str, str]":
        id = self._id("q")
        self.waiting.add(id)
        return id, json.dumps({"op": "quote", "id": id, "account": account, "legs": legs})

    def answer_to(self, id: str) -> Optional[Json]:
        """The quote, once it has come. :raises ApiError: as REST would answer"""
        answer = self.answers.pop(id, None)
        if answer is None:
            return None
        self.waiting.discard(id)
        if answer["type"] == "error":
            raise ApiError(answer["code"], 422, answer["detail"])
        quote: Json = answer["quote"]
        return quote

    def lost(self) -> None:
        """The connection is gone: its open requests fail."""
        self.ready = False
        for id in self.waiting:
            self.answers[id] = {"type": "error", "code": "disconnected", "detail": "the connection was lost"}

    def take(self, text: "str | bytes") -> List[str]:
        """Takes a message. :returns: messages to send :raises StreamError: for one that cannot be"""
        message: Json = json.loads(text)
        kind = message["type"]
        if kind == "welcome":
            self.silence = 2 * message["heartbeatMs"] / 1000
            if self._api_key is not None:
                return [json.dumps({"op": "authenticate", "id": "key", "key": self._api_key})]
            return self._begin()
        if kind == "authenticated":
            return self._begin()
        if kind in ("snapshot", "delta"):
            self._mirror(message)
        elif kind == "quote" or (kind == "error" and message.get("id") in self.waiting):
            if message["id"] in self.waiting:
                self.answers[message["id"]] = message
        elif kind == "error":
            for subscription in self._subscriptions.values():
                if message.get("id") in ("key", subscription.id):
                    subscription.failure = ApiError(message["code"], 422, message["detail"])
        return []

    def _begin(self) -> List[str]:
        self.ready = True
        return [self.request_of(subscription) for subscription in self._subscriptions.values()]

    def _mirror(self, message: Json) -> None:
        subscription = self._subscriptions.get(_key(message))
        if subscription is None:
            return
        place = {"stream": message["stream"], "sequence": message["sequence"]}
        if message["type"] == "delta":
            expected = subscription.place and {**subscription.place, "sequence": subscription.place["sequence"] + 1}
            if place != expected:
                raise StreamError(f"{place} of {message['channel']} came where {expected} was due")
            subscription.document = apply_patch(subscription.document, message["data"])
            reason = subscription.update.reason if subscription.update is not None else None
        else:
            subscription.document = message["data"]
            reason = message["reason"]
        subscription.place = place
        subscription.update = Update(subscription.document, message["sequence"], reason)
