"""Running the service: a socket of one's own, and uvicorn on it until a signal ends it."""

from __future__ import annotations

import socket

from atlas.base.doors import missing_extra
from atlas.base.errors import ExportError
from atlas.serve.service import Service

__all__ = ["address_of", "listen", "run", "served_hosts"]

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_LARGEST_HEAD = 32_768
_KEEP_ALIVE_S, _END_S, _BACKLOG = 5, 3, 256


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises
    ------
    ExportError
        The port is taken, or the host is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Said to be TCP, or asyncio leaves small packets to wait for each other: 40 ms an answer.
    door = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((host.strip("[]"), port))
        door.listen(_BACKLOG)
    except OSError as reason:
        door.close()
        raise ExportError(
            f"{host}:{port} cannot be listened on: {reason}; choose another with --host and --port (0: any free one)"
        ) from reason
    return door


def address_of(door: socket.socket) -> str:
    """Return the address of a socket that listens."""
    host, port = door.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def served_hosts(host: str) -> tuple[str, ...]:
    """Return the names that a service bound to `host` answers to: on the loopback its own, else any.

    Examples
    --------
    >>> served_hosts("127.0.0.1"), served_hosts("0.0.0.0")
    (('127.0.0.1', 'localhost', '[::1]'), ())
    """
    return LOOPBACK if host.strip("[]") in ("localhost", "::1") or host.startswith("127.") else ()


def run(service: Service, door: socket.socket, *, log: bool = False) -> None:
    """Answer until a signal ends it; with `log` every question is written to stderr.

    Raises
    ------
    ExportError
        The packages of the extra ``serve`` are missing.
    """
    try:
        import uvicorn

        from atlas.serve.app import make_app
    except ModuleNotFoundError as reason:
        raise ExportError(missing_extra("uvicorn")) from reason
    config = uvicorn.Config(
        make_app(service),
        http="h11",
        lifespan="off",
        log_level="info" if log else "warning",
        access_log=log,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        h11_max_incomplete_event_size=_LARGEST_HEAD,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_END_S,
        limit_concurrency=service.limits.workers + 2 * service.limits.waiting,
    )
    uvicorn.Server(config).run(sockets=[door])
