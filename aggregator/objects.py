"""Published files as objects of a bucket, by the S3 protocol. Edge; the only importer of obstore.

Any number of processes may write to one bucket. Each draws a number before it reads from the database what it will
write; a row for each object keeps the number of who wrote it, with the digest and the ETag of its bytes. An object with
a later number is not overwritten, and each request says which ETag it replaces. Where that is not the object's (another
process wrote it meanwhile, or one was killed before it noted what it wrote) the row is corrected, and SupersededError
has the caller read and write again. So the bytes that were read last stay, whoever is paused where.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import islice
from pathlib import PurePosixPath
from threading import local
from time import monotonic
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from msgspec.structs import replace
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    InvalidPathError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from aggregator.clock import Clock
from aggregator.errors import BucketError, FilesError, SupersededError
from aggregator.model import ObjectState, OutputFile
from aggregator.store.objects import ObjectRows
from aggregator.urls import is_http

if TYPE_CHECKING:
    from obstore import ObjectMeta

P = ParamSpec("P")
T = TypeVar("T")

UNREACHABLE = "unreachable bucket"  # a value of `cause`
PARALLEL = 16  # requests at once
BATCH = 200  # files compared at once
PAGE = 1_000  # objects listed at once
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
REST = 5.0  # seconds without a request after one that was not answered
_TIMEOUTS = {"connect_timeout": timedelta(seconds=3), "timeout": timedelta(seconds=20)}
_RETRIES: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
_MEDIA_TYPES = {
    ".md": "text/markdown",
    ".rss": "application/rss+xml",
    ".atom": "application/atom+xml",
    ".json": "application/feed+json",
    ".opml": "text/x-opml",
}
_VARIABLES = {  # obstore reads the others of Amazon itself
    "AWS_ENDPOINT_URL": "endpoint",
    "AWS_ACCESS_KEY_ID": "access_key_id",
    "AWS_SECRET_ACCESS_KEY": "secret_access_key",
    "AWS_SESSION_TOKEN": "session_token",
    "AWS_REGION": "region",
}
_REFUSALS = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"}


@dataclass(frozen=True, slots=True)
class _Request:
    """Bytes to put at a path, and the state of the object there, None if there is none."""

    path: str
    data: bytes
    digest: bytes
    state: ObjectState | None


class Bucket:
    """The bucket; instances may be shared by threads."""

    def __init__(self, client: S3Store, url: str, endpoint: str, rows: ObjectRows, clock: Clock) -> None:
        self.client, self.url, self.rows, self.clock = client, url, rows, clock
        self.endpoint = endpoint
        self._state = local()  # `version`: the number that this thread drew last
        self._pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="bucket")
        self._failure, self._rests_until = BucketError(), 0.0

    @classmethod
    def open(cls, url: str, environ: Mapping[str, str], rows: ObjectRows, clock: Clock) -> "Bucket":
        """Open the bucket at `url`, `s3://bucket/prefix`, without a request. Raises FilesError."""
        name, _, prefix = url.removeprefix("s3://").partition("/")
        endpoint = environ.get("AWS_ENDPOINT_URL", "")
        if endpoint and not is_http(endpoint):
            raise BucketError(f"AWS_ENDPOINT_URL is no web address, but {endpoint!r}; write https://s3.example.org")
        if endpoint.startswith("http:") and environ.get("AWS_ALLOW_HTTP") != "true":
            raise BucketError(
                f"AWS_ENDPOINT_URL is {endpoint}, which is not encrypted; write https, or set AWS_ALLOW_HTTP=true"
            )
        config: Any = {key: environ[variable] for variable, key in _VARIABLES.items() if environ.get(variable)}
        options: Any = {**_TIMEOUTS, "allow_http": endpoint.startswith("http:")}
        try:
            client = S3Store(name, prefix=prefix or None, config=config, client_options=options, retry_config=_RETRIES)
        except BaseError as error:
            raise BucketError(f"the settings AWS_… for {url} are not valid ({_reason(error)}); correct them") from None
        return cls(client, url, endpoint or "Amazon S3", rows, clock)

    def close(self) -> None:
        """End the threads that send requests."""
        self._pool.shutdown()

    def folder(self, path: str) -> "BucketFolder":
        """Return the objects below this path."""
        return BucketFolder(self, path)

    def begin(self) -> None:
        """Note that this thread reads from now on what it will write."""
        self._state.version = self.rows.next_version()

    @property
    def version(self) -> int:
        """The number that this thread drew last."""
        return int(self._state.version)

    def check(self) -> None:
        """Raise BucketError if the bucket cannot be used, unless it may be that it is away only for now."""
        try:
            self.call(self.url, next, self.client.list(chunk_size=1), ())
        except BucketError as error:
            if not self.is_away(error):
                raise

    def is_away(self, error: FilesError) -> bool:
        """Return True if the error means that the bucket does not answer, which may be for now."""
        return error.cause == UNREACHABLE

    def read(self, path: str) -> bytes | None:
        """Return the bytes of an object, None if there is no such object. Raises FilesError."""
        name = f"{self.url}/{path}"
        try:
            return bytes(self.call(name, self.call(name, self.client.get, path).bytes))
        except FileNotFoundError:
            return None

    def create(self, path: str, data: bytes) -> None:
        """Put an object without a row, unless there is one. Raises FilesError."""
        with suppress(AlreadyExistsError, PreconditionError):  # the one that is there stays
            self.call(f"{self.url}/{path}", self.client.put, path, data, mode="create", use_multipart=False)

    def each(self, work: Callable[[_Request], T], requests: Iterable[_Request]) -> Iterator[T]:
        """Yield the result of `work` for each request, in their order."""
        return self._pool.map(work, requests)

    def call(self, name: str, request: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the answer to a request about the object `name`.

        Raises FileNotFoundError, the errors of a condition that is not met, or FilesError. After a request that was not
        answered, there is none for a while: each would keep its caller waiting.
        """
        if monotonic() < self._rests_until:
            raise self._failure
        try:
            return request(*args, **kwargs)
        except (AlreadyExistsError, PreconditionError):
            raise
        except FileNotFoundError as error:
            if "NoSuchBucket" not in str(error):
                raise
            raise self._error(name, error) from None
        except (BaseError, ValueError, OSError) as error:
            raise self._error(name, error) from None

    def _error(self, name: str, error: Exception) -> FilesError:
        reason = _reason(error)
        if reason == "NoSuchBucket":
            bucket = self.url.removeprefix("s3://").partition("/")[0]
            return BucketError(f"there is no bucket {bucket} at {self.endpoint}; create it, or correct `storage`")
        if reason in _REFUSALS or isinstance(error, PermissionDeniedError | UnauthenticatedError):
            return BucketError(
                f"{self.endpoint} refuses access to {self.url} ({reason}); see that AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY are right and may read, write, list and delete there",
                cause="refused",
            )
        if isinstance(error, ValueError | InvalidPathError):
            return FilesError(f"{name} cannot be the name of an object; change articles.name or the category")
        self._failure = BucketError(
            f"{self.url} cannot be reached at {self.endpoint} ({reason}); see that the object store runs, and that "
            "AWS_ENDPOINT_URL and AWS_REGION are right",
            cause=UNREACHABLE,
        )
        self._rests_until = monotonic() + REST
        return self._failure


