"""What every answer tells the browser: nothing but our own, nothing guessed, nobody else's frame.

The policy is as tight as Streamlit allows. It styles inline, shows pictures from data: and blob:, and imports the live
figure as a module from a blob:. No script is made from a text and no WebAssembly runs: nothing here needs them. On
localhost alone a text may become a script, because the drivers of browsers (wait_for_function) work in that way.

LIGHTBOARD_EMBED names the sites that may show a page in a frame: "https://lms.example.org https://*.example.edu";
"*" allows all of them, slides in a local file too. Without it only our own pages may.
"""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SITE = re.compile(r"(https?://)?(\*\.)?[\w.-]+(:\d+)?|https?:", re.ASCII)
_LOCAL = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
_HOST = re.compile(r"[\w.-]+(:\d+)?|\[[\da-f:]+\](:\d+)?", re.ASCII | re.IGNORECASE)


class SecurityHeaders:
    """Adds them to each answer that does not have them."""

    def __init__(self, app: ASGIApp, embedders: tuple[str, ...] | None = ()) -> None:
        self.app, self.embedders = app, embedders

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers(Headers(scope=scope).get("host", "")).items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, secured if scope["type"] == "http" else send)

    def headers(self, host: str) -> dict[str, str]:
        """`host`: under which the browser knows us; older ones do not take 'self' for a WebSocket."""
        sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
        driven = " 'unsafe-eval'" if _LOCAL.fullmatch(host) else ""
        policy = {
            "default-src": "'self'",
            "script-src": f"'self' blob: {_own_inline_scripts()}{driven}",
            "style-src": "'self' 'unsafe-inline'",
            "img-src": "'self' data: blob:",
            "font-src": "'self' data:",
            "media-src": "'self' data: blob:",
            "worker-src": "'self' blob:",
            "connect-src": f"'self' data: blob:{sockets}",
            "object-src": "'none'",
            "base-uri": "'self'",
            "form-action": "'self'",
        }
        if self.embedders is not None:
            policy["frame-ancestors"] = " ".join(["'self'", *self.embedders])
        return {
            "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",  # a link of ours holds what its reader has set
            "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
        }


def allowed(embedders: str) -> tuple[str, ...] | None:
    """The sites that LIGHTBOARD_EMBED names; None where all are allowed, ValueError where one is no site."""
    sites = tuple(embedders.replace(",", " ").split())
    if "*" in sites:
        return None
    if wrong := [site for site in sites if not _SITE.fullmatch(site)]:
        raise ValueError(f"LIGHTBOARD_EMBED: {wrong[0]!r} is no site such as https://lms.example.org.")
    return sites


@cache
def _own_inline_scripts() -> str:
    """The hashes of the scripts that stand in Streamlit's index.html itself."""
    index = (files("streamlit") / "static" / "index.html").read_text(encoding="utf-8")
    inline = re.findall(r"<script>(.*?)</script>", index, re.DOTALL)
    sums = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inline)
    return " ".join(f"'sha256-{sum}'" for sum in sums)
