"""The bundled specs, for tests that try each of them.

Those that are deep or wide are tried with ``--thorough`` alone, as CI runs the tests: each costs
seconds in such a test, and has hardly a construct that the others lack.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from shapecalc.bundled import folder

LARGE = {
    *("bert", "convnext", "densenet", "efficientnet", "efficientnet_v2", "googlenet"),
    *(
        "googlenet_bn",
        "googlenet_cifar",
        "gpt2",
        "inception_v3",
        "llama",
        "maxvit",
        "mixtral",
        "mnasnet",
    ),
    *("mobilenet_v2", "mobilenet_v3", "regnet", "resnet", "resnet18_d2l", "shufflenet_v2"),
    *("squeezenet", "swin", "swin_v2", "unet", "unet3d", "vgg", "vgg16", "vit", "yolov3"),
}

NAMES = sorted(path.stem for path in folder().glob("*.yaml"))
SMALL = [name for name in NAMES if name not in LARGE]


def thorough(cases: Iterable[Any]) -> list[Any]:
    """Cases of a test that are tried with ``--thorough`` alone."""
    return [pytest.param(case, marks=pytest.mark.thorough) for case in cases]


def small_first(names: Iterable[str]) -> list[Any]:
    """Names of bundled specs, of which the large ones are tried with ``--thorough`` alone."""
    names = list(names)
    return [
        *(name for name in names if name not in LARGE),
        *thorough(name for name in names if name in LARGE),
    ]


SPECS = small_first(NAMES)
