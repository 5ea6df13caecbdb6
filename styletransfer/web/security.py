"""What the page may load: nothing from elsewhere."""

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "worker-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self' ws: wss: data: blob:; frame-ancestors 'self'"
)


def middleware():
    """Tells browsers to load nothing from elsewhere, whatever the page may ask for."""
    from starlette.middleware import Middleware

    class Policy:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            async def with_policy(message):
                if message["type"] == "http.response.start":
                    message["headers"] = [
                        *message["headers"],
                        (b"content-security-policy", POLICY.encode()),
                        (b"referrer-policy", b"no-referrer"),
                    ]
                await send(message)

            await self.app(scope, receive, with_policy)

    return Middleware(Policy)
