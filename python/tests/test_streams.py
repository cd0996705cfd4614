"""Streams against a server of the test's own."""

import asyncio
import json
import time

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from zkrisk import AsyncStream


async def flood(socket: ServerConnection) -> None:
    """Welcomes a client, and sends deltas as fast as it takes them, whatever it says."""
    place = {"channel": "marks", "stream": "one"}
    await socket.send(json.dumps({"type": "welcome", "version": 1, "heartbeatMs": 15000, "channels": ["marks"]}))
    await socket.recv()
    try:
        await socket.send(json.dumps({"type": "snapshot", **place, "sequence": 0, "reason": "subscribed", "data": {}}))
        for n in range(1, 1_000_000):
            await socket.send(json.dumps({"type": "delta", **place, "sequence": n, "data": {"n": n}}))
            await asyncio.sleep(0)
    except ConnectionClosed:
        pass


def test_is_left_at_once_while_messages_come() -> None:
    async def leave(url: str) -> float:
        async with AsyncStream(url) as stream:
            async for update in stream.subscribe("marks"):
                if update.document.get("n", 0) >= 200:
                    break
            leaving = time.monotonic()
        return time.monotonic() - leaving

    async def run() -> None:
        async with serve(flood, "127.0.0.1", 0, close_timeout=1) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            assert await asyncio.wait_for(leave(f"http://127.0.0.1:{port}"), 20) < 5

    asyncio.run(run())
