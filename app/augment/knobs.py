"""What an argument of a transform may be, read from the library itself: its signature, and the constraints that its
pydantic schema puts on it. One mechanism for all transforms; `BOUNDS` says only what the library leaves open.
"""

import inspect
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

Number = float | int

# Ends (and step) of sliders where the library has none, or has them in code that cannot be read: argument, or
# transform and argument -> (low, high) or (low, high, step).
BOUNDS: dict[str, tuple[Number, ...]] = {
    "blur_limit": (3, 31, 2), "GaussianBlur.blur_limit": (0, 31), "AdvancedBlur.beta_limit": (0.5, 8.0),
    "sigma_limit": (0.0, 10.0), "sigma_x_limit": (0.1, 5.0), "sigma_y_limit": (0.1, 5.0), "noise_limit": (0.5, 2.0),
    "Defocus.radius": (1, 20), "max_factor": (1.0, 2.0), "step_factor": (0.01, 0.1), "GlassBlur.sigma": (0.1, 5.0),
    "max_delta": (1, 16), "iterations": (1, 5), "rotate_limit": (-180, 180), "limit": (-180, 180),
    "height": (8, 640), "width": (8, 640), "size": (8, 640), "min_max_height": (8, 640), "Crop.x_min": (0, 320),
    "Crop.y_min": (0, 320), "Crop.x_max": (1, 640), "Crop.y_max": (1, 640), "min_height": (8, 800),
    "min_width": (8, 800), "pad_height_divisor": (1, 128), "pad_width_divisor": (1, 128), "padding": (0, 200),
    "max_size": (16, 640), "max_size_hw": (16, 640), "Superpixels.max_size": (32, 512), "target_size": (64, 640),
    "cell_shape": (64, 640), "grid_yx": (1, 4), "w2h_ratio": (0.25, 4.0), "px": (-100, 100), "percent": (-0.5, 0.5),
    "RandomResizedCrop.ratio": (0.25, 4.0), "Erasing.ratio": (0.1, 5.0), "num_holes_range": (1, 32),
    "unit_size_range": (2, 128), "holes_number_xy": (1, 20), "shift_xy": (0, 64), "max_objects": (1, 3),
    "num_masks_x": (0, 10), "num_masks_y": (0, 10), "mask_x_length": (0, 64), "mask_y_length": (0, 64),
    "freq_mask_param": (1, 128), "time_mask_param": (1, 128), "fill": (0, 255), "drop_value": (0, 255),
    "ElasticTransform.alpha": (0, 500), "ElasticTransform.sigma": (1, 60), "num_steps": (1, 12),
    "distort_limit": (-0.9, 0.9), "PiecewiseAffine.scale": (0.0, 0.15), "nb_rows": (2, 8), "nb_cols": (2, 8),
    "num_control_points": (2, 8), "RandomScale.scale_limit": (-0.9, 1.5), "Affine.scale": (0.2, 2.5),
    "Affine.rotate": (-180, 180), "shear": (-60, 60), "translate_percent": (-0.5, 0.5), "translate_px": (-200, 200),
    "num_grid_xy": (1, 10), "magnitude": (1, 60), "Morphological.scale": (1, 15), "Perspective.scale": (0.0, 0.4),
    "grid": (1, 10), "shift_limit": (-0.5, 0.5), "shift_limit_x": (-0.5, 0.5), "shift_limit_y": (-0.5, 0.5),
    "ShiftScaleRotate.scale_limit": (-0.9, 1.5), "clip_limit": (1.0, 40.0), "tile_grid_size": (1, 16),
    "primary_distortion_limit": (-0.2, 0.2), "secondary_distortion_limit": (-0.2, 0.2),
    "ColorJitter.brightness": (0.0, 3.0), "ColorJitter.contrast": (0.0, 3.0), "ColorJitter.saturation": (0.0, 3.0),
    "ColorJitter.hue": (-0.5, 0.5), "Downscale.scale_range": (0.05, 0.95), "FancyPCA.alpha": (0.0, 20.0),
    "noise_scale_factor": (0.05, 1.0), "intensity_scale_range": (0.0, 3.0), "intensity_shift_range": (-1.0, 1.0),
    "hue_shift_limit": (-180, 180), "sat_shift_limit": (-255, 255), "val_shift_limit": (-255, 255),
    "Illumination.sigma_range": (0.2, 1.0), "quality_range": (1, 100), "multiplier": (0.0, 3.0),
    "Normalize.mean": (0.0, 1.0), "Normalize.std": (0.05, 1.0), "max_pixel_value": (1, 255),
    "temperature_limit": (3000, 15000, 100), "plasma_size": (16, 512), "roughness": (0.5, 8.0), "num_bits": (1, 8),
    "r_shift_limit": (-255, 255), "g_shift_limit": (-255, 255), "b_shift_limit": (-255, 255),
    "brightness_limit": (-1.0, 1.0), "contrast_limit": (-1.0, 1.0), "gamma_limit": (10, 400),
    "number_of_patches": (1, 10), "slant_range": (-20, 20), "drop_length": (1, 60), "drop_width": (1, 6),
    "blur_value": (1, 15), "drop_color": (0, 255), "num_shadows_limit": (1, 6), "shadow_dimension": (3, 10),
    "brightness_coeff": (0.5, 5.0), "src_radius": (2, 400), "src_color": (0, 255), "num_flare_circles_range": (1, 20),
    "RingingOvershoot.blur_limit": (3, 31, 2), "kernel_size": (3, 21, 2), "Sharpen.lightness": (0.0, 3.0),
    "Sharpen.sigma": (0.1, 5.0), "ShotNoise.scale_range": (0.01, 2.0), "gauss_sigma": (0.5, 8.0),
    "FDA.beta_limit": (0.0, 0.5), "RingingOvershoot.cutoff": (0.0, 3.14),
    "channel_drop_range": (1, 2), "gravel_roi": (0.0, 1.0), "shadow_roi": (0.0, 1.0),
    "flare_roi": (0.0, 1.0), "hole_height_range": (0.01, 1.0), "hole_width_range": (0.01, 1.0),
    "Emboss.strength": (0.0, 2.0), "n_segments": (1, 400), "Spatter.color": (0, 255), "ignore": (0, 255),
}  # fmt: skip

