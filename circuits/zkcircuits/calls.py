"""Calls of ezkl."""

import asyncio
import inspect


def finished(call):
    """Some of ezkl's functions are coroutines, some are not."""

    async def wait():
        result = call()
        return await result if inspect.isawaitable(result) else result

    return asyncio.run(wait())
