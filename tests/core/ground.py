"""A surface of the family with its Hessian, as the pages walk on it."""

from core import fields, surfaces


def bind(name: str, **parameters: float) -> fields.Field:
    return fields.exact(surfaces.bind(name, **parameters))
