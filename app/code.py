"""Show the code: the source of core modules and the calls behind a page, as a script that needs PyTorch only."""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """A call of a core function. As an argument of another one it is written inside it: bank(seed=0)."""

    function: Callable[..., Any]
    arguments: Mapping[str, Any]

    def __call__(self, **more: Any) -> Any:
        given = {n: v() if isinstance(v, Call) else v for n, v in self.arguments.items()}
        return self.function(**given, **more)

    def __repr__(self) -> str:
        return f"{self.function.__name__}({', '.join(f'{n}={v!r}' for n, v in self.arguments.items())})"

    def modules(self) -> Iterator[str]:
        """The modules that it needs, those of its arguments first."""
        for value in self.arguments.values():
            if isinstance(value, Call):
                yield from value.modules()
        yield self.function.__module__


def call(function: Callable[..., Any], values: Mapping[str, Any], **more: Any) -> Call:
    """A call of `function` with those of the page's values that it takes by name, and with `more`."""
    takes = inspect.signature(function).parameters
    return Call(function, {**more, **{n: v for n, v in values.items() if n in takes}})


def exported(function: Callable[..., Any], arguments: Mapping[str, Any], also: Sequence[Call] = ()) -> str:
    """The modules of the calls, and the calls, printing what they return. `also`: further calls after the first."""
    calls = [Call(function, arguments), *also]
    modules = dict.fromkeys(name for call in calls for name in call.modules())
    source = "\n\n\n".join(inspect.getsource(sys.modules[name]).rstrip() for name in modules)
    given = "".join(f"    {name}={value!r},\n" for name, value in arguments.items())
    more = "".join(f"print({call!r})\n" for call in also)
    return f"""{source}


# --- The call behind the page -------------------------------------------------------------------------------

torch.set_printoptions(precision=6)
result = {function.__name__}(
{given})
for row in result if isinstance(result, list) else [result]:
    print(row)
{more}"""
