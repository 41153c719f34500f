"""One file over HTTPS into a cache: whole and checked, or not at all."""

import http.client
import os
import pathlib
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable

from tqdm import tqdm

from aecli.errors import BadRequest

SCHEMES = ("https",)  # of the address, and of every other that a server sends us on to
TIMEOUT = 10  # seconds to connect, and without a byte
DEADLINE = 1800  # seconds in all: a byte now and then would keep us for ever
CHUNK = 2**18


class DownloadFailed(Exception):
    """The text says why, in a few words."""


def download(
    url: str, target: pathlib.Path, max_bytes: int, check: Callable[[pathlib.Path], object]
) -> None:
    """Fetch url to target. `check` reads the temporary file and raises BadRequest if it is wrong.

    The name of the file is ours, whatever the server calls it. Raises DownloadFailed and then
    leaves nothing behind, nor replaces an older target.
    """
    part = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        part = pathlib.Path(name)
        with os.fdopen(handle, "wb") as stream:
            _copy(url, stream, max_bytes)
        check(part)
        part.chmod(0o644)  # a temporary file is private
        part.replace(target)
    except BadRequest:
        raise DownloadFailed("sends something else than the file") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error  # URLError wraps the cause
        raise DownloadFailed(getattr(reason, "strerror", None) or str(reason)) from None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req, fp, code, msg, headers, newurl):
        _check_scheme(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_scheme(url: str) -> None:
    scheme = urllib.parse.urlsplit(url).scheme
    if scheme not in SCHEMES:
        raise DownloadFailed(f"leads to a {scheme or 'local'} address, not https")


def _copy(url: str, stream, max_bytes: int) -> None:
    _check_scheme(url)
    end = time.monotonic() + DEADLINE
    with urllib.request.build_opener(_Redirects).open(url, timeout=TIMEOUT) as response:
        name, size = url.rsplit("/", 1)[1], 0  # a bar that is not shown does not count
        with tqdm(total=response.length, desc=name, unit="B", unit_scale=True, disable=None) as bar:
            while chunk := response.read1(CHUNK):  # what is there, without waiting for the rest
                size += len(chunk)
                if size > max_bytes:
                    raise DownloadFailed(f"sends more than {max_bytes:,} bytes")
                if time.monotonic() > end:
                    raise DownloadFailed(f"takes longer than {DEADLINE:g} seconds")
                stream.write(chunk)
                bar.update(len(chunk))
