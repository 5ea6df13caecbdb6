"""Processes of the package that need not import torch, which takes seconds: forks of one that has.

Each is a process like any other, with streams, signals, a folder and an end of its own. Only where a
start is tested, or what is imported, or several are to be ended at once, does a test begin one from
nothing.
"""

import io
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

IMPORTED = ("styletransfer.cli.common", "styletransfer.stylize.stylizer", "styletransfer.training.loop")


class Process:
    """`python -m styletransfer ARGUMENTS`, or `python -c code ARGUMENTS`; as `subprocess.Popen`.

    The streams: this process's, files, or subprocess.PIPE. imported: modules that are there already, in
    those that follow too.
    """

    def __init__(
        self, *arguments: str, code: str = "", stdin=None, stdout=None, stderr=None, text: bool = False,
        env: Mapping[str, str] | None = None, imported: Sequence[str] = (),
    ):  # fmt: skip
        request = {
            "arguments": arguments, "code": code, "imported": imported, "folder": os.getcwd(),
            "environment": dict(os.environ if env is None else env),
        }  # fmt: skip
        self.returncode: int | None = None
        given, self.stdin, self.stdout, self.stderr = [], None, None, None
        for number, (name, stream) in enumerate(
            (("stdin", stdin), ("stdout", stdout), ("stderr", stderr))
        ):
            if stream == subprocess.PIPE:
                ends = os.pipe()
                mode = ("r" if number else "w") + ("" if text else "b")
                setattr(self, name, os.fdopen(ends[not number], mode))
                given.append(ends[bool(number)])
            else:
                given.append(os.dup(number if stream is None else stream.fileno()))
        ours, theirs = os.pipe()
        socket.send_fds(_server(), [json.dumps(request).encode()], [*given, theirs])
        for handle in (*given, theirs):
            os.close(handle)
        self._told = os.fdopen(ours)
        self.pid = int(self._told.readline())

    def poll(self) -> int | None:
        """The exit code, or None as long as it runs."""
        if self.returncode is None and select.select([self._told], [], [], 0)[0]:
            self.returncode = int(self._told.readline())
        return self.returncode

    def wait(self, timeout: float = 120) -> int:
        if self.returncode is None and not select.select([self._told], [], [], timeout)[0]:
            self.kill()
            raise subprocess.TimeoutExpired("a process", timeout)
        return self.poll()

    def communicate(self, timeout: float = 120):
        """All of its standard output and error, and its end."""
        with ThreadPoolExecutor(2) as pool:
            told = [stream and pool.submit(stream.read) for stream in (self.stdout, self.stderr)]
            self.wait(timeout)
            return tuple(each and each.result() for each in told)

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


@cache
def _server() -> socket.socket:
    """Of this process alone, with which it ends."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    paths = os.pathsep.join(filter(None, (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH"))))
    subprocess.Popen(
        [sys.executable, __file__, str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        env=os.environ | {"PYTHONPATH": paths},
        cwd=Path(__file__).parents[1],
    )
    theirs.close()
    return ours


def forked(requests: socket.socket) -> dict:
    """Fork at each request; gives it to the new process, which alone returns from here."""
    running: dict[int, int] = {}

    def tell_of_the_ended(*_: object) -> None:
        for process, tell in list(running.items()):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended and running.pop(process, None):
                with suppress(BrokenPipeError):  # nobody wants to know any more
                    os.write(tell, f"{os.waitstatus_to_exitcode(status)}\n".encode())
                os.close(tell)

    signal.signal(signal.SIGCHLD, tell_of_the_ended)
    for number in (signal.SIGINT, signal.SIGTERM):  # it ends with who started it, not before
        signal.signal(number, signal.SIG_IGN)
    while True:
        message, handles, *_ = socket.recv_fds(requests, 1 << 20, 4)
        if not message:
            sys.exit()
        request = json.loads(message)
        for name in request["imported"]:
            import_module(name)
        process = os.fork()
        if process == 0:
            break
        *streams, tell = handles
        for handle in streams:
            os.close(handle)
        os.write(tell, f"{process}\n".encode())
        running[process] = tell
        tell_of_the_ended()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, handle in enumerate(handles):
        if number < 3:
            os.dup2(handle, number)
        os.close(handle)
    for tell in running.values():
        os.close(tell)
    return request


def become(request: dict) -> None:
    """What Python does as it starts."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    tempfile.tempdir = None  # looked up anew: what is imported already may have asked for it
    at_once = bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdin = open(0, closefd=False)
    out = open(1, "wb", 0 if at_once else -1, closefd=False)
    sys.stdout = io.TextIOWrapper(out, write_through=at_once)
    sys.stderr = open(2, "w", 1, errors="backslashreplace", closefd=False)
    sys.argv = ["-c", *request["arguments"]]


if __name__ == "__main__":
    for name in IMPORTED:
        import_module(name)
    with socket.socket(fileno=int(sys.argv[1])) as requests:
        request = forked(requests)
    become(request)
    if request["code"]:
        exec(compile(request["code"], "-c", "exec"), {"__name__": "__main__"})
    else:
        runpy.run_module("styletransfer", run_name="__main__", alter_sys=True)
