"""A connection that can be lost: passes bytes between clients and a server."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType


class Proxy:
    """Listens on a free port of 127.0.0.1 and passes on what comes, until told otherwise.

    Attributes:
        refuses: New connections are closed at once.
        swallows: What the server answers is lost.
        cut_after: Every connection is lost, once, when so many bytes of answers have passed.
        accepted: Connections so far.
    """

    def __init__(self, target: str) -> None:
        host, port = target.rsplit(":", 1)
        self._upstream = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.refuses = False
        self.swallows = False
        self.cut_after: int | None = None
        self._answered = 0
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """Loses every connection there is."""
        while self._open:
            connection = self._open.pop()
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.refuses = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.accepted += 1
                if self.refuses:
                    client.close()
                    continue
                server = socket.create_connection(self._upstream)
                self._open += [client, server]
                self._pass(client, server, is_answer=False)
                self._pass(server, client, is_answer=True)

    def _pass(self, source: socket.socket, sink: socket.socket, *, is_answer: bool) -> None:
        def run() -> None:
            with contextlib.suppress(OSError):
                while piece := source.recv(65_536):
                    if is_answer and self._is_over(len(piece)):
                        self.cut()
                    elif not (is_answer and self.swallows):
                        sink.sendall(piece)
            for end in (source, sink):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            source.close()

        threading.Thread(target=run, daemon=True).start()

    def _is_over(self, length: int) -> bool:
        self._answered += length
        if self.cut_after is None or self._answered < self.cut_after:
            return False
        self.cut_after = None
        return True
