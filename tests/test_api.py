"""What Python is offered: the functions of the command line, lazily, and what notebooks show."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import shapecalc
from shapecalc import api
from shapecalc.cli import main

FUNCTIONS = ("check", "diff", "emit", "explain", "render", "solve")


def printed(*arguments: str) -> str:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_offered_with_its_signature_and_an_example(name: str) -> None:
    assert name in shapecalc.__all__
    function = getattr(api, name)
    assert inspect.signature(getattr(shapecalc, name)) == inspect.signature(function)
    assert ">>>" in inspect.getdoc(function)


@pytest.mark.parametrize("name", shapecalc.__all__)
def test_all_that_is_listed_is_there(name: str) -> None:
    assert name in dir(shapecalc)
    assert getattr(shapecalc, name) is not None


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'shapecalc' has no attribute 'explains'"):
        _ = shapecalc.explains


def test_importing_imports_no_reader() -> None:
    code = "import sys, shapecalc; print(*[m for m in sys.modules if m.startswith('shapecalc.')])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    readers = (
        "api",
        "solve",
        "diff",
        "explain",
        "emit",
        "diagram",
        "verify",
        "lint",
        "cli",
        "table",
    )
    assert "shapecalc.network" in loaded.split()
    assert not [m for m in loaded.split() if m.split(".")[1] in readers]


def test_a_function_is_one_in_whatever_order_things_are_imported() -> None:
    rooms = {
        "diff": "comparing.comparison",
        "emit": "emitting.module",
        "explain": "explaining.write",
        "solve": "solving.network",
    }
    for name, room in rooms.items():
        for first in (
            f"import shapecalc.{room}",
            f"from shapecalc import {name}",
            "import shapecalc",
        ):
            code = f"{first}; import shapecalc; assert callable(shapecalc.{name}), {name!r}"
            subprocess.run([sys.executable, "-c", code], check=True)


def test_the_functions_say_what_the_commands_print(tmp_path: Path) -> None:
    net = shapecalc.load("lenet5")
    assert shapecalc.explain(net, "conv1") + "\n" == printed("explain", "lenet5", "conv1")
    assert shapecalc.explain(net) + "\n" == printed("explain", "lenet5")
    assert shapecalc.explain(net, "conv2", form="markdown") + "\n" == printed(
        "explain", "lenet5", "conv2", "--format", "markdown"
    )
    assert shapecalc.emit(net) == printed("emit", "lenet5", "--torch")
    assert shapecalc.emit(net, style="sequential") == printed(
        "emit", "lenet5", "--torch", "--style", "sequential"
    )
    assert str(shapecalc.diff(net, "lenet5_mnist")) + "\n" == printed(
        "diff", "lenet5", "lenet5_mnist"
    )
    answer = shapecalc.solve(net, "H", {"W": 40}, at="conv2", output=(16, 10, 14))
    asked = ["--set", "W=40", "--at", "conv2", "--output", "16x10x14"]
    assert str(answer) + "\n" == printed("solve", "lenet5", "--for", "H", *asked)
    for ending in (".dot", ".html"):
        one, other = tmp_path / f"one{ending}", tmp_path / f"other{ending}"
        assert shapecalc.render(net, one, {"H": 40}) == one
        printed("render", "lenet5", "-o", str(other), "--set", "H=40")
        assert one.read_bytes() == other.read_bytes()


def test_a_written_module_is_the_text_that_is_given(tmp_path: Path) -> None:
    source = shapecalc.emit("lenet5", tmp_path / "net.py", {"H": 40})
    assert (tmp_path / "net.py").read_text() == source


def test_questions_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    from shapecalc.solving.network import QuestionError

    with pytest.raises(QuestionError, match="go together"):
        shapecalc.solve("lenet5", "H", at="conv1")
    with pytest.raises(ValueError, match="is no amount"):
        shapecalc.solve("lenet5", "H", params="many")
    with pytest.raises(ValueError, match="ends in none of"):
        shapecalc.render("lenet5", tmp_path / "net.gif")
    with pytest.raises(TypeError, match="a page does not take theme"):
        shapecalc.render("lenet5", tmp_path / "net.html", theme="dark")
    with pytest.raises(KeyError, match="did you mean 'conv1'"):
        shapecalc.explain("lenet5", "conv11")
    with pytest.raises(ValueError, match="style is 'module' or 'sequential', not 'class'"):
        shapecalc.emit("lenet5", style="class")
    with pytest.raises(shapecalc.SettingError, match=r"as text, '0\.5', it is exact"):
        shapecalc.load("lenet5").report(H=0.5)
    with pytest.raises(shapecalc.SettingError, match="no symbol 'Q'"):
        shapecalc.diff("lenet5", settings_b={"Q": 1})


def test_check_finds_that_a_network_agrees() -> None:
    pytest.importorskip("torch")
    findings = shapecalc.check("lenet5")
    assert findings
    assert all(finding.agrees for finding in findings)


def test_the_command_can_be_run_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "shapecalc", "show", "lenet5"], capture_output=True, text=True
    )
    assert done.stdout == printed("show", "lenet5")


# -- notebooks --------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("dot") is None, reason="needs the program dot")
def test_a_notebook_draws_a_network_with_its_parts_folded() -> None:
    html = shapecalc.load("resnet18")._repr_html_()
    assert html.startswith("<svg")
    assert "layer1" in html
    assert "<details><summary>layers</summary><table>" in html


def test_a_notebook_shows_the_table_where_nothing_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert shapecalc.load("resnet18")._repr_html_().startswith("<table>")


def test_a_long_network_is_a_folded_table_in_a_notebook() -> None:
    spec = {"input": [3], "layers": ["ReLU"] * 500}
    folded = {"input": [3], "layers": [{"ReLU": None, "repeat": 5000}]}
    assert shapecalc.load(spec)._repr_html_().startswith("<table>")
    assert len(shapecalc.load(folded).report()._repr_html_()) < 5000


def test_a_notebook_shows_an_error_in_its_frame() -> None:
    with pytest.raises(shapecalc.SpecError) as caught:
        shapecalc.load({"input": [3, 8, 8], "layers": ["Relu"]})
    assert caught.value._render_traceback_() == str(caught.value).splitlines()
    with pytest.raises(shapecalc.SettingError) as wrong:
        shapecalc.load("lenet5").report(Q=1)
    assert wrong.value._render_traceback_()[0].startswith("error: the spec has no symbol 'Q'")


def test_a_comparison_is_a_table_in_a_notebook() -> None:
    assert shapecalc.diff("lenet5", "lenet5_mnist")._repr_html_().startswith("<table>")


# -- completion -------------------------------------------------------------------------------


def completed(*words: str, folder: Path) -> list[str]:
    line = " ".join(("shapecalc", *words))
    done = subprocess.run(
        [sys.executable, "-c", "from shapecalc.cli import main; main(prog_name='shapecalc')"],
        env={"_SHAPECALC_COMPLETE": "bash_complete", "COMP_WORDS": line,
             "COMP_CWORD": str(len(words)), "PATH": ""},
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.split()


def test_completion_knows_bundled_specs_and_files(tmp_path: Path) -> None:
    (tmp_path / "lemon.yaml").touch()
    (tmp_path / "lens").mkdir()
    assert completed("show", "le", folder=tmp_path) == [
        "plain,lenet5", "plain,lenet5_mnist", "plain,lemon.yaml", "more,lens/"
    ]  # fmt: skip
    assert completed("show", "mine", folder=tmp_path) == ["file,mine"]
    assert completed("diff", "lenet5", "goo", folder=tmp_path)[0] == "plain,googlenet"
    assert completed("layers", "Conv2", folder=tmp_path) == ["plain,Conv2d"]
    assert completed("emit", "lenet5", "-o", "x", folder=tmp_path) == ["file,x"]


def test_completion_knows_layers_symbols_and_columns(tmp_path: Path) -> None:
    explained = completed("explain", "resnet18", "layer1.0.c", folder=tmp_path)
    assert explained == ["plain,layer1.0.conv1", "plain,layer1.0.conv2"]
    assert "more,layer1" in completed("solve", "resnet18", "--at", "l", folder=tmp_path)
    assert completed("solve", "unet", "--for", "c", folder=tmp_path) == ["plain,channels"]
    assert completed("show", "unet", "--set", "c", folder=tmp_path) == ["more,channels="]
    assert completed("show", "unet", "--columns", "path,mac", folder=tmp_path) == [
        "plain,path,macs"
    ]
    assert "plain,vgg19" in completed("show", "vgg1", folder=tmp_path)
    assert completed("explain", "none", "layer1", folder=tmp_path) == []