class BucketFolder:
    """Objects below one path of the bucket: the interface `OutputFolder`."""

    def __init__(self, bucket: Bucket, folder: str) -> None:
        self._bucket, self._prefix = bucket, f"{folder}/"

    def write(self, outputs: Iterable[OutputFile]) -> tuple[str, ...]:
        """Put the files that are missing or different, and return their paths.

        Raises FilesError for the first file that cannot be written, after all others were.
        """
        bucket = self._bucket
        files = {self._prefix + file.path: file.data for file in outputs}
        states = bucket.rows.get(files)
        requests: list[_Request] = []
        unchanged: list[str] = []
        failures: list[FilesError] = []
        for path, data in files.items():
            state, digest = states.get(path), _digest(data)
            if state and state.version > bucket.version:
                failures.append(self._superseded(path))
            elif state and state.etag and state.digest == digest:
                unchanged.append(path)
            else:
                requests.append(_Request(path, data, digest, state))
        results = tuple(bucket.each(self._put, requests))
        written = [result for result in results if isinstance(result, ObjectState)]
        failures += (result for result in results if isinstance(result, FilesError))
        failures += self._noted(written, states)
        bucket.rows.confirm(unchanged, bucket.version)
        if failures:
            raise max(failures, key=lambda error: isinstance(error, BucketError))
        return tuple(state.path.removeprefix(self._prefix) for state in written)

    def remove(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Remove objects, and return the paths of those that existed."""
        bucket = self._bucket
        states = bucket.rows.get(self._prefix + path for path in paths)
        present = [state for state in states.values() if state.etag and state.version <= bucket.version]
        if present:
            names = [state.path for state in present]
            bucket.call(self._bucket.url, bucket.client.delete, names)
            now = bucket.clock()
            removed = (
                replace(state, digest=None, etag=None, version=bucket.version, modified=now) for state in present
            )
            bucket.rows.put(removed, bucket.version)
            bucket.rows.forget_removed(now)
        return tuple(state.path.removeprefix(self._prefix) for state in present)

    def differing(self, outputs: Iterable[OutputFile]) -> Iterator[tuple[OutputFile, bool]]:
        """Yield the files that are missing or different, by the rows, each with True if its object exists."""
        files = iter(outputs)
        while batch := tuple(islice(files, BATCH)):
            states = self._bucket.rows.get(self._prefix + file.path for file in batch)
            for file in batch:
                state = states.get(self._prefix + file.path)
                if not state or not state.etag or state.digest != _digest(file.data):
                    yield file, bool(state and state.etag)

    def refresh(self) -> None:
        """Correct the rows by a list of the objects: others may have changed or removed some."""
        rows = self._bucket.rows
        present = array("Q")
        for page in self._pages():
            etags = {str(meta["path"]): meta["e_tag"] for meta in page}
            noted = rows.get(etags)
            present.extend(map(_number, etags))
            states = [noted.get(path) or _unknown(path) for path in etags]
            changed = [state for state in states if state.etag != etags[state.path] and self._is_settled(state)]
            self._correct({state.path: etags[state.path] for state in changed}, _etags(changed))
        numbers = array("Q", sorted(present))
        missing = (state for state in rows.below(self._prefix) if not _has(numbers, _number(state.path)))
        missing_etags = _etags(filter(self._is_settled, missing))
        self._correct(dict.fromkeys(missing_etags), missing_etags)

    def _is_settled(self, state: ObjectState) -> bool:
        """Return False if another process wrote the object since this one began."""
        return state.version <= self._bucket.version

    def listed(self) -> Iterator[str]:
        """Yield the paths of all objects that are here."""
        for page in self._pages():
            yield from (str(meta["path"]).removeprefix(self._prefix) for meta in page)

    def written(self, folder: str) -> Iterator[str]:
        """Yield the paths, relative to a folder in this one, of objects that have a row."""
        prefix = f"{self._prefix}{folder}/"
        return (state.path.removeprefix(prefix) for state in self._bucket.rows.below(prefix))

    def sweep(self) -> tuple[str, ...]:
        """Return nothing: a killed process leaves no temporary objects."""
        return ()

    def name(self, path: str) -> str:
        """Return the URL of an object, as the setting `storage` names it."""
        return f"{self._bucket.url}/{self._prefix}{path}"

    def state(self, path: str) -> ObjectState | None:
        """Return the row of an object, None if there is no such object. Raises StoreError."""
        state = self._bucket.rows.get([self._prefix + path]).get(self._prefix + path)
        return state if state and state.etag else None

    def read(self, path: str) -> bytes | None:
        """Return the bytes of an object, None if there is no such object. Raises FilesError."""
        return self._bucket.read(self._prefix + path)

    def _noted(self, written: Sequence[ObjectState], states: Mapping[str, ObjectState]) -> Iterator[SupersededError]:
        """Note objects that were put; yield an error for each that somebody wrote or confirmed from a later state.

        If it was confirmed, our older bytes have taken its place.
        """
        version = self._bucket.version
        late = self._bucket.rows.put((replace(state, version=version) for state in written), version)
        if late:
            etags = {state.path: state.etag for state in written if state.path in late}
            self._correct(etags, {path: states[path].etag if path in states else None for path in etags})
        return map(self._superseded, late)

    def _put(self, request: _Request) -> ObjectState | FilesError:
        """Put an object in place of the one that has a row; return its new state, or the reason why it is not there."""
        bucket, etag = self._bucket, request.state.etag if request.state else None
        media_type = _MEDIA_TYPES.get(PurePosixPath(request.path).suffix, "application/octet-stream")
        try:
            result = bucket.call(
                f"{bucket.url}/{request.path}",
                bucket.client.put,
                request.path,
                request.data,
                attributes={"Content-Type": f"{media_type}; charset=utf-8"},
                mode={"e_tag": etag} if etag else "create",
                use_multipart=False,
            )
        except (AlreadyExistsError, PreconditionError, FileNotFoundError):
            return self._corrected(request.path, etag)
        except FilesError as error:
            return error
        return ObjectState(
            path=request.path, digest=request.digest, etag=result["e_tag"], version=0, modified=bucket.clock()
        )

    def _corrected(self, path: str, noted_etag: str | None) -> FilesError:
        """Note which object is there, and return the error that has the caller read and write again."""
        try:
            etag = self._bucket.call(f"{self._bucket.url}/{path}", self._bucket.client.head, path)["e_tag"]
        except FileNotFoundError:
            etag = None
        except FilesError as error:
            return error
        self._correct({path: etag}, {path: noted_etag})
        return self._superseded(path)

    def _correct(self, etags: Mapping[str, str | None], noted_etags: Mapping[str, str | None]) -> None:
        now = self._bucket.clock()
        states = (replace(_unknown(path), etag=etag, modified=now) for path, etag in etags.items())
        self._bucket.rows.correct(states, noted_etags)

    def _pages(self) -> "Iterator[Sequence[ObjectMeta]]":
        bucket = self._bucket
        pages = bucket.client.list(self._prefix, chunk_size=PAGE)
        while page := bucket.call(bucket.url, next, pages, ()):
            yield page

    def _superseded(self, path: str) -> SupersededError:
        return SupersededError(
            f"{self._bucket.url}/{path} was written by another process meanwhile; run this again for the newest bytes"
        )


def _unknown(path: str) -> ObjectState:
    return ObjectState(path=path, digest=None, etag=None, version=0, modified=EPOCH)


def _etags(states: Iterable[ObjectState]) -> dict[str, str | None]:
    return {state.path: state.etag for state in states}


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()


def _number(path: str) -> int:
    """Return a number for a path, which no two share but by a chance of one in a million for a million of them."""
    return int.from_bytes(blake2b(path.encode(), digest_size=8).digest())


def _has(numbers: "array[int]", number: int) -> bool:
    place = bisect_left(numbers, number)
    return place < len(numbers) and numbers[place] == number


def _reason(error: Exception) -> str:
    """Return the code of the answer, its status, or the first words about the connection."""
    text = str(error)
    for pattern in (r"<Code>(\w+)</Code>", r"status code: (\d{3}[^:\n]*)", r" - ([^\n]+)"):
        if match := re.search(pattern, text):
            return match[1].strip()
    return text.partition("\n")[0]
