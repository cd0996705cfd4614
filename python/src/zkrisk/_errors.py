from __future__ import annotations


class ZkriskError(Exception):
    """Root of what this package raises."""


class ApiError(ZkriskError):
    """A refusal by the exchange: its stable code, the HTTP status and a sentence."""

    def __init__(self, code: str, status: int, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.status = status
        self.detail = detail


class StreamError(ZkriskError):
    """A stream that is not what it must be, as a sequence that has a gap."""
