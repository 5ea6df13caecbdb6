"""Why a request is not served, said in one line by whichever app of ours was asked."""

from collections.abc import Callable

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ..errors import InputError
from .limits import Refused

LEFT = 499  # as nginx calls it: the client waited no longer


def answer_errors(
    app: FastAPI,
    answer: Callable[[int, str], Response],
    said_of: Callable[[Exception], str],
    failed: str,
) -> None:
    """Have an app answer errors.

    answer: makes a response of a status and a line. said_of: the line for an InputError. failed: the
    line for what is our fault.
    """

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return answer(error.status, error.line)

    @app.exception_handler(InputError)
    async def wrong(_: Request, error: Exception) -> Response:
        return answer(422, said_of(error))

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answer(error.status_code, str(error.detail))

    @app.exception_handler(ClientDisconnect)
    async def left(_: Request, error: Exception) -> Response:
        return answer(LEFT, "the client has left")

    @app.exception_handler(Exception)
    async def broken(_: Request, error: Exception) -> Response:
        return answer(500, failed)
