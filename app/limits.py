"""How much a request may bring: the length of its address, and what a session and all of them may upload."""

import re

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime

LONGEST_ADDRESS = 8192  # bytes of path and query; the longest link of ours has some 1500
MOST_FILES = 8  # of one session that lie in memory at a time
MOST_UPLOADED = 256 * 2**20  # bytes of all sessions
_UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/([^/]+)$")


class Limits:
    """Answers what is too much with a status and a sentence; the rest goes its way."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _refusal(scope) if scope["type"] == "http" else None
        await (answer or self.app)(scope, receive, send)


def _refusal(scope: Scope) -> PlainTextResponse | None:
    if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > LONGEST_ADDRESS:
        return PlainTextResponse("This address is too long.", 414)
    upload = _UPLOAD.search(scope["path"]) if scope["method"] == "PUT" else None
    if upload is None or not runtime.exists():
        return None
    held = getattr(runtime.get_instance().uploaded_file_mgr, "file_storage", {})
    if len(held.get(upload[1], ())) >= MOST_FILES:
        return PlainTextResponse("This session holds too many files. Reload the page.", 429)
    if sum(len(file.data) for files in list(held.values()) for file in list(files.values())) > MOST_UPLOADED:
        return PlainTextResponse("Too many files are held at the moment. Try again in some minutes.", 503)
    return None
