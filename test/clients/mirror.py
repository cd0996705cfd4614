"""Mirrors channels of /v1/ws until the market time is reached; prints the documents: mirror.py URL MARKET_TIME CHANNEL…"""

import asyncio
import json
import sys

from zkrisk import AsyncStream


async def mirror(stream: AsyncStream, channel: str, until: str) -> "tuple[str, object, int]":
    updates = 0
    market = "SIM-A" if channel == "book" else None
    async for update in stream.subscribe(channel, market=market):
        updates += 1
        # Risk is told as of a time of its own.
        if (update.document.get("marketTime") or update.document["at"]) >= until:
            # The messages of this time have come by now.
            await asyncio.sleep(1)
            return channel, update.document, updates
    raise AssertionError("a stream does not end")


async def main(url: str, until: str, *channels: str) -> None:
    async with AsyncStream(url) as stream:
        print("connected", file=sys.stderr, flush=True)
        documents = await asyncio.gather(*(mirror(stream, channel, until) for channel in channels))
    print(json.dumps({channel: [document, updates] for channel, document, updates in documents}))


asyncio.run(main(*sys.argv[1:]))
