"""The same transform in the words of torchvision.transforms.v2, where it has one.

Compared with torchvision 0.29 on a test card: some are the same but for rounding, some only nearly; then it is said.
Pictures there are tensors with the channels first, bytes or floats in 0..1.
"""

from collections.abc import Callable, Mapping
from typing import Any

Given = Mapping[str, Any]

# Marks a text for translation here; it is translated where it is shown, in the language of that moment.
_ = str

SAME = _("The same, up to rounding.")
FILL = _("torchvision fills what is new with one colour, whatever the border mode here.")
FIXED = _("torchvision takes one number where a range stands here: its middle is given.")
OTHER = _("The numbers are not quite the same: it is close, and not equal.")


def _ends(value: Any) -> tuple[Any, Any]:
    return (value[0], value[1]) if isinstance(value, tuple) else (value, value)


def _middle(value: Any) -> Any:
    low, high = _ends(value)
    return round((low + high) / 2, 4)


def _reach(value: Any) -> float:
    return float(max(map(abs, _ends(value)))) if value is not None else 0.0


def _affine(a: Given) -> str:
    low, high = _ends(a["rotate"])
    shift = _reach(a.get("translate_percent"))
    parts = [f"degrees={(-high, -low)!r}"]  # there it turns clockwise
    parts += [f"translate=({shift:g}, {shift:g})"] if shift else []
    parts += [f"scale={_ends(a['scale'])!r}", f"shear={_ends(a['shear']) * 2!r}"]  # along x, and along y
    return f"v2.RandomAffine({', '.join(parts)})"


def _blur(a: Given) -> str:
    size = max(3, int(_ends(a["blur_limit"])[1]) // 2 * 2 + 1)
    low, high = _ends(a["sigma_limit"])
    return f"v2.GaussianBlur(kernel_size={size}, sigma=({max(low, 0.1):g}, {max(high, 0.1):g}))"


def _brightness(a: Given) -> str:
    ends = {n: tuple(round(1 + v, 4) for v in _ends(a[f"{n}_limit"])) for n in ("brightness", "contrast")}
    return f"v2.ColorJitter(brightness={ends['brightness']!r}, contrast={ends['contrast']!r})"


def _jitter(a: Given) -> str:
    return f"v2.ColorJitter({', '.join(f'{n}={a[n]!r}' for n in ('brightness', 'contrast', 'saturation', 'hue'))})"


def _crop(a: Given) -> str:
    return f"({a['height']}, {a['width']})"


# name -> how it is called there, and in what it differs
EQUIVALENTS: dict[str, tuple[Callable[[Given], str], str]] = {
    "HorizontalFlip": (lambda a: "v2.RandomHorizontalFlip(p=1.0)", SAME),
    "VerticalFlip": (lambda a: "v2.RandomVerticalFlip(p=1.0)", SAME),
    "Rotate": (lambda a: f"v2.RandomRotation(degrees={_ends(a['limit'])!r}, "
                         "interpolation=v2.InterpolationMode.BILINEAR)", FILL),
    "Affine": (_affine, OTHER),
    "Perspective": (lambda a: f"v2.RandomPerspective(distortion_scale={min(1.0, 2 * _reach(a['scale'])):g}, p=1.0)",
                    OTHER),
    "ElasticTransform": (lambda a: f"v2.ElasticTransform(alpha={float(a['alpha'])!r}, sigma={float(a['sigma'])!r})",
                         OTHER),
    "RandomCrop": (lambda a: f"v2.RandomCrop({_crop(a)})", SAME),
    "CenterCrop": (lambda a: f"v2.CenterCrop({_crop(a)})", SAME),
    "Resize": (lambda a: f"v2.Resize({_crop(a)}, antialias=False)", SAME),
    "RandomResizedCrop": (lambda a: f"v2.RandomResizedCrop({tuple(a['size'])!r}, scale={a['scale']!r}, "
                                    f"ratio={a['ratio']!r}, antialias=False)", SAME),
    "ColorJitter": (_jitter, SAME),
    "RandomBrightnessContrast": (_brightness, OTHER),
    "ToGray": (lambda a: "v2.Grayscale(num_output_channels=3)", SAME),
    "InvertImg": (lambda a: "v2.RandomInvert(p=1.0)", SAME),
    "Solarize": (lambda a: f"v2.RandomSolarize(threshold={round(255 * _middle(a['threshold_range']), 1)}, p=1.0)",
                 FIXED),
    "Posterize": (lambda a: f"v2.RandomPosterize(bits={round(_middle(a['num_bits']))}, p=1.0)", FIXED),
    "Equalize": (lambda a: "v2.RandomEqualize(p=1.0)", OTHER),
    "AutoContrast": (lambda a: "v2.RandomAutocontrast(p=1.0)", OTHER),
    "ChannelShuffle": (lambda a: "v2.RandomChannelPermutation()", SAME),
    "GaussianBlur": (_blur, SAME),
    "GaussNoise": (lambda a: f"v2.GaussianNoise(mean=0.0, sigma={_middle(a['std_range'])!r})", FIXED),
    "ImageCompression": (lambda a: f"v2.JPEG(quality={_ends(a['quality_range'])!r})", SAME),
    "Erasing": (lambda a: f"v2.RandomErasing(p=1.0, scale={a['scale']!r}, ratio={a['ratio']!r})", SAME),
    "Normalize": (lambda a: f"v2.Normalize(mean={list(a['mean'])!r}, std={list(a['std'])!r})", SAME),
}  # fmt: skip


def torchvision(name: str, given: Given) -> tuple[str, str] | None:
    """The call there with these arguments, and in what it differs; None where there is none."""
    if name not in EQUIVALENTS:
        return None
    spelt, differs = EQUIVALENTS[name]
    return spelt(given), differs
