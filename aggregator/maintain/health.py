"""Health of the daemon of a storage, asked over HTTP from another process. Shell."""

import http.client
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from aggregator.app import ADDRESS
from aggregator.errors import AggregatorError
from aggregator.settings import Settings
from aggregator.store import Store
from aggregator.store.backup import sqlite_path
from aggregator.store.dialect import is_missing
from aggregator.urls import is_http

PATH = "healthz"
TIMEOUT = 10.0  # seconds without a byte of the answer
MAX_REASON = 10_000  # bytes


def noted_address(settings: Settings) -> str:
    """Return the URL that the daemon of this storage noted when it started. Raises AggregatorError."""
    path = sqlite_path(settings.database or "")
    if path is None or not is_missing(path):
        with Store.open(settings.database or "") as store:
            if address := store.meta.get(ADDRESS):
                return address
    raise AggregatorError(f"no daemon has run on {settings.storage} yet; start it with `aggregator run`, or give --url")


def check_health(url: str) -> None:
    """Return if `/healthz` at this URL of a daemon answers 200. Raises AggregatorError with the reason if not."""
    if not is_http(url):
        raise AggregatorError(f"{url} is no URL of a daemon; write one such as http://127.0.0.1:8080/")
    address = url if url.rstrip("/").endswith(f"/{PATH}") else f"{url.rstrip('/')}/{PATH}"
    try:
        try:
            with build_opener(ProxyHandler({})).open(address, timeout=TIMEOUT) as answer:
                status, text = answer.status, ""
        except HTTPError as error:
            with error:
                status, text = error.code, error.read(MAX_REASON).decode(errors="replace")
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = str(getattr(error, "reason", error)) or type(error).__name__
        raise AggregatorError(f"{address} does not answer ({reason}); see that the daemon runs") from None
    if status != 200:
        reason = "; ".join(filter(str.isprintable, text.splitlines())) or "without a reason"
        raise AggregatorError(f"{address} answers {status}: {reason}")
