"""Pipelines of transforms: made from controls, written as a program, as JSON and YAML, and read back with care."""

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import albumentations as A
import yaml

from app.augment import controls
from app.augment.catalogue import UNSEEN, alone, spelt, transforms
from app.augment.knobs import Argument
from app.domains import Refused
from app.i18n import gettext as _

MOST_STAGES, MOST_NODES, MOST_BYTES, MOST_BRACKETS, DEEPEST = 8, 30, 20_000, 1000, 4
HOLDERS = ("Compose", "Sequential", "OneOf", "SomeOf", "RandomOrder")


@dataclass(frozen=True)
class Stage:
    """A transform with its arguments and its probability, or some of them under one roof."""

    name: str
    arguments: Mapping[str, Any]
    p: float = 1.0
    inner: tuple["Stage", ...] = ()

    def made(self) -> Any:
        if self.inner:
            return getattr(A, self.name)([s.made() for s in self.inner], **self.arguments, p=self.p)
        return controls.made(self.name, self.arguments, self.p)

    def spelt(self) -> str:
        """As it stands in a program."""
        if not self.inner:
            return spelt(self.name, self.arguments).replace("p=1.0)", f"p={self.p:g})")
        inside = ",\n".join(s.spelt() for s in self.inner).replace("\n", "\n    ")
        given = "".join(f", {n}={v!r}" for n, v in self.arguments.items())
        return f"A.{self.name}([\n    {inside},\n]{given}, p={self.p:g})"

    def plain(self) -> list[Any]:
        """As plain values, to be told from others by its words."""
        return [self.name, dict(self.arguments), self.p, [s.plain() for s in self.inner]]


def of_plain(plain: list[Any]) -> Stage:
    name, arguments, p, inner = plain
    return Stage(name, arguments, p, tuple(map(of_plain, inner)))


def compose(stages: Sequence[Stage], how: str, n: int) -> Stage:
    """All in a row, one of them, or n of them."""
    if how in ("one", "some"):
        given = {"n": min(n, len(stages))} if how == "some" else {}
        stages = [Stage({"one": "OneOf", "some": "SomeOf"}[how], given, 1.0, tuple(stages))]
    return Stage("Compose", {}, 1.0, tuple(stages))


def operations(low: float, high: float) -> tuple[Stage, ...]:
    """The list of RandAugment and TrivialAugment, with magnitudes from `low` to `high` (0..1)."""
    bits = (round(8 - 4 * high), round(8 - 4 * low))
    given: list[tuple[str, dict[str, Any]]] = [
        ("AutoContrast", {}), ("Equalize", {}), ("Rotate", {"limit": (-30 * high, 30 * high)}),
        ("Solarize", {"threshold_range": (1 - high, 1 - low)}), ("Posterize", {"num_bits": bits}),
        ("RandomBrightnessContrast", {"brightness_limit": (-0.9 * high, 0.9 * high), "contrast_limit": (0, 0)}),
        ("RandomBrightnessContrast", {"brightness_limit": (0, 0), "contrast_limit": (-0.9 * high, 0.9 * high)}),
        ("Sharpen", {"alpha": (low, high)}), ("Affine", {"shear": (-17 * high, 17 * high)}),
        ("Affine", {"translate_percent": (-0.3 * high, 0.3 * high)}),
    ]  # fmt: skip
    return tuple(Stage(name, {n: _rounded(v) for n, v in arguments.items()}) for name, arguments in given)


def _rounded(value: Any) -> Any:
    return tuple(round(v, 4) for v in value)


# --- JSON and YAML ---


def written(pipeline: Any, form: str) -> str:
    """The library's own description of a pipeline."""
    plain = json.loads(json.dumps(A.to_dict(pipeline)))
    return json.dumps(plain, indent=1) if form == "json" else yaml.safe_dump(plain, sort_keys=False)


