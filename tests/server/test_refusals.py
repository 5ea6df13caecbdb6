import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.testclient import TestClient

from styletransfer.errors import InputError
from styletransfer.server.limits import Refused
from styletransfer.server.refusals import LEFT, answer_errors


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (Refused(429, "too many"), 429, "too many"),
        (InputError("alpha is 3"), 422, "Said: alpha is 3"),
        (HTTPException(405, "not so"), 405, "not so"),
        (ClientDisconnect(), LEFT, "the client has left"),
        (ZeroDivisionError("a secret"), 500, "our fault"),
    ],
)
def test_each_error_is_one_line_of_the_app_s_own(error, status, line):
    app = FastAPI()
    answer_errors(
        app,
        lambda status, line: JSONResponse({"error": line}, status),
        lambda e: f"Said: {e}",
        "our fault",
    )

    @app.get("/")
    async def fails() -> None:
        raise error

    answer = TestClient(app, raise_server_exceptions=False).get("/")
    assert (answer.status_code, answer.json()) == (status, {"error": line})
