"""The page loads nothing from elsewhere."""

import urllib.error
import urllib.request

import pytest

from styletransfer.web.security import POLICY, Policy, middleware


def test_the_page_asks_nobody_else(studio):
    with urllib.request.urlopen(studio) as answer:
        policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "http" not in policy
    with urllib.request.urlopen(f"{studio}/config") as answer:
        text = answer.read().decode()
    assert "googleapis" not in text and '"analytics_enabled":false' in text.replace(" ", "")


def test_every_answer_has_the_policy_and_keeps_its_own_headers():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b"page"})

    sent = []

    async def send(message):
        sent.append(message)

    with pytest.raises(StopIteration):  # done, without a loop: the browser's runs in this thread
        Policy(app)({"type": "http"}, None, send).send(None)
    start, body = sent
    headers = dict(start["headers"])
    assert headers[b"a"] == b"b" and headers[b"referrer-policy"] == b"no-referrer"
    assert headers[b"content-security-policy"] == POLICY.encode() and body["body"] == b"page"
    assert middleware().cls is Policy


def test_the_policy_names_no_other_server():
    sources = [word for part in POLICY.split(";") for word in part.split()[1:]]
    own = {"'self'", "'unsafe-inline'", "'unsafe-eval'", "data:", "blob:", "ws:", "wss:"}
    assert set(sources) <= own and "'none'" not in sources
