"""Client of a zkrisk exchange."""

from ._certificate import CheckerMissingError, Verdict, verify_certificate
from ._client import AsyncClient, Client
from ._errors import ApiError, StreamError, ZkriskError
from ._history import History
from ._mirror import Mirror, Update, apply_patch
from ._streams import AsyncStream, Stream
from ._types import Account, Json, Leg, Quote, Trade

__all__ = [
    "Account",
    "ApiError",
    "AsyncClient",
    "AsyncStream",
    "CheckerMissingError",
    "Client",
    "History",
    "Json",
    "Leg",
    "Mirror",
    "Quote",
    "Stream",
    "StreamError",
    "Trade",
    "Update",
    "Verdict",
    "ZkriskError",
    "apply_patch",
    "verify_certificate",
]
