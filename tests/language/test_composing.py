"""YAML and JSON text into values: YAML 1.2's core rules, exact numbers, places and limits."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.language import composing, text
from shapecalc.language.composing import Node, compose
from shapecalc.language.problem import Source, SpecError
from shapecalc.language.text import decode, shown


def read(source: str) -> Node:
    return compose(Source("spec.yaml", source))


def plain(node: Node):
    """The values alone."""
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    if isinstance(node.value, dict):
        return {name: plain(pair.value) for name, pair in node.value.items()}
    return node.value


def refused(source: str | bytes):
    """Line, column and words of the error in a text."""
    with pytest.raises(SpecError) as caught:
        compose(decode(source if isinstance(source, bytes) else source.encode(), "spec.yaml"))
    (problem,) = caught.value.problems
    return problem.mark.line, problem.mark.column, "\n".join([problem.message, *problem.notes])


# -- scalars ------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "y", "n", "On", "NO", "nul", "TrUe"])
def test_words_of_yaml_1_1_are_words(word):
    assert plain(read(word)) == word


@pytest.mark.parametrize("word", ["12:30:45", "190:20", "2015-07-05", "1_000", "0b11", "0x", "1e"])
def test_numbers_of_yaml_1_1_are_words(word):
    assert plain(read(word)) == word


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("+12", 12),
        ("-12", -12),
        ("012", 12),
        ("0o17", 15),
        ("0x1f", 31),
        ("0xFF", 255),
        ("1e3", 1000),
        ("1E+3", 1000),
        ("1.5e1", 15),
        ("1e-1", Fraction(1, 10)),
        ("0.75", Fraction(3, 4)),
        (".5", Fraction(1, 2)),
        ("5.", 5),
        ("-0.1", Fraction(-1, 10)),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
    ],
)
def test_scalars_follow_yaml_1_2(written, value):
    found = plain(read(f"key: {written}"))["key"]
    assert found == value
    assert isinstance(found, type(value))
    assert isinstance(found, bool) == isinstance(value, bool)


def test_not_a_number_is_one_scalar():
    assert plain(read(".nan")) != plain(read(".nan"))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_decimals_are_read_exactly(number):
    assert plain(read(f"- {number:f}")) == [Fraction(number)]


@pytest.mark.parametrize("written", ["'12'", '"12"', "!!str 12"])
def test_a_number_in_quotes_is_a_word(written):
    assert plain(read(f"- {written}")) == ["12"]


def test_a_core_tag_says_the_type_of_what_is_quoted():
    assert plain(read("[!!int '12', !!float '0.5', !!bool 'true', !!null '']")) == [
        12,
        Fraction(1, 2),
        True,
        None,
    ]
    assert plain(read("!!map {a: !!seq [1]}")) == {"a": [1]}


def test_keys_are_words():
    assert list(plain(read("{1: a, true: b, null: c, 'on': d}"))) == ["1", "true", "null", "on"]


# -- JSON ---------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(json_values, st.sampled_from([None, 2, "\t"]))
def test_json_is_yaml(value, indent):
    assert plain(read(json.dumps(value, indent=indent))) == value


def test_json_writes_characters_beyond_ffff_as_two_escapes():
    assert plain(read(r'{"a": "\ud83d\ude00 \/ \u00e9"}')) == {"a": "\N{GRINNING FACE} / é"}
    assert plain(read(r'["\\ud83d\\ude00"]')) == [r"\ud83d\ude00"]


@pytest.mark.parametrize("half", [r'"\ud83d"', r'"\ude00"', r'"\ud83d x"'])
def test_half_a_character_is_refused(half):
    line, _, message = refused(f"name: x\nabout: {half}")
    assert line == 2
    assert "not YAML" in message


def test_tabs_may_stand_between_the_values_of_json():
    assert plain(read('{\n\t"a":\t[1,\t2]\n}')) == {"a": [1, 2]}


# -- bytes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_unicode_encoding_with_a_mark_is_read(encoding):
    assert plain(compose(decode("name: café".encode(encoding), "x"))) == {"name": "café"}


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_all_ends_of_lines_count(newline):
    source = Source("x", newline.join(["a: 1", "b: 2"]))
    node = compose(source)
    assert node.value["b"].key.mark[:2] == (2, 1)
    assert source.line(2) == "b: 2"


@pytest.mark.parametrize(
    ("data", "place", "phrase"),
    [
        (b"name: x\nabout: \xff\xfa", (2, 8), "byte 0xff is not utf-8"),
        ("é: ".encode() + b"\xc3", (1, 4), "byte 0xc3 is not utf-8"),
        (b"\xff\xfea", (1, 1), "not a text file"),
        (b"\xff\xfe\x00\xd8a\x00", (1, 1), "not a text file"),
        (b"a: b\nc: \x07", (2, 4), r"character '\x07'"),
        ("éé: \0".encode(), (1, 5), r"character '\x00'"),
        ("a: \N{GRINNING FACE}\x7f".encode(), (1, 5), r"character '\x7f'"),
        (b"\x89PNG\r\n\x1a\n", (1, 1), "byte 0x89"),
    ],
)
def test_bytes_that_are_no_text_are_refused_in_their_place(data, place, phrase):
    line, column, message = refused(data)
    assert (line, column) == place
    assert phrase in message


def test_half_a_character_in_a_string_is_refused():
    with pytest.raises(SpecError, match=r"character '\\ud800'"):
        read("a: \ud800")


def test_a_file_too_large_is_not_read():
    assert "at most 16,000,000" in refused(b" " * (text.LARGEST_FILE + 1))[2]


# -- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "place", "phrase"),
    [
        ("", (1, 1), "the file is empty"),
        ("# a comment\n", (2, 1), "the file is empty"),
        ("a: 1\nb: 2\na: 3", (3, 1), "key 'a' stands here again\nit stands first in line 1"),
        ('{"a": 1, "a": 2}', (1, 10), "stands here again"),
        ("a: 1\n---\nb: 2", (2, 1), "a second document"),
        ("a: 1\n...\n---\nb", (3, 1), "a second document"),
        ("a: !thing 1", (1, 4), "tags are not used in specs, but here is '!thing'"),
        ("!!python/object:os.system {a: 1}", (1, 1), "tags are not used"),
        ("a: !!python/name:os.system ''", (1, 4), "tags are not used"),
        ("a: !!set {b}", (1, 4), "tags are not used"),
        ("!thing a: 1", (1, 1), "tags are not used"),
        ("!!binary aGk=: 1", (1, 1), "tags are not used"),
        ("a: *b", (1, 4), "alias *b has no anchor &b before it"),
        ("a: &b [1, *b]", (1, 11), "alias *b stands inside what it stands for"),
        ("a: &b {c: {d: *b}}", (1, 15), "alias *b stands inside what it stands for"),
        ("? [a, b]\n: 1", (1, 3), "a key must be a word"),
        ("{{a: b}: c}", (1, 2), "a key must be a word"),
        ("a: &b c\n*b : d", (2, 1), "a key must be a word"),
        ("a: [1, 2", (1, 4), "'[' is never closed"),
        ("a: [1, 2\nb: 3", (2, 2), "the '[' of line 1 is still open here\nclose it with ']'"),
        ("a: {b: 1\n\n", (1, 4), "'{' is never closed"),
        ("a: {b: 1 c: 2}", (1, 11), "expected ',' or '}'"),
        ("a: [1,,2]", (1, 7), "expected a value"),
        ("a: b: c", (1, 5), "':' is not expected here\none is missing before it"),
        ("a [1]\nb: 2", (2, 2), "':' is not expected here\none is missing before it"),
        ("a:\n- b\nc\nd: 1", (3, 1), "a line without ':' or '- '"),
        ("a:\n  - b\n - c", (3, 2), "the entries of a list begin in one column"),
        ("a:\n  - b: 1\n   c: 2", (3, 4), "expected '- ' in the column of the list's entries"),
        ("a: - b", (1, 4), "a list cannot begin here"),
        ("a:\n\t- b", (2, 1), "a tab cannot indent\nindent with spaces"),
        ("a: >\n b\n\tc", (3, 1), "a tab cannot indent"),
        ("a: 'b", (1, 4), "a quotation mark that is never closed"),
        ("a: 'b\nc: d", (1, 4), "a quotation mark that is never closed"),
        ("%YAML 3.0\n---\na", (1, 1), "not YAML"),
        ("a: " + "9" * 101, (1, 4), "a number of more than 100 digits"),
        ("a: 1e1001", (1, 4), "a number too large or too small"),
        ("a: 1e-999999999999", (1, 4), "a number too large or too small"),
        ("a: 1." + "0" * 100, (1, 4), "a number too large or too small"),
        ("[" * 100_000, (1, 65), "values nest deeper than 64 levels"),
        ("{a: " * 1000, (1, 64 * 4 + 1), "values nest deeper than 64 levels"),
        ("- " * 70 + "x", (1, 64 * 2 + 1), "values nest deeper than 64 levels"),
    ],
)
def test_what_is_no_spec_is_refused_in_its_place(source, place, phrase):
    line, column, message = refused(source)
    assert phrase in message
    assert (line, column) == place


def test_nesting_is_counted_on_the_way_down_only():
    assert plain(read("[" * 64 + "]" * 64))
    assert plain(read("[" + ", ".join(["[[]]"] * 100) + "]"))


# -- anchors ------------------------------------------------------------------------------------


def test_an_alias_stands_for_what_its_anchor_names():
    found = plain(read("a: &x {b: [1]}\nc: *x\nd: [&y 2, *y, *x]"))
    assert found == {"a": {"b": [1]}, "c": {"b": [1]}, "d": [2, 2, {"b": [1]}]}


def test_an_anchor_may_be_set_again():
    assert plain(read("[&x 1, *x, &x 2, *x]")) == [1, 1, 2, 2]


def test_an_anchor_may_stand_on_a_key():
    assert plain(read("&x a: 1\nb: *x")) == {"a": 1, "b": "a"}


def test_a_merge_key_is_refused_as_yaml_1_2_has_none():
    line, column, message = refused("a: &x {b: 1}\nc: {<<: *x}")
    assert (line, column) == (2, 5)
    assert "keys are not merged with '<<'" in message


def test_an_alias_bomb_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    line, _, message = refused("\n".join(lines))
    assert "more than 2,000,000 values, aliases written out" in message
    assert line == 7


# -- places -------------------------------------------------------------------------------------


def test_every_value_knows_its_place():
    root = read("a: 12\nlist:\n  - word\n  - {key: 'quoted'}\n")
    assert root.value["a"].value.mark == (1, 4, 2)
    assert root.value["list"].key.mark == (2, 1, 4)
    word, mapping = root.value["list"].value.value
    assert word.mark == (3, 5, 4)
    assert mapping.mark == (4, 5, 1)
    assert mapping.value["key"].value.mark == (4, 11, 8)


@given(st.lists(st.text("aé漢\N{GRINNING FACE}", min_size=1, max_size=5), min_size=1, max_size=5))
def test_columns_count_characters(words):
    source = "[" + ", ".join(words) + "]"
    for node, word in zip(read(source).value, words, strict=True):
        line, column, length = node.mark
        assert (line, source[column - 1 : column - 1 + length]) == (1, word)


def test_values_are_shown_as_they_are_written():
    values = [None, True, 3, Fraction(3, 4), "word", ["x", (1, None)]]
    assert shown(values) == "[null, true, 3, 3/4, 'word', ['x', [1, null]]]"
    assert len(shown("x" * 1000)) == 60


@pytest.mark.parametrize(
    ("written", "noun"),
    [("{}", "a mapping"), ("[]", "a list"), ("", "nothing"), ("3/4", "'3/4'"), ("12", "12")],
)
def test_nodes_are_named_in_messages(written, noun):
    assert read(f"- {written}").value[0].noun == noun


def test_a_word_that_comes_many_times_is_resolved_once(monkeypatch):
    asked = []
    resolve = composing._Composer.resolve

    def noted(self, event, text):
        asked.append(text)
        return resolve(self, event, text)

    monkeypatch.setattr(composing._Composer, "resolve", noted)
    found = read("\n".join(["- {size: 3, bias: true}", "- {size: 3, bias: '3'}"] * 50))
    assert plain(found) == [{"size": 3, "bias": True}, {"size": 3, "bias": "3"}] * 50
    assert asked == ["size", "3", "bias"]