# Where controls start when the library has no default, or one that leaves the picture as it is.
START: dict[str, Any] = {
    "height": 128, "width": 128, "size": (128, 128), "min_max_height": (64, 128), "max_size": 128, "x_max": 160,
    "y_max": 120, "min_height": 320, "min_width": 320, "padding": (20, 40), "px": (-30, 30), "percent": (-0.1, 0.1),
    "num_masks_x": (1, 3), "num_masks_y": (1, 3), "mask_x_length": (10, 30), "mask_y_length": (10, 30),
    "Affine.scale": (0.8, 1.2), "Affine.rotate": (-30, 30), "Affine.shear": (-10, 10), "num_grid_xy": (4, 4),
    "magnitude": 10, "ElasticTransform.alpha": 120, "ElasticTransform.sigma": 8, "quality_range": (5, 30),
    "target_size": (256, 256), "cell_shape": (192, 192), "AutoContrast.cutoff": 5, "drop_length": 20,
    "src_radius": 80, "temperature_limit": (3000, 12000), "unit_size_range": (20, 40), "holes_number_xy": (6, 4),
    "Superpixels.p_replace": (0.3, 0.8), "pad_height_divisor": 32, "pad_width_divisor": 32, "RandomScale.scale_limit":
    (-0.5, 0.5), "translate_percent": (-0.1, 0.1), "translate_px": (-20, 20), "dropout_prob": 0.1, "max_value": 255.0,
    "FancyPCA.alpha": 5.0,
}  # fmt: skip

