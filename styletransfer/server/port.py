"""A port of this machine. No torch here."""

import errno
import os
import socket

from ..errors import InputError


def open_port(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 is any that is free. InputError if there is none to be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except (OSError, OverflowError, UnicodeError) as error:
        number = (error.errno or 0) if isinstance(error, OSError) else 0
        if isinstance(error, UnicodeError) or number < 0 or number == errno.EADDRNOTAVAIL:
            reason, other = "this machine has no such address", "--host"  # below 0: of getaddrinfo
        else:
            reason, other = os.strerror(number) if number else str(error), "--port"
        raise InputError(f"cannot listen on {host}:{port} ({reason}): give another {other}") from None


def address(listening: socket.socket) -> str:
    """How a browser on this machine finds it."""
    host, port = listening.getsockname()[:2]
    if host in ("127.0.0.1", "0.0.0.0", "::1", "::"):
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
