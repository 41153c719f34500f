"""Servers that send something else than the file: https alone, bounded, under a name of ours."""

import contextlib
import functools
import http.server
import os
import threading
import time
import urllib.request

import pytest

from aecli.datasets import download


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.server.answer(self)

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def serving(answer):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.answer, server.asked = answer, []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server, f"http://127.0.0.1:{server.server_port}/file.gz"
        finally:
            server.shutdown()
            thread.join()


def respond(handler, status=200, headers=(), body=b""):
    handler.send_response(status)
    for name, value in headers:
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def redirect(url):
    return functools.partial(respond, status=302, headers=[("Location", url)])


def fetch(url, tmp_path, most=1000):
    download.download(url, tmp_path / "cache" / "ours.gz", most, lambda part: None)


def test_only_https_is_fetched(tmp_path):
    with serving(respond) as (server, url):
        with pytest.raises(download.DownloadFailed, match="leads to a http address, not https"):
            fetch(url, tmp_path)
        assert server.asked == []
    for other in ("file:///etc/hosts", "ftp://127.0.0.1/x", "/etc/hosts", "data:,x"):
        with pytest.raises(download.DownloadFailed, match="not https"):
            fetch(other, tmp_path)
    assert os.listdir(tmp_path / "cache") == []


def test_a_server_cannot_send_us_on_to_another_scheme(tmp_path, monkeypatch):
    """Here http stands for https, and ftp for the http that it may not become."""
    monkeypatch.setattr(download, "SCHEMES", ("http",))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for place in ("ftp://127.0.0.1:1/x", "https://127.0.0.1:1/x"):
        with (
            serving(redirect(place)) as (server, url),
            pytest.raises(download.DownloadFailed, match="leads to a"),
        ):
            fetch(url, tmp_path)
        assert server.asked == ["/file.gz"]
    with (  # control
        serving(redirect("ftp://127.0.0.1:1/x")) as (_, url),
        pytest.raises(OSError, match="refused"),
    ):
        urllib.request.urlopen(url)


def test_the_name_of_a_download_is_ours(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "SCHEMES", ("http",))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    headers = [("Content-Disposition", 'attachment; filename="../../mark"')]
    with serving(functools.partial(respond, headers=headers, body=b"data")) as (_, url):
        fetch(url, tmp_path)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["ours.gz"]


def test_a_download_is_bounded_in_size_and_time(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "SCHEMES", ("http",))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "DEADLINE", 0.3)

    def drip(handler):
        respond(handler)
        with contextlib.suppress(OSError):
            for _ in range(100):
                handler.wfile.write(b"x")
                time.sleep(0.05)

    for answer, said in (
        (functools.partial(respond, body=bytes(5000)), "more than 1,000 bytes"),
        (drip, "takes longer than 0.3 seconds"),
    ):
        with (
            serving(answer) as (_, url),
            pytest.raises(download.DownloadFailed, match=said),
        ):
            fetch(url, tmp_path)
    assert os.listdir(tmp_path / "cache") == []
