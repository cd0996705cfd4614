from __future__ import annotations


class ZkriskError(Exception):
    """Root of this package's errors."""


class ApiError(ZkriskError):
    """A refusal by the exchange: its stable code, the HTTP status and a sentence."""

    def __init__(self, code: str, status: int, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.status = status
        self.detail = detail


class StreamError(ZkriskError):
    """A stream that breaks its protocol, such as by a gap in its sequence."""