# Optional arguments that are given at the start: without any of them the transform refuses.
GIVEN = ("LongestMaxSize.max_size", "SmallestMaxSize.max_size", "CropAndPad.percent")


@dataclass(frozen=True)
class Knob:
    """One control: a number, a range with two thumbs, a choice or a switch."""

    kind: Literal["number", "range", "choice", "switch"]
    default: Any
    low: Number = 0
    high: Number = 1
    step: Number = 1
    choices: tuple[Any, ...] = ()

    @property
    def whole(self) -> bool:
        return isinstance(self.step, int)


@dataclass(frozen=True)
class Argument:
    """An argument of a transform and its controls: several for a tuple that is no range (rows and columns, a colour).

    `optional` ones can be left out (None); `words` may stand in place of the number ("random").
    """

    name: str
    knobs: tuple[Knob, ...]
    optional: bool = False
    given: bool = True  # whether it is given by default, where it is optional
    words: tuple[str, ...] = ()


@dataclass
class _Ends:
    """What the constraints of an argument say together."""

    low: Number | None = None
    high: Number | None = None
    above: bool = False  # `low` itself is not allowed
    below: bool = False
    whole: bool = False
    ordered: bool = False
    named: list[str] = field(default_factory=list)


def arguments(cls: type, seen: Sequence[str] = ()) -> Iterator[Argument]:
    """The arguments of a transform that can be given by controls."""
    fields = cls.InitSchema.model_fields  # type: ignore[attr-defined]
    for name, parameter in inspect.signature(cls).parameters.items():
        if name in ("p", "strict", *seen) or name not in fields:
            continue
        required = parameter.default is inspect.Parameter.empty
        found = _argument(cls.__name__, name, None if required else parameter.default, required,
                          [fields[name].annotation, *fields[name].metadata])  # fmt: skip
        if found is not None:
            yield found


def _argument(owner: str, name: str, default: Any, required: bool, parts: Sequence[Any]) -> Argument | None:
    ends = _Ends()
    for constraint in parts[1:]:
        _constrain(ends, constraint)
    kinds = list(_alternatives(parts[0], ends))
    optional, plain = NoneType in kinds, [k for k in kinds if k is not NoneType]
    literals = [k for k in plain if get_origin(k) is Literal]
    words = tuple(w for k in literals for w in get_args(k) if w is not None)
    if bool in plain:
        return Argument(name, (Knob("switch", bool(default)),))
    numbers = [k for k in plain if k in (int, float)]
    tuples = [get_args(k) for k in plain if get_origin(k) is tuple and {*get_args(k)} <= {int, float, ...}]
    if words and not numbers and not tuples:
        nothing = (None,) if optional or None in get_args(literals[0]) else ()
        return Argument(name, (Knob("choice", default, choices=nothing + words),))
    if not numbers and not tuples and "color" not in name:
        return None  # a path, a function, a mapping: nothing to drag
    ends.whole |= {t for k in tuples for t in k} - {...} <= {int} and {*numbers} <= {int}
    lows = BOUNDS.get(f"{owner}.{name}", BOUNDS.get(name, ()))
    start = START.get(f"{owner}.{name}", START.get(name))
    given, default = default is not None or not optional, default if start is None else start
    if lows:
        ends.whole = ends.whole or all(isinstance(b, int) for b in lows)
        ends.low, ends.high, ends.above, ends.below = lows[0], lows[1], False, False
    pairs = [k for k in tuples if len(k) == 2 and ... not in k]
    ranged = bool(pairs) and (float in pairs[0] or ends.ordered or bool(numbers) or name.endswith(("_range", "_limit")))
    longer = next((len(k) for k in tuples if len(k) > 2), 0)
    count = len(default) if isinstance(default, tuple) and not ranged else longer if longer and not numbers else 1
    if pairs and not ranged:
        count = 2
    count = 3 if "color" in name and default is None else count
    if name in ("size",):  # a picture's height and width, whatever its default
        ranged, count = False, 2
    step = lows[2] if len(lows) > 2 else None
    knobs = tuple(_knob(name, _part(default, i, count), ends, ranged, step) for i in range(count))
    return Argument(name, knobs, optional, given or f"{owner}.{name}" in GIVEN, words)


