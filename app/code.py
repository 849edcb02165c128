"""Show the code: the source of the modules and the calls behind a page, as a script that runs alone.

It needs PyTorch, or albumentations where the pictures come from it, or both; nothing else.
"""

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from inspect import isbuiltin, isclass, isfunction, ismodule
from typing import Any

from torch import device, dtype


class Verbatim(str):
    """An argument that stands in the exported code as it is written here."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def long_text(text: str) -> Verbatim:
    """A text as lines that fit the page: weights, pictures."""
    starts = range(0, len(text) or 1, 100)
    return Verbatim("(\n" + "".join(f"        {text[at : at + 100]!r}\n" for at in starts) + "    )")


# A function, further calls, and the arguments of the first: what lab.code shows.
Script = tuple[Callable[..., Any], Sequence["Call"], Mapping[str, Any]]


@dataclass(frozen=True)
class Call:
    """A call of a core function. As an argument of another one it is written inside it: bank(seed=0)."""

    function: Callable[..., Any]
    arguments: Mapping[str, Any]
    attribute: str = ""  # of what it returns: bind(…).f

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def name(self) -> str:
        """What tells it from every other call."""
        given = ", ".join(f"{n}={spelt(v)}" for n, v in sorted(self.arguments.items()))
        return f"{spelt(self.function)}({given}){self._dotted}"

    @property
    def _dotted(self) -> str:
        return f".{self.attribute}" if self.attribute else ""

    def __call__(self, **more: Any) -> Any:
        given = {n: v() if isinstance(v, Call) else v for n, v in self.arguments.items()}
        made = self.function(**given, **more)
        return getattr(made, self.attribute) if self.attribute else made

    def __repr__(self) -> str:
        given = ", ".join(f"{n}={_written(v)}" for n, v in self.arguments.items())
        return f"{self.function.__name__}({given}){self._dotted}"

    def modules(self) -> Iterator[str]:
        """The modules that it needs, those of its arguments first."""
        for value in self.arguments.values():
            for one in value.values() if isinstance(value, Mapping) else [value]:
                if isinstance(one, Call):
                    yield from one.modules()
                elif isfunction(one):
                    yield one.__module__
        yield self.function.__module__


def _written(value: Any) -> str:
    """An argument as it stands in the script; a function by its name."""
    return value.__name__ if isfunction(value) else repr(value)


def spelt(value: Any) -> str:
    """A value in words that no other value has: plain values, calls, functions, and collections of them."""
    if isinstance(value, Call):
        return value.name
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(spelt, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{spelt(k)}: {spelt(v)}' for k, v in value.items())}}}"
    if isinstance(value, partial):
        return Call(value.func, {**value.keywords, "positional": value.args}).name
    if isinstance(value, device | dtype):
        return str(value)
    if (isfunction(value) or isbuiltin(value) or isclass(value)) and "<" not in value.__qualname__:
        return f"{value.__module__}.{value.__qualname__}"
    raise TypeError(f"A {type(value).__name__} cannot be told from another by its words.")


def call(function: Callable[..., Any], values: Mapping[str, Any], **more: Any) -> Call:
    """A call of `function` with those of the page's values that it takes by name, and with `more`."""
    takes = inspect.signature(function).parameters
    return Call(function, {**more, **{n: v for n, v in values.items() if n in takes}})


_SETUP = """torch.set_num_threads(1)  # as on the page: in a long training the last bit decides
torch.set_printoptions(precision=6)
"""


def exported(function: Callable[..., Any], arguments: Mapping[str, Any], also: Sequence[Call] = ()) -> str:
    """The modules of the calls, and the calls, printing what they return. `also`: further calls after the first."""
    calls = [Call(function, arguments), *also]
    modules = dict.fromkeys(name for call in calls for name in call.modules())
    _no_clash(modules)
    source = "\n\n\n".join(inspect.getsource(sys.modules[name]).rstrip() for name in modules)
    given = "".join(f"    {name}={_written(value)},\n" for name, value in arguments.items())
    setup = _SETUP if "\nimport torch\n" in source else ""
    more = "".join(f"print({call!r})\n" for call in also)
    return f"""{source}


# --- The call behind the page -------------------------------------------------------------------------------

{setup}result = {function.__name__}(
{given})
for row in result if isinstance(result, list) else [result]:
    print(row)
{more}"""


def _no_clash(modules: Iterable[str]) -> None:
    """The modules share one namespace in the script: no name may be defined by two of them."""
    owner: dict[str, str] = {}
    for module in modules:
        for name, value in vars(sys.modules[module]).items():
            if name.startswith("__") or ismodule(value) or getattr(value, "__module__", module) != module:
                continue  # imported, not defined here
            if owner.setdefault(name, module) != module:
                raise TypeError(f"{owner[name]} and {module} both define {name}: one script cannot hold them.")
