"""Who may ask the studio for something, and what its page may load: nothing of others. No torch here."""

import ipaddress
import socket
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


class Guard:
    """Stands before the application: it answers this machine's own page, and no other site's.

    A site that a visitor has open elsewhere may send requests here. Its browser says so (`Origin`,
    `Sec-Fetch-Site`), or asks by a name that the other site had pointed here (`Host`): both are refused.
    hosts: names that are ours beside this machine's; addresses always are.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str] = frozenset()):
        self.app = app
        self.hosts = hosts | {"localhost", socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["content-security-policy"] = POLICY
                headers["referrer-policy"] = "no-referrer"
                headers["x-content-type-options"] = "nosniff"
                headers["cross-origin-resource-policy"] = "same-origin"
                headers.setdefault("cache-control", "no-store")
            await send(message)

        if line := self.objection(scope["method"], Headers(scope=scope)):
            await JSONResponse({"error": line}, 403)(scope, receive, send_with_policy)
        else:
            await self.app(scope, receive, send_with_policy)

    def objection(self, method: str, headers: Headers) -> str:
        """Why a request is not served; empty if it is."""
        host = headers.get("host", "")
        if not self._ours(_name(host)):
            return "the studio is asked by a name that is not this machine's"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return "the studio answers its own page only"
        far = headers.get("sec-fetch-site") in ("cross-site", "same-site")
        opened = method == "GET" and headers.get("sec-fetch-mode") == "navigate"  # a link to it
        return "the studio answers its own page only" if far and not opened else ""

    def _ours(self, name: str) -> bool:
        try:
            ipaddress.ip_address(name)  # which no other site can have pointed elsewhere
            return True
        except ValueError:
            return name in self.hosts or name.removesuffix(".local") in self.hosts


def _name(host: str) -> str:
    """ "localhost:7860" without its port, "[::1]:7860" without that and its brackets."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