def _part(default: Any, i: int, count: int) -> Any:
    return default[i] if count > 1 and isinstance(default, tuple) else default


def _alternatives(annotation: Any, ends: _Ends) -> Iterator[Any]:
    """The types of a union, and what annotations say on the way."""
    if get_origin(annotation) is Annotated:
        inner, *constraints = get_args(annotation)
        for constraint in constraints:
            _constrain(ends, constraint)
        yield from _alternatives(inner, ends)
    elif get_origin(annotation) in (Union, UnionType):
        for each in get_args(annotation):
            yield from _alternatives(each, ends)
    else:
        yield annotation


def _constrain(ends: _Ends, constraint: Any) -> None:
    """Takes in one constraint: ge, gt, le, lt of pydantic, or one of the library's own validators."""
    for name in ("ge", "gt"):
        if (low := getattr(constraint, name, None)) is not None:
            ends.low, ends.above = low, name == "gt"
    for name in ("le", "lt"):
        if (high := getattr(constraint, name, None)) is not None:
            ends.high, ends.below = high, name == "lt"
    function = getattr(constraint, "func", None)
    name = getattr(function, "__name__", "")
    if name == "validator" and function is not None:  # check_range_bounds(min_val, max_val, …)
        known = inspect.getclosurevars(function).nonlocals
        ends.low, ends.high = known.get("min_val", ends.low), known.get("max_val", ends.high)
        ends.above, ends.below = not known.get("min_inclusive", True), not known.get("max_inclusive", True)
    elif name in ("process_non_negative_range", "convert_to_0plus_range"):
        ends.low = 0 if ends.low is None else ends.low
    elif name == "convert_to_1plus_range":
        ends.low = 1 if ends.low is None else ends.low
    ends.whole |= name == "float2int"
    ends.ordered |= name == "nondecreasing"


def _knob(name: str, default: Any, ends: _Ends, ranged: bool, step: Number | None) -> Knob:
    """A slider that reaches from end to end in steps that read well, and has the default on one of them."""
    values = [v for v in (default if isinstance(default, tuple) else (default,)) if isinstance(v, int | float)]
    reach = 3 * max((abs(v) for v in values), default=1) or 1
    low = ends.low if ends.low is not None else -reach if min(values, default=0) < 0 else 0
    high = ends.high if ends.high is not None else reach
    low, high = min(low, *values, low), max(high, *values, high)
    if step is None:
        step = 1 if ends.whole else _step(low, high, values)
    low, high = low + step * ends.above, high - step * ends.below
    if not isinstance(step, int):
        low, high = float(f"{low:.6g}"), float(f"{high:.4g}")
    middle = low + round((high - low) / 2 / step) * step
    snapped = [_snap(v, low, high, step) for v in values] or [_snap(middle, low, high, step)]
    if ranged:
        return Knob("range", (snapped[0], snapped[-1]), low, high, step)
    return Knob("number", snapped[0], low, high, step)


def _step(low: Number, high: Number, values: Sequence[Number]) -> float:
    """About a hundred stops, and finer ones where the default lies between them."""
    finest = 10.0 ** math.floor(math.log10((high - low) / 40))
    for step in (finest, finest / 2, finest / 4, finest / 10):
        if all(abs((v - low) / step - round((v - low) / step)) < 1e-6 for v in values):
            return float(f"{step:.6g}")
    return float(f"{finest:.6g}")


def _snap(value: Number, low: Number, high: Number, step: Number) -> Number:
    if isinstance(step, int):
        return int(min(max(low + round((value - low) / step) * step, low), high))
    return float(f"{min(max(low + round((value - low) / step) * step, low), high):.6g}")
