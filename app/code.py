"""Show the code: the source of a core module and one call, as a script that needs PyTorch only."""

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any


def exported(function: Callable[..., Any], arguments: Mapping[str, Any]) -> str:
    """The module of `function` and a call of it that prints what it returns."""
    source = inspect.getsource(sys.modules[function.__module__]).rstrip()
    given = "".join(f"    {name}={value!r},\n" for name, value in arguments.items())
    return f"""{source}


# --- The call behind the page -------------------------------------------------------------------------------

result = {function.__name__}(
{given})
for row in result if isinstance(result, list) else [result]:
    print(row)
"""
