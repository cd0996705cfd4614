"""The exchange's own checker of liquidation plans, in a JavaScript engine of its own.

One checker, not two that must agree: the script is bundled from the library that the exchange and the browser use, and the engine is
V8, whose arithmetic is that of the exchange to the last bit. The script sees its arguments and nothing else: no file, no network, no clock.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, List, Mapping, Optional, Union

from ._errors import ZkriskError


class CheckerMissingError(ZkriskError):
    """The JavaScript engine or the script is not installed."""


@dataclass(frozen=True)
class Verdict:
    """Every reason why a plan does not hold; none where it does."""

    holds: bool
    failures: List[str]


# A plan is a few kilobytes: a larger text is no plan.
_MEMORY_BYTES = 256 << 20
_SECONDS = 30


def _script() -> str:
    script = files(__package__).joinpath("checker.js")
    if not script.is_file():
        raise CheckerMissingError("checker.js is not in this package; npm run pack:python makes it")
    return script.read_text(encoding="utf-8")


def _ask(arguments: List[Any]) -> str:
    try:
        from py_mini_racer import MiniRacer
    except ImportError as error:
        raise CheckerMissingError("the check needs a JavaScript engine: pip install zkrisk[check]") from error
    # An engine a check: nothing of one plan is there for the next.
    with MiniRacer() as engine:
        engine.set_hard_memory_limit(_MEMORY_BYTES)
        engine.eval(_script())
        answer: str = engine.call("zkriskCheck", *arguments, timeout_sec=_SECONDS)
        return answer


def verify_certificate(plan: Union[str, Mapping[str, Any]], tolerance: Optional[float] = None) -> Verdict:
    """Checks a plan without any solver: everything it claims is computed again from the account's data and the certificate.

    :param plan: of a stranger: as text, in which repeated keys are refused, or as JSON that was read
    :param tolerance: largest relative gap that is accepted
    :raises CheckerMissingError: without ``zkrisk[check]``
    """
    text = plan if isinstance(plan, str) else json.dumps(plan)
    arguments = [text] if tolerance is None else [text, tolerance]
    # In a thread of its own: the engine bounds no call's time in a thread whose event loop runs, as that of a bot on asyncio does.
    with ThreadPoolExecutor(max_workers=1) as thread:
        verdict = json.loads(thread.submit(_ask, arguments).result())
    return Verdict(bool(verdict["holds"]), [str(failure) for failure in verdict["failures"]])
