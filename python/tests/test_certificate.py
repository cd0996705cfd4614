"""The checker where bots call it. That its verdicts are the library's is tested beside the library."""

import asyncio

from zkrisk import verify_certificate


def test_refuses_what_is_no_plan_and_says_why() -> None:
    verdict = verify_certificate("{}")
    assert not verdict.holds
    assert verdict.failures


def test_answers_the_same_while_an_event_loop_runs() -> None:
    async def check() -> None:
        assert verify_certificate({"case": 1}) == outside

    outside = verify_certificate({"case": 1})
    asyncio.run(check())
