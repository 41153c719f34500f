"""The page and the answers to its questions, for one reader on this machine."""

import errno
import hmac
import json
import secrets
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler

from aecli.errors import BadRequest, NotApplicable
from aecli.explore.answers import Answers

HOST = "127.0.0.1"
MAX_BYTES = 30_000_000  # of a question: a photo of 20 MB in base 64, as page.js says


class Server:
    """Listens on this machine alone. address: with its secret; note: where a port was in use."""

    def __init__(self, page: str, answers: Answers, port: int):
        self.note, secret = "", secrets.token_urlsafe(24)
        try:
            sockets = bind_sockets(port, HOST)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            sockets = bind_sockets(0, HOST)
            self.note = f"note   port {port} cannot be had, another was taken"
        self.host = f"{HOST}:{sockets[0].getsockname()[1]}"
        self.address = f"http://{self.host}/{secret}/"
        about = {"page": page, "answers": answers, "secret": secret, "host": self.host}
        paths = [(r"/([^/]*)/", _Page, about), (r"/([^/]*)/(\w+)", _Question, about)]
        application = Application(paths, default_handler_class=_Nothing, log_function=lambda _: 0)
        self._http = HTTPServer(application, max_buffer_size=MAX_BYTES, max_body_size=MAX_BYTES)
        self._http.add_sockets(sockets)

    def run(self) -> None:
        """Answer until KeyboardInterrupt."""
        try:
            IOLoop.current().start()
        finally:
            self._http.stop()


class _Checked(RequestHandler):
    def initialize(self, page: str, answers: Answers, secret: str, host: str) -> None:
        self.page, self.answers, self.secret, self.host = page, answers, secret, host

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in (("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"),
                            ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
                            ("Cross-Origin-Resource-Policy", "same-origin")):  # fmt: skip
            self.set_header(name, value)

    def prepare(self) -> None:
        """A name rebound to this machine has another Host; another page, another Origin."""
        origin = self.request.headers.get("Origin")
        is_ours = origin is None or origin == f"http://{self.host}"
        if self.request.method != "GET":
            is_ours = is_ours and origin is not None
        given = self.path_args[0].encode() if self.path_args else b""
        if self.request.host != self.host or not is_ours:
            raise HTTPError(403)
        if not hmac.compare_digest(given, self.secret.encode()):
            raise HTTPError(403)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.finish(f"{status_code}\n")


class _Page(_Checked):
    def get(self, _: str) -> None:
        self.finish(self.page)


class _Question(_Checked):
    def post(self, _: str, question: str) -> None:
        try:
            asked = json.loads(self.request.body)
            self.finish(self.answers.answer(question, asked))
        except (BadRequest, NotApplicable, ValueError, RecursionError) as error:
            self.set_status(400)
            self.finish({"error": str(error)})


class _Nothing(RequestHandler):
    def prepare(self) -> None:
        self.set_status(404)
        self.finish("404\n")
