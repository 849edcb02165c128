"""What /live may draw: each session has a desk of views, and lets go of it when it ends.

A view is a pure draw function with the parameters of the last run. It is reached by a random token, never by name.
The desk lies in st.session_state and the table of tokens holds its views weakly: when Streamlit drops a session,
its views are gone without anybody clearing up.
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from weakref import WeakValueDictionary

from app.domains import Domain, Refused
from app.figures.plot import to_json
from app.i18n import gettext as _
from app.i18n import set_language
from app.jobs import Job

MOST_VIEWS = 24  # on one page; a page that asks for more has a loop in it
log = logging.getLogger(__name__)


class Drawing(Protocol):
    """What a draw function returns: a Plot, a Picture, a Table or Grids."""

    @property
    def alt(self) -> str: ...

    def header(self) -> dict[str, Any]: ...

    def payload(self) -> bytes: ...


@dataclass
class View:
    """One live figure of one session."""

    token: str
    desk: str
    draw: Callable[..., Drawing]
    values: Mapping[str, Any]
    domains: Mapping[str, Domain]
    language: str
    kept: frozenset[int] = frozenset()  # the pictures that came with the page: they need not be sent again
    job: Job | None = None  # the run that it watches
    steered: frozenset[str] = frozenset()  # the controls that the run obeys while they move

    def answer(self, wanted: Mapping[str, Any]) -> Drawing:
        """The picture with some parameters changed; Refused where a control would not allow it."""
        set_language(self.language)
        checked = {}
        for name, value in wanted.items():
            if name not in self.domains:
                raise Refused(_("This figure does not follow a control of that name."))
            checked[name] = self.domains[name].check(value)
        if self.job is not None and (told := {n: v for n, v in checked.items() if n in self.steered}):
            self.job.steer(told)
        return self.draw(**{**self.values, **checked})


@dataclass
class Desk:
    """The views of one session; only those of the page it is on."""

    name: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    address: str = ""
    views: dict[str, View] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)

    def turn_to(self, address: str) -> None:
        """A new page: the views of the last one are let go, and its runs end."""
        if address != self.address:
            self.address, self.views, self.jobs = address, {}, {}

    def put(self, name: str, draw: Callable[..., Drawing], values: Mapping[str, Any],
            domains: Mapping[str, Domain], language: str, job: Job | None = None,
            steered: frozenset[str] = frozenset()) -> View:  # fmt: skip
        """Registers a view, or renews it under the token it has."""
        known = self.views.get(name)
        if known is None and len(self.views) >= MOST_VIEWS:
            raise ValueError(f"A page can have at most {MOST_VIEWS} live figures.")
        token = known.token if known else secrets.token_urlsafe(18)
        view = View(token, self.name, draw, values, domains, language, job=job, steered=steered)
        self.views[name] = _views[token] = view
        return view


_views: WeakValueDictionary[str, View] = WeakValueDictionary()


def find(token: Any) -> View | None:
    return _views.get(token) if isinstance(token, str) else None


def count() -> int:
    """How many views are alive, over all sessions."""
    return len(_views)


def pack(header: dict[str, Any], payload: bytes = b"") -> bytes:
    """One frame of either road: the length of the header (4 bytes), the header as JSON, the bytes of the picture."""
    head = to_json(header).encode(errors="replace")
    return len(head).to_bytes(4, "little") + head + payload


def sentence(error: Exception) -> str:
    """What a visitor is told when a draw raises: a refusal as it stands, else that it cannot be drawn."""
    if isinstance(error, Refused):
        return str(error)
    log.error("A figure could not be drawn", exc_info=error)
    return _("This picture cannot be drawn with these settings.")
