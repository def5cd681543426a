"""Where an RTMP stream goes, with its key kept out of everything that is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flow.errors import ShowFileError

PORT, TLS_PORT = 1935, 443
_HINT = "Write rtmp://host/app/key, or rtmp://host/app with the key apart."


@dataclass(frozen=True, slots=True)
class Address:
    """A server, an application and a stream key. `str` and `repr` never show the key."""

    host: str
    port: int
    tls: bool
    app: str
    key: str = field(repr=False)

    @property
    def tc_url(self) -> str:
        """The address of the application, as ``connect`` sends it."""
        scheme, usual = ("rtmps", TLS_PORT) if self.tls else ("rtmp", PORT)
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == usual else f":{self.port}"
        return f"{scheme}://{host}{port}/{self.app}"

    def __str__(self) -> str:
        return f"{self.tc_url}/***"

    def clean(self, text: str) -> str:
        """`text` (of a server) without the key or any part of it that could be one."""
        for secret in (self.key, self.key.partition("?")[0], self.key.partition("?")[2]):
            if secret:
                text = text.replace(secret, "***")
        return text


def parse_address(url: str, key: str = "") -> Address:
    """The address in a URL. Without `key` the last part of the path is the key, query included.

    Rooms put secrets into the query (``?secret=…&expires=…``), so it belongs to the key.

    Raises:
        ShowFileError: ``show.output``; the URL is not repeated, for it may hold a key.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise _wrong("The RTMP address has a host or port that is none.") from error
    if parts.scheme not in ("rtmp", "rtmps"):
        raise _wrong("The RTMP address does not begin with rtmp:// or rtmps://.")
    if not parts.hostname or port == 0:
        raise _wrong("The RTMP address names no host.")
    path = parts.path.strip("/") if key else parts.path.lstrip("/")
    if key:
        app = path + (f"?{parts.query}" if parts.query else "")
    else:
        app, _, key = path.rpartition("/")
        key += f"?{parts.query}" if parts.query and key else ""
    app = app.rstrip("/")
    if not app:
        raise _wrong(f"The RTMP address of {parts.hostname} names no application.")
    if not key:
        raise _wrong(f"The RTMP address of {parts.hostname} names no stream key.")
    tls = parts.scheme == "rtmps"
    return Address(parts.hostname, port or (TLS_PORT if tls else PORT), tls, app, key)


def _wrong(sentence: str) -> ShowFileError:
    return ShowFileError(sentence, code="show.output", hint=_HINT)
