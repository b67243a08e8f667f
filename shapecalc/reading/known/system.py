"""Modules by name, words of the language, texts of data, and the machine, any Linux one."""

from __future__ import annotations

import json
import keyword
import string
from typing import Any
from urllib.parse import urlparse

from shapecalc.reading.evaluator.scopes import module_named
from shapecalc.reading.evaluator.values import Method, Quiet
from shapecalc.reading.known.base import NAMES
from shapecalc.reading.known.frameworks import attribute_dict

KNOWN = NAMES.part(__name__)
known = KNOWN.function


@known("importlib.util.find_spec")
def _find_spec(rt: Any, name: str, package: Any = None) -> Any:
    """Whether a package is there: one that is known here, or can be read."""
    found = rt.known_module(name)
    return rt.find(name, None) if found is None else found


known("importlib.metadata.version", "importlib_metadata.version")(lambda rt, name: "2.0.0")


@known("importlib.import_module")
def _import_module(rt: Any, name: Any, package: Any = None) -> Any:
    if isinstance(name, str) and name.startswith(".") and rt.frame is not None:
        rest = name.lstrip(".")
        if isinstance(package, str):
            above = package.split(".")[: 1 - (len(name) - len(rest)) or None]
            return module_named(rt, ".".join([*above, rest]))
        return rt.origin(rest, len(name) - len(rest), rt.frame.module)
    return module_named(rt, name)


known("keyword.iskeyword")(lambda rt, word: isinstance(word, str) and keyword.iskeyword(word))

KNOWN["keyword.kwlist"] = list(keyword.kwlist)

for _name in ("ascii_letters", "ascii_lowercase", "ascii_uppercase", "digits", "punctuation"):
    KNOWN[f"string.{_name}"] = getattr(string, _name)

KNOWN["string.printable"] = string.printable


known("types.MethodType")(lambda rt, function, owner: Method(function, owner))


@known("json.loads")
def _loads(rt: Any, text: Any, **kwargs: Any) -> Any:
    if not isinstance(text, str):
        raise rt.error("TypeError", "the JSON object must be str")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise rt.error("ValueError", str(wrong)) from None


@known("json.dumps")
def _dumps(rt: Any, value: Any, *, indent: Any = None, sort_keys: Any = False) -> Any:
    if not (indent is None or (isinstance(indent, int) and 0 <= indent <= 16)):
        raise rt.cannot("json.dumps is read with an indent of up to 16")
    encoder = json.JSONEncoder(indent=indent, sort_keys=rt.truth(sort_keys))
    found = []
    try:
        for part in encoder.iterencode(value):
            rt.step(1 + len(part) // 4)  # what holds a text twice writes it twice
            found.append(part)
    except (TypeError, ValueError, RecursionError) as wrong:
        raise rt.error(type(wrong).__name__, str(wrong)) from None
    return "".join(found)


@known("yaml.safe_load", "yaml.full_load", "yaml.load")
def _load_yaml(rt: Any, text: Any, *args: Any, **kwargs: Any) -> Any:
    import yaml

    if not isinstance(text, str):
        raise rt.cannot("only YAML that is a text in the source is read")
    rt.step(len(text))
    try:
        found = yaml.safe_load(text)
        for part in json.JSONEncoder().iterencode(found):  # which refuses dates and the like
            rt.step(1 + len(part) // 4)
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as wrong:
        raise rt.error("ValueError", str(wrong).splitlines()[0]) from None
    return found


def always(value: Any) -> Any:
    """A function without arguments that gives a value."""
    return lambda rt: value


for _name in ("format_exc", "format_exception", "format_stack", "extract_stack"):
    known(f"traceback.{_name}")(lambda rt, *args, **kwargs: "")

KNOWN["traceback.print_exc"] = Quiet("print_exc")

for _name, _value in {
    "platform.system": "Linux",
    "platform.machine": "x86_64",
    "platform.python_version": "3.11.0",
}.items():
    known(_name)(always(_value))

known("urllib.parse.quote", "urllib.parse.quote_plus")(lambda rt, text, **kwargs: text)

known("urllib.parse.urlparse")(
    lambda rt, url, *args, **kwargs: attribute_dict(urlparse(str(url))._asdict())
)

known("urllib.parse.urljoin")(lambda rt, base, url, **kwargs: f"{base}{url}")

KNOWN["sys.platform"] = "linux"

KNOWN["os.name"] = "posix"
