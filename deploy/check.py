"""Starts nginx.conf with two replicas and a certificate of its own, and checks what it promises.

python -m deploy.check            needs nginx and openssl (apt-get install nginx), and about 1 GB of memory
"""

import asyncio
import http.client
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from app.live.socket import PLOTLY_PATH
from tools.server import free_port, serve
from tools.visitor import visit

HERE = Path(__file__).parent
VISITORS = 12
AROUND = """daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
include {folder}/board.conf; }}"""
TRUST = ssl.create_default_context()
TRUST.check_hostname, TRUST.verify_mode = False, ssl.CERT_NONE  # our own certificate of this hour


@contextmanager
def proxy(replicas: list[str], plain: int, secure: int) -> Iterator[str]:
    """nginx.conf as it stands, but for its ports, its name and its certificate."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
    if nginx is None:
        raise SystemExit("There is no nginx here: apt-get install nginx")
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = f"{folder}/key.pem", f"{folder}/certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "1", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)  # fmt: skip
        text = (HERE / "nginx.conf").read_text()
        for wrote, here in {
            "127.0.0.1:8501": replicas[0].removeprefix("http://"),
            "127.0.0.1:8502": replicas[1].removeprefix("http://"),
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ssl": f"listen 127.0.0.1:{secure} ssl",
            "board.example.org;": "127.0.0.1;",
            "/etc/letsencrypt/live/board.example.org/fullchain.pem": certificate,
            "/etc/letsencrypt/live/board.example.org/privkey.pem": key,
        }.items():
            assert wrote in text, f"nginx.conf no longer says {wrote!r}"
            text = text.replace(wrote, here)
        Path(folder, "board.conf").write_text(text)
        Path(folder, "nginx.conf").write_text(AROUND.format(folder=folder))
        command = [nginx, "-p", folder, "-c", f"{folder}/nginx.conf"]
        subprocess.run([*command, "-t", "-q"], check=True)
        server = subprocess.Popen(command)
        try:
            for _turn in range(50):
                if server.poll() is None and _opens(secure):
                    break
                time.sleep(0.1)
            yield f"https://127.0.0.1:{secure}"
        finally:
            server.terminate()
            server.wait(10)


def _opens(port: int) -> bool:
    try:
        get(f"https://127.0.0.1:{port}", "/metrics")
    except OSError:
        return False
    return True


def get(
    base: str, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    host = base.partition("//")[2]
    road: Any = http.client.HTTPSConnection(host, context=TRUST, timeout=60) if base.startswith("https") \
        else http.client.HTTPConnection(host, timeout=60)  # fmt: skip
    try:
        road.request(method, path, body, headers)
        answer = road.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        road.close()


def sessions(replica: str) -> int:
    with urllib.request.urlopen(f"{replica}/metrics", timeout=30) as answer:
        found = re.search(r"^lightboard_sessions (\d+)", answer.read().decode(), re.M)
    assert found
    return int(found[1])


def cookie_of(base: str) -> str:
    return str(get(base, "/")[1]["Set-Cookie"]).partition(";")[0]


async def hall(base: str, replicas: list[str], cookies: list[str]) -> list[int]:
    """Everybody opens a page and drags over /live at once; how many each replica has meanwhile."""
    async with AsyncExitStack() as stack:
        for cookie in cookies:
            headers = {"Cookie": cookie, "User-Agent": "a phone"} if cookie else {"User-Agent": "no cookies"}
            visitor = await stack.enter_async_context(
                visit(base, "activations", ssl=TRUST, additional_headers=headers, origin=base)
            )
            answer = await visitor.ask("activations.stage", {"x": 1.0})
            assert answer["kind"] == "plot", f"/live was led elsewhere than the page: {answer}"
        return [await asyncio.to_thread(sessions, replica) for replica in replicas]


def check(base: str, plain: int, replicas: list[str], stop_one: Callable[[], None]) -> None:
    status, headers, _ = get(f"http://127.0.0.1:{plain}", "/activations?activations.x=1")
    # The name without its port, as on a machine where TLS has the usual one.
    assert (status, headers["Location"]) == (301, "https://127.0.0.1/activations?activations.x=1")
    say("plain HTTP leads to TLS")

    status, headers, body = get(base, "/")
    assert status == 200 and b"<title>" in body
    policy = headers["Content-Security-Policy"]
    assert f"wss://{base.partition('//')[2]}" in policy and "frame-ancestors 'self'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff" and "max-age" in headers["Strict-Transport-Security"]
    (given,) = headers.get_all("Set-Cookie") or [""]
    assert all(word in given for word in ("lightboard=", "Secure", "HttpOnly", "Partitioned"))
    again = get(base, "/", Cookie=given.partition(";")[0])[1].get_all("Set-Cookie") or []
    assert not again, "who has a cookie keeps it"
    assert get(base, PLOTLY_PATH)[1]["Set-Cookie"] is None, "only a page brings the cookie"
    say("a page comes with the security headers and one cookie")

    for path in ("/metrics", "/_stcore/metrics", "/_stcore/agent/openapi.json"):
        assert get(base, path)[0] == 404, path
    assert get(base, "/health")[0] == 200
    say("the numbers stay inside, /health is there")

    assert get(base, "/_stcore/upload_file/a/b", "PUT", bytes(12 * 2**20))[0] == 413
    assert get(base, "/?x=" + "a" * 9000)[0] == 414
    say("too long and too large is refused")

    cookies = [cookie_of(base) for _i in range(VISITORS)]
    found = asyncio.run(hall(base, replicas, [*cookies, "", ""]))
    assert sum(found) == VISITORS + 2 and min(found) > 0, found
    say(f"{VISITORS} visitors of one address, two more without cookies: {found[0]} at one replica, {found[1]} at the "
        "other; page and /live of each at the same")  # fmt: skip

    stop_one()
    (left,) = [asyncio.run(hall(base, replicas[1:], cookies))]
    assert left == [VISITORS], left
    say("one replica stopped: all visitors come to the other by their links")


def say(text: str) -> None:
    print(f"ok  {text}", flush=True)


def main() -> int:
    with ExitStack() as stack:
        first = stack.enter_context(ExitStack())
        replicas = [first.enter_context(serve()), stack.enter_context(serve())]
        plain, secure = free_port(), free_port()
        base = stack.enter_context(proxy(replicas, plain, secure))
        check(base, plain, replicas, first.close)
    return 0


if __name__ == "__main__":
    sys.exit(main())