def read(text: str) -> Stage:
    """A pipeline from JSON or YAML, or Refused: only transforms of the catalogue, with arguments in their bounds."""
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise Refused(_("The text is too long: up to {n} kB are possible.").format(n=MOST_BYTES // 1000))
    if "&" in text or "*" in text:  # an alias can blow up a small text to any size
        raise Refused(_("References (& and *) are not possible in the YAML."))
    try:
        if text.count("[") + text.count("{") > MOST_BRACKETS:  # the reader takes seconds over a deep nest
            raise ValueError
        found = yaml.safe_load(text)  # JSON is YAML, too
    except Exception:  # whatever it stumbles over: KeyError of "!!bool x", IndexError of "!!float ''"
        raise Refused(_("This is neither JSON nor YAML.")) from None
    inner = found.get("transform") if isinstance(found, dict) else None
    if not isinstance(inner, dict):
        raise Refused(_("This is no pipeline: a mapping with the key “transform” is wanted."))
    stage = _stage(inner, 0)
    if stage.name != "Compose":
        stage = Stage("Compose", {}, 1.0, (stage,))
    if sum(1 for _s in _walk(stage)) > MOST_NODES:
        raise Refused(_("The pipeline has too many stages: up to {n} are possible.").format(n=MOST_NODES))
    with controls.spoken():
        stage.made()
    return stage


def _walk(stage: Stage) -> Iterator[Stage]:
    yield stage
    for inner in stage.inner:
        yield from _walk(inner)


def _stage(found: Any, depth: int) -> Stage:
    if not isinstance(found, dict) or depth > DEEPEST:
        raise Refused(_("This is no pipeline: a mapping with the key “transform” is wanted."))
    name = str(found.get("__class_fullname__", ""))
    p = _number(found.get("p", 1.0), "p", 0, 1)
    if name in HOLDERS:
        held = found.get("transforms")
        if not isinstance(held, list) or not 0 < len(held) <= MOST_NODES:
            raise Refused(_("{name} holds no transforms, or too many.").format(name=name))
        inner = tuple(_stage(each, depth + 1) for each in held)
        given = {"n": int(_number(found.get("n"), "n", 1, len(inner)))} if name == "SomeOf" else {}
        return Stage(name, given, p, inner)
    if name not in alone():
        raise Refused(_("{name} is not one of the transforms here.").format(name=repr(name[:40])))
    known = {a.name: a for a in transforms()[name].arguments}
    signature = inspect.signature(transforms()[name].cls).parameters
    given = {}
    for key, value in found.items():
        if key in ("__class_fullname__", "p", "fill_mask", "mask_interpolation", "keypoint_remapping_method"):
            continue  # they concern masks and keypoints: nothing here follows them
        if key in UNSEEN and value == signature[key].default:
            continue
        if key not in known:
            raise Refused(_("{name} has no argument {key} here.").format(name=name, key=repr(str(key)[:40])))
        value = tuple(value) if isinstance(value, list) else value
        if value != signature[key].default:
            given[key] = _checked(known[key], value)
    return Stage(name, given, p)


def _checked(argument: Argument, value: Any) -> Any:
    """A value that the controls of an argument could give."""
    if isinstance(value, tuple):
        if len(value) > 4:
            raise Refused(_("{key} is too long.").format(key=argument.name))
        return tuple(
            _checked(argument, each) if not isinstance(each, tuple) else _checked(argument, ()) for each in value
        )
    if isinstance(value, dict) and value.keys() == {"x", "y"}:  # how Affine writes its ranges
        return {axis: _checked(argument, tuple(v) if isinstance(v, list) else v) for axis, v in value.items()}
    knob = argument.knobs[0]
    if value is None and argument.optional:
        return None
    if isinstance(value, bool) and knob.kind == "switch":
        return value
    if any(value == c and type(value) is type(c) for c in (*knob.choices, *argument.words)):
        return value
    if knob.kind in ("number", "range"):
        return _number(value, argument.name, knob.low, knob.high)
    raise Refused(_("{key} cannot be {value}.").format(key=argument.name, value=repr(value)[:40]))


def _number(value: Any, key: str, low: float, high: float) -> Any:
    sound = isinstance(value, int | float) and not isinstance(value, bool)
    if not sound or not low <= value <= high:  # NaN lies nowhere; an integer may be too large for a float
        text = _("{key} has to be a number from {low:g} to {high:g}, not {value}.")
        raise Refused(text.format(key=key, low=low, high=high, value=repr(value)[:40]))
    return value
