"""A port of this machine, and how it is called."""

import socket

import pytest

from styletransfer.errors import InputError
from styletransfer.server.port import address, open_port


def test_a_port_is_opened_or_it_is_said_why_not():
    with open_port("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        assert address(listening) == f"http://localhost:{port}"
        with pytest.raises(InputError, match=f"cannot listen on 127.0.0.1:{port} .*another --port"):
            open_port("127.0.0.1", port)
    with pytest.raises(InputError, match="cannot listen on 127.0.0.1:70000"):
        open_port("127.0.0.1", 70_000)
    if socket.has_dualstack_ipv6():
        with open_port("::1", 0) as listening:
            assert address(listening).startswith("http://localhost:")


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "a" * 300, "::ffff:zz"])
def test_an_address_of_another_machine_is_no_matter_of_ports(host):
    with pytest.raises(InputError, match=r"\(this machine has no such address\): give another --host"):
        open_port(host, 0)
