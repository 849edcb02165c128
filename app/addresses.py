"""Wrong addresses lead home, where one sentence says so; Streamlit alone would open an English dialog."""

from urllib.parse import parse_qs, quote

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app import catalog
from app.live.socket import base_path


class KnownAddresses:
    """Redirects a GET of a page that the catalog does not have to /?missing=<address>."""

    def __init__(self, app: ASGIApp, configured: str | None) -> None:
        self.app, self.base = app, base_path(configured)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and self._wrong(scope):
            address = scope["path"].removeprefix(self.base).strip("/")
            language = parse_qs(scope["query_string"].decode("latin-1")).get("lang", [""])[0]
            lang = f"&lang={quote(language[:8])}" if language else ""
            await RedirectResponse(f"{self.base}/?missing={quote(address[:60])}{lang}", 307)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _wrong(self, scope: Scope) -> bool:
        """Only what a browser asks for as a page; files and Streamlit's own routes go their way."""
        address = scope["path"].removeprefix(self.base).strip("/")
        wants_page = any(k == b"accept" and b"text/html" in v for k, v in scope["headers"])
        page = (
            bool(address)
            and "." not in address
            and not address.startswith(("_stcore", "static", "media", "component"))
            and address not in ("metrics", "health")
        )
        return wants_page and page and address not in catalog.PAGES
