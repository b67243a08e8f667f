"""Forward alone: variables, and statements that are made shorter afterwards."""

from __future__ import annotations

from shapecalc.emitting.classes.forward import (
    Forward,
    assigned,
    parts_together,
    returned,
    without_alias,
)
from shapecalc.emitting.printer import body
from shapecalc.emitting.syntax import Assign, For, If, is_there, read
from shapecalc.language.expression import Name


def assign(target: str, value: str) -> Assign:
    return Assign(read(target), read(value))


def lines(statements: list) -> list[str]:
    return body(statements, 0)


def test_variables_hide_nothing():
    forward = Forward(["x"])
    assert [forward.variable(name) for name in ("x", "range", "low", "low")] == [
        "x_",
        "range_",
        "low",
        "low_",
    ]


def test_a_variable_is_not_assigned_to_itself():
    forward = Forward(["x"])
    forward.assign("x", read("x"))
    forward.assign("y", read("x"))
    assert lines(forward.body) == ["y = x"]


def test_statements_can_be_collected_apart():
    forward = Forward(["x"])
    with forward.apart() as inside:
        forward.assign("x", read("self.relu(x)"))
    assert forward.body == []
    assert lines(inside) == ["x = self.relu(x)"]


def test_names_of_an_inner_list_are_its_own():
    forward = Forward(["x"])
    forward.variables["a"] = "a"
    with forward.inner():
        forward.variables["a"] = forward.variables["b"] = "a_"
        assert forward.variables["a"] == "a_"
    assert dict(forward.variables) == {"a": "a"}


def test_a_second_name_for_the_input_goes_where_the_first_lasts():
    kept = [assign("identity", "x"), assign("y", "self.conv(x)"), assign("y", "y + identity")]
    assert lines(without_alias(kept, "identity", "x")) == ["y = self.conv(x)", "y = y + x"]
    overwritten = [
        assign("identity", "x"),
        assign("x", "self.conv(x)"),
        assign("x", "x + identity"),
    ]
    assert without_alias(overwritten, "identity", "x") == overwritten


def test_what_is_typed_is_returned_at_once():
    cat = [assign("x", "torch.cat((x, y))")]
    assert lines(returned(cat, Name("x", 0), ["x"])) == ["return torch.cat((x, y))"]


def test_a_variable_that_is_returned_says_what_it_is():
    found = returned([assign("y", "self.conv(x)")], Name("y", 0), ["x"])
    assert lines(found) == ["y: Tensor = self.conv(x)", "return y"]


def test_parts_of_one_call_are_taken_together():
    taken = [assign("a", "x.chunk(2)[0]"), assign("b", "x.chunk(2)[1]")]
    assert lines(parts_together(taken)) == ["a, b = x.chunk(2)"]


def test_parts_are_taken_apart_where_the_call_has_changed_between_them():
    taken = [assign("a", "x.chunk(2)[0]"), assign("x", "f(x)"), assign("b", "x.chunk(2)[1]")]
    assert parts_together(taken) == taken


def test_all_that_a_statement_assigns_to_is_known():
    loop = For(read("each"), read("self.stages"), (assign("x", "each(x)"), assign("y, z", "f(x)")))
    assert assigned(If(is_there(read("self.a")), (loop,), (assign("w", "x"),))) == {*"wxyz", "each"}
