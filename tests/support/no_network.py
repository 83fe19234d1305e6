"""A watch over the tests: whatever connects to anywhere but this computer fails, also where that is caught."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator

import pytest

tried: list[str] = []


class LeavesThisComputerError(OSError):
    """Something wanted to reach another computer."""


def is_here(address: object) -> bool:
    """Tell whether an address of a socket is on this computer: a file, or a loopback address."""
    if not isinstance(address, tuple) or not isinstance(address[0], str | bytes):
        return True  # a socket file, or the kernel of the system
    host = address[0].decode() if isinstance(address[0], bytes) else address[0]
    return _is_local(host)


def _is_local(host: str) -> bool:
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False  # a name that somebody else would have to be asked about


def _watch(event: str, args: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        where = args[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        where = (args[0] or "", 0)
    else:
        return
    if not is_here(where):
        tried.append(f"{event} {where}")
        raise LeavesThisComputerError(f"{event} {where} leaves this computer")


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def nothing_leaves() -> Iterator[None]:
    """Fail a test in which something wanted to reach another computer, even where that was caught."""
    tried.clear()
    yield
    assert not tried, f"wanted to reach another computer: {tried}"
