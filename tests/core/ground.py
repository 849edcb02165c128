"""Surfaces and rules by their ids, as the pages use them: a surface with its Hessian, a walk by a rule."""

from collections.abc import Callable
from typing import Any

from core import descent, fields, surfaces
from core.optimizers import named


def bind(name: str, **parameters: float) -> fields.Field:
    return fields.exact(surfaces.bind(name, **parameters))


def descend(grad: Any, start: Any, rule: str, *numbers: Any, **more: Any) -> descent.Path:
    return descent.descend(grad, start, named(rule), *numbers, **more)


def run(rule: str, *numbers: Any, **more: Any) -> descent.Run:
    return descent.Run(named(rule), *numbers, **more)


def walker(grad: Any, rule: str, *numbers: Any, **more: Any) -> Callable[..., Any]:
    return descent.walker(grad, named(rule), *numbers, **more)


def torch_optim_call(rule: str, *numbers: Any) -> str | None:
    return descent.torch_optim_call(named(rule), *numbers)
