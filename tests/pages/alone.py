"""Runs exported scripts as `python -I file` would, in a copy of a clean interpreter that has loaded torch already.

As a program: reads paths, a line of JSON for each page, and answers with a line of what they printed. Each line is
answered by a fork, so no page meets what another one has imported or left behind.
"""

import contextlib
import io
import json
import os
import runpy
import subprocess
import sys
import traceback
from functools import cache


@cache
def _interpreter() -> subprocess.Popen:
    """One for all tests of this process."""
    return subprocess.Popen(
        [sys.executable, "-I", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin:/bin", "NO_ALBUMENTATIONS_UPDATE": "1", "OMP_NUM_THREADS": "1"},
    )


def run_alone(paths: list[str]) -> tuple[list[str], list[str]]:
    """What each script printed, and which packages they loaded that an exported script may not need."""
    program = _interpreter()
    assert program.stdin and program.stdout
    program.stdin.write(json.dumps(paths) + "\n")
    program.stdin.flush()
    report = json.loads(program.stdout.readline())
    return report["told"], report["foreign"]


def _told(path: str) -> str:
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            runpy.run_path(path, run_name="__main__")
    except BaseException:
        return f"failed: {out.getvalue()}{traceback.format_exc()}"
    return out.getvalue()


def _serve() -> None:
    import torch  # noqa: F401  # what takes the time

    sys.argv = sys.argv[:1]
    for line in sys.stdin:
        if child := os.fork():
            if os.waitpid(child, 0)[1]:
                print(json.dumps({"told": [], "foreign": ["the interpreter died"]}), flush=True)
            continue
        paths = json.loads(line)
        os.chdir(os.path.dirname(paths[0]))
        told = [_told(path) for path in paths]
        foreign = {"app", "core", "pages", "plotly", "streamlit"} & set(sys.modules)
        print(json.dumps({"told": told, "foreign": sorted(foreign)}), flush=True)
        os._exit(0)


if __name__ == "__main__":
    _serve()
