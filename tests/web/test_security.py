"""Who may ask, and what the page may load."""

import pytest
from starlette.datastructures import Headers

from styletransfer.web.security import POLICY, Guard


def objection(method: str = "POST", **headers) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Guard(None, frozenset({"studio.lan"})).objection(method, Headers(named))


@pytest.mark.parametrize(
    "host", ["localhost:7860", "127.0.0.1:7860", "[::1]:7860", "studio.lan", "192.168.1.5"]
)
def test_our_own_page_is_answered(host):
    assert objection(host=host, origin=f"http://{host}", sec_fetch_site="same-origin") == ""
    assert objection(host=host) == "", "a program of this machine"


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:7860", "localhost.evil.example", "[::1", "a b"]
)
def test_a_name_that_was_pointed_here_is_refused(host):
    assert "name" in objection(host=host)


def test_other_sites_are_refused():
    assert "own page" in objection(host="localhost:7860", origin="http://evil.example")
    assert "own page" in objection(host="localhost:7860", origin="null")
    assert "own page" in objection(host="localhost:7860", origin="http://localhost:8000"), "another port"
    assert "own page" in objection(
        "GET", host="localhost", sec_fetch_site="cross-site", sec_fetch_mode="no-cors"
    )
    assert "own page" in objection(
        host="localhost", sec_fetch_site="cross-site", sec_fetch_mode="navigate"
    )
    assert (
        objection("GET", host="localhost", sec_fetch_site="cross-site", sec_fetch_mode="navigate") == ""
    )


def test_every_answer_says_what_may_be_loaded(client):
    for path in ("/", "/studio.js", "/about.json", "/nothing", "/v/short/events"):
        answer = client.http.get(path)
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.http.get("/", headers={"host": "evil.example"}).status_code == 403
    evil = {"origin": "http://evil.example"}
    assert client.http.post("/v/0/leave", headers=evil).status_code == 403


def test_the_policy_names_no_other_server():
    sources = {word for part in POLICY.split(";") for word in part.split()[1:]}
    assert sources == {"'none'", "'self'", "blob:", "data:"}
