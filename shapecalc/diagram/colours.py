"""The colours of diagrams: light and dark, after Okabe and Ito.

Their palette ("Color Universal Design", 2008) is told apart by colour-blind readers. It draws the
borders, with its yellow darkened; fills are tints of it, or shades on dark ground, on which text
keeps a contrast of more than 4.5 to 1. What a box is, its text says too, so that nothing is lost
in grey.
"""

from __future__ import annotations

from typing import NamedTuple

GROUPS = {
    "convolution": "convolution",
    "linear": "linear",
    "embedding": "linear",
    "experts": "linear",
    "distance": "linear",
    "pooling": "pooling",
    "resampling": "pooling",
    "padding": "pooling",
    "normalisation": "pointwise",
    "activation": "pointwise",
    "dropout": "pointwise",
    "attention": "attention",
    "transformer": "attention",
    "recurrent": "recurrent",
    "joining": "joining",
    "reshaping": "reshaping",
}
"""The colour of a family of kinds; a family of the user's own has the colour ``other``."""

MEANINGS = {
    "convolution": "convolution",
    "linear": "linear, embedding, experts",
    "pooling": "pooling, resampling, padding",
    "pointwise": "activation, normalisation, dropout",
    "attention": "attention, transformer",
    "recurrent": "recurrent",
    "joining": "join",
    "reshaping": "reshaping",
    "other": "other",
}
"""What a colour stands for, in the order of a legend."""

BORDERS = {
    "convolution": "#0072b2",
    "linear": "#009e73",
    "pooling": "#e69f00",
    "pointwise": "#9c9300",
    "attention": "#cc79a7",
    "recurrent": "#d55e00",
    "joining": "#5a5a5a",
    "reshaping": "#a6a6a6",
    "other": "#7f7f7f",
}


class Theme(NamedTuple):
    """The colours of a ground: text, edges, frames by how deep they are nested, and fills."""

    ground: str
    text: str
    edge: str
    border: str
    frames: tuple[str, str]
    fills: dict[str, str]
    plain: str
    scale: tuple[str, ...]


THEMES = {
    "light": Theme(
        ground="#ffffff",
        text="#1a1a1a",
        edge="#5c5c5c",
        border="#8c8c8c",
        frames=("#f5f6f8", "#e9ecf0"),
        fills={
            "convolution": "#c4e3f6",
            "linear": "#b9e6d8",
            "pooling": "#f9d384",
            "pointwise": "#fbf8c8",
            "attention": "#ecc4da",
            "recurrent": "#f6cbaf",
            "joining": "#d4d4d4",
            "reshaping": "#f2f2f2",
            "other": "#ffffff",
        },
        plain="#ffffff",
        scale=("#f7fbff", "#d3e4f3", "#9ecae1", "#5ba3d0", "#2171b5", "#08306b"),
    ),
    "dark": Theme(
        ground="#161a1f",
        text="#eef1f4",
        edge="#a3adb8",
        border="#6e7781",
        frames=("#1f252c", "#29313a"),
        fills={
            "convolution": "#14435f",
            "linear": "#0c4b39",
            "pooling": "#6b4c05",
            "pointwise": "#3d3b10",
            "attention": "#713a5b",
            "recurrent": "#672f08",
            "joining": "#434a53",
            "reshaping": "#2c333b",
            "other": "#161a1f",
        },
        plain="#161a1f",
        scale=("#1a222c", "#14344f", "#175180", "#4391c8", "#86bfe6", "#d9ecfa"),
    ),
}

DARK_TEXT, LIGHT_TEXT = "#1a1a1a", "#ffffff"


def shade(theme: Theme, share: float) -> tuple[str, str]:
    """The fill for a share of the largest value, from 0 to 1, and the colour of text on it.

    >>> shade(THEMES["light"], 1)
    ('#08306b', '#ffffff')
    """
    fill = theme.scale[min(int(share * len(theme.scale)), len(theme.scale) - 1)]
    return fill, max((DARK_TEXT, LIGHT_TEXT), key=lambda text: contrast(fill, text))


def contrast(one: str, other: str) -> float:
    """How much two colours differ in lightness, from 1 to 21 (WCAG 2.1, "contrast ratio").

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
