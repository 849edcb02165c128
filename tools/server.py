"""Starts the app on a port of its own, waits until it answers, stops it again: for tests, shots and bench."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATIENCE = 90.0  # seconds; importing torch on a busy machine takes its time


@contextmanager
def serve(port: int | None = None, app: str = "lightboard.py", **env: str) -> Iterator[str]:
    """The address of a fresh server, such as "http://127.0.0.1:43211"; it lives as long as the block.

    `app` is the file that holds the ASGI app, from the root of the repository; `env` is added to its environment:
    LIGHTBOARD_PLAIN="1", STREAMLIT_SERVER_BASE_URL_PATH="tools/board", …
    """
    port = port or free_port()
    base = env.get("STREAMLIT_SERVER_BASE_URL_PATH", "").strip("/")
    url = f"http://127.0.0.1:{port}" + (f"/{base}" if base else "")
    command = [sys.executable, "-m", "streamlit", "run", app, "--server.port", str(port),
               "--server.address", "127.0.0.1", "--server.fileWatcherType", "none"]  # fmt: skip
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)} | env, stdout=log, stderr=log
        )
        try:
            if not _answers(f"{url}/_stcore/health", server):
                log.seek(0)
                raise RuntimeError(f"The server on port {port} does not answer:\n{log.read()[-4000:]}")
            yield url
        finally:
            _stop(server)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _answers(url: str, server: subprocess.Popen[bytes]) -> bool:
    """Whether the server comes up within our patience; at once no where its process has ended."""
    last = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < last:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return server.poll() is None  # not somebody else's server on the same port
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
