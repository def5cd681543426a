"""One file over HTTPS: resumed where it stopped, checked, put in place whole or not at all."""

from __future__ import annotations

import http.client
import ipaddress
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from capture.models.store import file_sha256
from flow.errors import AssetError, MirrorstageError

CONNECT_S = 4.0
"""How long an address may take to answer before the machine counts as having no way there."""

_READ_S = 15.0
_CHUNK = 1 << 16
_ATTEMPTS = 4
_PARTIAL, _RANGE_REFUSED = 206, 416
_NOTHING_THERE = (401, 403, 404, 410, 451)

_BROKEN_OFF = (
    urllib.error.URLError,
    http.client.HTTPException,
    ssl.SSLError,
    TimeoutError,
    ConnectionError,
)

Count = Callable[[int], None]
"""Told how many bytes of the file are here. Whatever it raises ends the download; the bytes that
came stay beside the file's place for the next time."""


class UnreachableError(MirrorstageError):
    """No answer from an address: no way there from this machine, or not now."""

    default_code = "models.unreachable"


def check_url(url: str) -> None:
    """Only HTTPS, or this machine itself.

    Raises:
        ValueError: For any other address.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return
    raise ValueError(f"not an https address: {url}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _StaySafe(urllib.request.HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0917 - the signature is urllib's
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        check_url(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.build_opener(_StaySafe)


def _open(url: str, timeout_s: float, *, method: str = "GET", start: int = 0) -> Any:
    check_url(url)
    headers = {"User-Agent": "mirrorstage", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    request = urllib.request.Request(url, method=method, headers=headers)
    return _OPENER.open(request, timeout=timeout_s)


def reachable(url: str, timeout_s: float = CONNECT_S) -> bool:
    """Whether anything answers at `url`, found out in `timeout_s` at most.

    In a thread of its own: looking up a name has no timeout and may take a minute off-line.
    """
    check_url(url)
    answers: list[bool] = []

    def ask() -> None:
        try:
            _open(url, timeout_s, method="HEAD").close()
            answers.append(True)
        except urllib.error.HTTPError as error:
            error.close()
            answers.append(True)
        except (OSError, http.client.HTTPException, ValueError):
            answers.append(False)

    asker = threading.Thread(target=ask, name="models-reachable", daemon=True)
    asker.start()
    asker.join(timeout_s)
    return answers == [True]


def download(url: str, path: Path, size: int, sha256: str, count: Count | None = None) -> None:
    """Bring `url` to `path`, which is written only when size and hash are right.

    What has come so far lies in ``<name>.part`` beside it and is taken up again by the next call.

    Raises:
        UnreachableError: ``models.unreachable`` when nothing answers (retryable).
        AssetError: ``models.refused`` when the address has no such file, ``models.damaged`` when
            what comes is not that file.
        OSError: When the disk does not take it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    if part.exists() and part.stat().st_size > size:
        part.unlink()
    for attempt in range(_ATTEMPTS):
        resumed = part.exists() and part.stat().st_size > 0
        try:
            _append(url, part, size, count)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == _RANGE_REFUSED:
                part.unlink(missing_ok=True)
            elif error.code in _NOTHING_THERE or attempt == _ATTEMPTS - 1:
                raise _refused(url, error.code) from error
            continue
        except _BROKEN_OFF:
            continue
        if part.stat().st_size < size:
            continue
        if file_sha256(part) == sha256:
            part.replace(path)
            return
        part.unlink()
        # Half of another file may have been lying there: once more from the start.
        if not resumed:
            raise AssetError(
                f"What came from {url} is not {path.name}: its sha256 is another.",
                code="models.damaged",
                hint="Something on the way changes files (a proxy?); try another network.",
            )
    raise UnreachableError(
        f"The download of {path.name} from {urlsplit(url).hostname} broke off.",
        hint="Run the same command again; it goes on where it stopped.",
        retryable=True,
    )


def _refused(url: str, status: int) -> AssetError:
    return AssetError(
        f"{url} answered {status}.",
        code="models.refused",
        hint="Update Mirrorstage, or put the file into the models folder yourself.",
    )


def _append(url: str, part: Path, size: int, count: Count | None) -> None:
    start = part.stat().st_size if part.exists() else 0
    if start == size:
        return
    with _open(url, _READ_S, start=start) as answer:
        goes_on = answer.status == _PARTIAL
        if goes_on and _first_byte(answer) != start:
            # Bytes from another place fit nowhere: the next attempt asks for the whole file.
            part.write_bytes(b"")
            return
        with part.open("ab" if goes_on else "wb") as file:
            _copy(answer, file, start if goes_on else 0, size, count)


def _first_byte(answer: Any) -> int:
    """Where a partial answer begins: ``Content-Range: bytes 5-9/10`` is 5."""
    unit, _, span = str(answer.headers.get("Content-Range", "")).partition(" ")
    first = span.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdigit() else -1


def _copy(answer: Any, file: IO[bytes], start: int, size: int, count: Count | None) -> None:
    here = start
    # One byte more than the file has: a longer answer is another file, not an endless one.
    while here <= size and (chunk := answer.read(min(_CHUNK, size + 1 - here))):
        file.write(chunk)
        here += len(chunk)
        if count:
            count(min(here, size))
