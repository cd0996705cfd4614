from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, List

from ._types import Json

if TYPE_CHECKING:
    import pandas

_AMOUNTS = frozenset(
    {"mark", "signedSize", "risk", "liquidity", "penalties", "capital", "pending", "shortfall", "outstanding", "worth", "cash"}
)


@dataclass(frozen=True)
class History:
    """Rows of a series, in the order of ``columns``; ``at`` is the beginning of the step, milliseconds since the epoch."""

    series: str
    columns: List[str]
    rows: List[List[Any]]

    @classmethod
    def of(cls, answer: Json) -> "History":
        return cls(answer["series"], list(answer["columns"]), [list(row) for row in answer["rows"]])

    def frame(self) -> "pandas.DataFrame":
        """The rows with ``at`` as their index, in UTC; amounts, which are strings of decimals, become floats.

        :raises ImportError: without pandas: ``pip install zkrisk[pandas]``
        """
        import pandas

        frame = pandas.DataFrame(self.rows, columns=self.columns)
        frame["at"] = pandas.to_datetime(frame["at"], unit="ms", utc=True)
        for column in frame.columns:
            if column in _AMOUNTS:
                frame[column] = pandas.to_numeric(frame[column])
        return frame.set_index("at")
