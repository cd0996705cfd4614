"""Mirrors the open plans, checks each certificate and reports: ``python liquidator_bot.py URL NAME [PLANS]``."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Set

from zkrisk import ApiError, AsyncClient, AsyncStream, verify_certificate


async def main(url: str, name: str, most: int) -> None:
    key = os.environ.get("ZKRISK_API_KEY")
    done: Set[str] = set()
    async with AsyncClient(url, key) as exchange, AsyncStream(url, key, on_disconnect=print) as stream:
        async for update in stream.subscribe("liquidations"):
            for plan_id, liquidation in update.document.get("plans", {}).items():
                if liquidation["status"] != "open" or plan_id in done:
                    continue
                done.add(plan_id)
                # Trust nobody: the certificate proves that the plan is needed, sufficient, and the least that is.
                verdict = verify_certificate(liquidation["plan"])
                if not verdict.holds:
                    print(f"{plan_id} REFUSED: {'; '.join(verdict.failures)}")
                    continue
                try:
                    await exchange.report_execution(plan_id, name, f"{name}-{plan_id}")
                    print(f"{plan_id} {liquidation['account']} {liquidation['outcome']}", flush=True)
                except ApiError as error:
                    print(f"{plan_id} {error}", flush=True)
            if len(done) >= most:
                return


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else sys.maxsize))
