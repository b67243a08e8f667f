"""The printer lays trees out as ruff does, and never breaks a text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc.emitting import printer, syntax
from shapecalc.emitting.syntax import Assign, Function, If, Return
from shapecalc.language.expression import Binary, Comparison, Conditional, Number, Unary
from tests.emitting.emitted import ruff

names = st.sampled_from(
    ["x", "n", "stride", "in_channels", "expansion", "self.features", "a_rather_long_name"]
).map(syntax.name)
numbers = st.integers(0, 999).map(syntax.literal)


def arithmetic(inner):
    operators = st.sampled_from(["+", "-", "*", "//", "%"])
    largest = st.builds(lambda a, b: syntax.call("max", a, b), inner, inner)
    return (
        st.builds(Binary, operators, inner, inner) | st.builds(Unary, st.just("-"), inner) | largest
    )


sizes = st.recursive(names | numbers, arithmetic, max_leaves=6)
comparisons = st.builds(
    lambda a, operator, b: Comparison(a, ((operator, b),)),
    names | numbers,
    st.sampled_from(["==", "!=", "<", "is not"]),
    names | numbers,
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.builds(Binary, st.sampled_from(["and", "or"]), inner, inner),
    max_leaves=4,
)


def expressions(inner):
    called = st.sampled_from(["nn.Conv2d", "nn.Sequential", "OrderedDict", "BasicBlock"])
    named = st.dictionaries(st.sampled_from(["kernel_size", "conv1", "bias"]), inner, max_size=3)
    calls = st.builds(
        lambda f, a, k: syntax.call(f, *a, **k), called, st.lists(inner, max_size=3), named
    )
    methods = st.lists(st.sampled_from(["permute", "reshape", "flatten"]), min_size=1, max_size=4)

    def chain(start, links, argument):
        for link in links:
            start = syntax.call(syntax.Attribute(start, link), argument)
        return start

    return (
        calls
        | st.builds(Conditional, conditions, inner, inner)
        | st.builds(chain, names, methods, sizes)
        | st.builds(
            lambda items: syntax.Sequence(tuple(items)), st.lists(inner, min_size=1, max_size=3)
        )
    )


trees = st.recursive(sizes, expressions, max_leaves=12)
statements = st.builds(Assign, names, trees) | st.builds(
    lambda test, value: If(test, (Assign(syntax.name("x"), value),)), conditions, trees
)


def laid_out(*body):
    return "\n".join(printer.definition(Function("f", (), syntax.NONE, tuple(body)))) + "\n"


def test_statements_are_laid_out_as_ruff_does():
    sources: list[str] = []

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(st.lists(statements | st.builds(Return, trees), min_size=1, max_size=3))
    def lay_out(body):
        sources.append(laid_out(*body))

    lay_out()
    formatted = ruff("format", source="\n\n".join(sources))
    assert formatted.returncode == 0, formatted.stderr
    wanted = formatted.stdout.split("\n\n\n")
    assert [source.rstrip("\n") for source in sources] == [each.rstrip("\n") for each in wanted]


def test_a_long_condition_stands_in_brackets():
    test = syntax.read(
        "first_rather_long_name + 2 * second_rather_long_name != third_long_name + 4"
    )
    both = Binary("and", test, test)
    assert laid_out(If(both, (Return(syntax.NONE),))).splitlines()[1:3] == [
        "    if (",
        "        first_rather_long_name + 2 * second_rather_long_name != third_long_name + 4",
    ]


def test_a_call_that_is_compared_is_broken_within_brackets_around_both():
    call = syntax.read(
        "min(first_long_name, second_long_name, third_long_name, one_more_longer_name)"
    )
    test = Comparison(call, (("<", Number(1)),))
    source = laid_out(If(test, (Return(syntax.NONE),)))
    assert ruff("format", source=source).stdout == source
    assert source.splitlines()[1] == "    if ("


def test_a_text_is_never_broken():
    text = "a text of many words that is far too long for one line, (with, brackets) and x = y" * 2
    source = laid_out(Assign(syntax.name("x"), syntax.call("f", syntax.Text(text))))
    assert f'"{text}"' in source


def test_a_chain_of_methods_is_broken_before_its_dots():
    call = "image.reshape(batch, heads, length, features).transpose(1, 2).flatten(2).contiguous()"
    assert laid_out(Assign(syntax.name("attended"), syntax.read(call))) == (
        "def f() -> None:\n"
        "    attended = (\n"
        "        image.reshape(batch, heads, length, features)\n"
        "        .transpose(1, 2)\n"
        "        .flatten(2)\n"
        "        .contiguous()\n"
        "    )\n"
    )
