from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, AsyncIterator, Callable, Dict, Iterator, Optional, Sequence, Type, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection as SyncConnection
from websockets.sync.client import connect as connect_sync

from ._errors import ApiError, StreamError
from ._mirror import Mirror, Subscription, Update
from ._types import Leg, Quote

_FIRST_PAUSE_S = 0.1
_LARGEST_MESSAGE = 64 << 20
_QUOTE_TIMEOUT_S = 5.0
# An exchange that goes on sending is not waited for longer when a stream ends.
_OPTIONS: Dict[str, Any] = {"max_size": _LARGEST_MESSAGE, "compression": None, "close_timeout": 1.0}


def _address(url: str) -> str:
    return "ws" + url.rstrip("/").removeprefix("http") + "/v1/ws"


class _Connected:
    """Settings of a connection, for both streams.

    :param longest_pause: between two attempts to connect, seconds
    :param on_disconnect: told why a connection was lost
    """

    def __init__(
        self,
        url: str,
        api_key: Optional[str] = None,
        longest_pause: float = 10.0,
        on_disconnect: Callable[[str], None] = lambda reason: None,
    ) -> None:
        self._url = _address(url)
        self._mirror = Mirror(api_key)
        self._longest_pause = longest_pause
        self._on_disconnect = on_disconnect
        self._begin()

    def _begin(self) -> None:
        raise NotImplementedError


class AsyncStream(_Connected):
    """``/v1/ws``, one connection for everything, made again whenever it is lost: subscriptions go on where they were."""

    def _begin(self) -> None:
        self._socket: Optional[ClientConnection] = None
        self._changed = asyncio.Condition()
        self._running: Optional[asyncio.Task[None]] = None
        self._leaving = False

    async def __aenter__(self) -> "AsyncStream":
        self._running = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._running is not None:
            # Before Python 3.12 wait_for may swallow a cancellation that comes together with a message.
            self._leaving = True
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running

    async def subscribe(
        self, channel: str, market: Optional[str] = None, account: Optional[str] = None
    ) -> AsyncIterator[Update]:
        """The document of a channel, now and whenever it has changed. :raises ApiError: where it is refused"""
        subscription = self._mirror.subscribe(channel, market, account)
        try:
            if self._mirror.ready:
                await self._send(self._mirror.request_of(subscription))
            while True:
                async with self._changed:
                    await self._changed.wait_for(
                        lambda: subscription.update is not None or subscription.failure is not None
                    )
                    update = _next(subscription)
                yield update
        finally:
            leaving = self._mirror.unsubscribe(subscription)
            if leaving is not None:
                await self._send(leaving)

    async def quote(self, account: str, legs: Sequence[Leg], timeout: float = _QUOTE_TIMEOUT_S) -> Quote:
        """A quote over the stream. :raises ApiError: as REST would answer, or ``timeout``"""
        try:
            return await asyncio.wait_for(self._quote(account, legs), timeout)
        except asyncio.TimeoutError:
            raise ApiError("timeout", 504, f"no quote within {timeout} s") from None

    async def _quote(self, account: str, legs: Sequence[Leg]) -> Quote:
        async with self._changed:
            await self._changed.wait_for(lambda: self._mirror.ready)
        id, message = self._mirror.quote(account, list(legs))
        try:
            await self._send(message)
            async with self._changed:
                await self._changed.wait_for(lambda: id in self._mirror.answers)
                return cast(Quote, self._mirror.answer_to(id))
        finally:
            self._mirror.waiting.discard(id)

    async def _send(self, message: str) -> None:
        # The next connection asks again for updates lost with the last.
        if self._socket is not None:
            with suppress(ConnectionClosed):
                await self._socket.send(message)

    async def _run(self) -> None:
        pause = _FIRST_PAUSE_S
        while not self._leaving:
            try:
                async with connect(self._url, **_OPTIONS) as socket:
                    self._socket = socket
                    while not self._leaving:
                        text = await asyncio.wait_for(socket.recv(), self._mirror.silence)
                        async with self._changed:
                            replies = self._mirror.take(text)
                            self._changed.notify_all()
                        for reply in replies:
                            await socket.send(reply)
                        if self._mirror.ready:
                            pause = _FIRST_PAUSE_S
            except (OSError, WebSocketException, asyncio.TimeoutError, StreamError) as error:
                self._on_disconnect(str(error) or type(error).__name__)
            finally:
                self._socket = None
                async with self._changed:
                    self._mirror.lost()
                    self._changed.notify_all()
            await asyncio.sleep(pause)
            pause = min(2 * pause, self._longest_pause)


class Stream(_Connected):
    """As :class:`AsyncStream`, for programs that wait: one subscription at a time, quotes in between."""

    def _begin(self) -> None:
        self._socket: Optional[SyncConnection] = None
        self._pause = _FIRST_PAUSE_S

    def __enter__(self) -> "Stream":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def subscribe(
        self, channel: str, market: Optional[str] = None, account: Optional[str] = None
    ) -> Iterator[Update]:
        """The document of a channel, now and whenever it has changed. :raises ApiError: where it is refused"""
        subscription = self._mirror.subscribe(channel, market, account)
        try:
            if self._mirror.ready:
                self._send(self._mirror.request_of(subscription))
            while True:
                while subscription.update is None and subscription.failure is None:
                    self._step()
                yield _next(subscription)
        finally:
            leaving = self._mirror.unsubscribe(subscription)
            if leaving is not None:
                self._send(leaving)

    def quote(self, account: str, legs: Sequence[Leg], timeout: float = _QUOTE_TIMEOUT_S) -> Quote:
        """A quote over the stream. :raises ApiError: as REST would answer, or ``timeout``"""
        until = time.monotonic() + timeout
        while not self._mirror.ready:
            self._step(until)
        id, message = self._mirror.quote(account, list(legs))
        try:
            self._send(message)
            while id not in self._mirror.answers:
                self._step(until)
            return cast(Quote, self._mirror.answer_to(id))
        finally:
            self._mirror.waiting.discard(id)

    def _send(self, message: str) -> None:
        if self._socket is not None:
            with suppress(ConnectionClosed):
                self._socket.send(message)

    def _step(self, until: Optional[float] = None) -> None:
        """Takes the next message, on another connection where the last one is lost."""
        left = None if until is None else until - time.monotonic()
        if left is not None and left <= 0:
            raise ApiError("timeout", 504, "no quote in time")
        try:
            if self._socket is None:
                self._socket = connect_sync(self._url, **_OPTIONS)
            silence = self._mirror.silence
            text = self._socket.recv(timeout=silence if left is None else min(left, silence))
            for reply in self._mirror.take(text):
                self._send(reply)
            if self._mirror.ready:
                self._pause = _FIRST_PAUSE_S
        except (OSError, WebSocketException, StreamError) as error:
            if isinstance(error, TimeoutError) and left is not None and left < self._mirror.silence:
                return
            self._on_disconnect(str(error) or type(error).__name__)
            self.close()
            self._mirror.lost()
            time.sleep(self._pause)
            self._pause = min(2 * self._pause, self._longest_pause)


def _next(subscription: Subscription) -> Update:
    if subscription.failure is not None:
        raise subscription.failure
    update, subscription.update = subscription.update, None
    assert update is not None
    return update
