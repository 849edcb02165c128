"""What Lightboard rests on: `make audit` writes deploy/DEPENDENCIES.md and constraints.txt from what is installed.

Fails where a requirement is not pinned, where another version is installed, or where a licence is none of those that
go with ours. It asks no network: known weaknesses are looked up by `pip-audit -r deploy/constraints.txt`, where there
is one.
"""

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.server import ROOT

FREE = re.compile(
    r"MIT|BSD|Apache|PSF|Python Software Foundation|ISC|HPND|MPL|Mozilla|Zlib|Unlicense|CC0|CNRI|BSL|Boost|LLVM|"
    r"NVIDIA Proprietary"  # the CUDA libraries of PyTorch: free to use and to ship with it
)


def required(name: str) -> list[Requirement]:
    """The lines of a requirements file."""
    lines = (line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def closure(wanted: list[Requirement]) -> dict[str, Distribution]:
    """These and all that they ask for on this machine, by name; what is optional and not there is left out."""
    found: dict[str, Distribution] = {}
    queue = [(r, extra) for r in wanted for extra in ("", *r.extras)]
    while queue:
        requirement, extra = queue.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        known = name in found
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            raise SystemExit(f"{name} is asked for but not installed.") from None
        if not known or requirement.extras:
            deeper = [Requirement(text) for text in found[name].requires or []]
            queue += [(r, e) for r in deeper for e in ("", *requirement.extras)]
    return dict(sorted(found.items()))


def licence(package: Distribution) -> str:
    """One line, from the newest field that the package has."""
    kinds = [c.rpartition(" :: ")[2] for c in said(package, "Classifier") if c.startswith("License ::")]
    plain = [text.strip().split("\n")[0] for text in said(package, "License")]
    told = said(package, "License-Expression") or [", ".join(kinds)] * bool(kinds) or plain or _title(package)
    return told[0][:160]


def _title(package: Distribution) -> list[str]:
    """The first line of the licence that lies in it."""
    texts = [f.read_text() for f in package.files or [] if re.fullmatch(r"LICEN[CS]E(\.\w+)?", f.name)]
    return [texts[0].strip().split("\n")[0]] if texts else ["?"]


def said(package: Distribution, field: str) -> list[str]:
    """All that the metadata of a package say under one name."""
    return package.metadata.get_all(field) or []


def home(package: Distribution) -> str:
    urls = [entry.partition(", ") for entry in said(package, "Project-URL")]
    plain = r"source( code)?|home( ?page)?|repository|github|code"
    first = next((url for label, _, url in urls if re.fullmatch(plain, label, re.IGNORECASE)), "")
    return first or next(iter([*said(package, "Home-page"), *(url for _, _, url in urls)]), "")


def table(packages: dict[str, Distribution]) -> str:
    rows = []
    for name, package in packages.items():
        linked = f"[{name}]({home(package)})" if home(package) else name
        told = licence(package).replace("|", "/")
        rows.append(f"| {linked} | {package.version.partition('+')[0]} | {told} |")
    return "\n".join(["| package | version | licence |", "|---|---|---|", *rows])


def faults(wanted: list[Requirement], packages: dict[str, Distribution]) -> list[str]:
    """What is not as it should be."""
    wrong = []
    for requirement in wanted:
        pinned, there = str(requirement.specifier), packages[canonicalize_name(requirement.name)].version
        if not re.fullmatch(r"==[\w.]+", pinned):
            wrong.append(f"{requirement.name} is not pinned to one version.")
        elif pinned[2:] != there.partition("+")[0]:
            wrong.append(f"{requirement.name} {there} is installed, {pinned[2:]} is asked for.")
    return wrong + [f"{name}: the licence {licence(package)!r} has to be looked at."
                    for name, package in packages.items() if not FREE.search(licence(package))]  # fmt: skip


def main() -> int:
    running, building = required("requirements.txt"), required("requirements-dev.txt")
    needed, also = closure(running), closure(building)
    text = "\n".join([
        "# What Lightboard rests on", "",
        "Written by `make audit` from the metadata of the installed packages.", "",
        "## To run", "", table(needed), "",
        "## To test, besides", "", table({n: p for n, p in also.items() if n not in needed}), ""])  # fmt: skip
    (ROOT / "deploy" / "DEPENDENCIES.md").write_text(text, encoding="utf-8")
    pins = [f"{name}=={package.version.partition('+')[0]}" for name, package in needed.items()]
    (ROOT / "deploy" / "constraints.txt").write_text("\n".join(["# Written by `make audit`.", *pins, ""]))
    wrong = faults([*running, *building], needed | also)
    print("\n".join(wrong) or f"{len(needed | also)} packages, all pinned as asked, all under free licences.")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
