"""The catalogue imports a family when one of its kinds is asked for, and forgets none."""

import os
import subprocess
import sys

import pytest

from shapecalc.layers import KINDS, Layer
from shapecalc.layers.index import FAMILY_OF

LOADED = (
    "import sys\n"
    "def loaded():\n"
    "    names = {name for name in sys.modules if name.startswith('shapecalc.layers.')}\n"
    "    return {name.rpartition('.')[2] for name in names}\n"
)


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", LOADED + code], check=True, env=os.environ, capture_output=True
    )
    return done.stdout.decode()


def test_the_index_names_every_kind_and_its_family_in_order():
    own = {name: kind for name, kind in KINDS.items() if kind.__module__ in _modules()}
    assert list(FAMILY_OF.items()) == [(name, kind.family) for name, kind in own.items()], (
        "./dev docs writes shapecalc/layers/index.py anew"
    )


def _modules() -> set[str]:
    return {name for name in sys.modules if name.startswith("shapecalc.layers.")}


def test_a_network_imports_the_families_of_its_kinds_and_no_others():
    told = run(
        "from shapecalc.cli import main\n"
        "main(['show', 'googlenet'], standalone_mode=False)\n"
        "from shapecalc.layers.index import FAMILY_OF\n"
        "print('loaded:', *sorted(loaded() & set(FAMILY_OF.values())))\n"
    )
    used = "activation convolution dropout joining linear pooling reshaping"
    assert told.splitlines()[-1] == f"loaded: {used}"


def test_whether_there_is_a_kind_is_told_without_an_import():
    told = run(
        "from shapecalc.layers import KINDS\n"
        "before = loaded()\n"
        "print('LSTM' in KINDS, 'Inception' in KINDS, loaded() == before)\n"
    )
    assert told.split() == ["True", "False", "True"]


def test_going_through_the_kinds_imports_all_of_them():
    told = run(
        "from shapecalc.layers import KINDS\n"
        "print(len({kind.family for kind in KINDS.values()}), len(KINDS))\n"
    )
    assert told.split() == [str(len(set(FAMILY_OF.values()))), str(len(FAMILY_OF))]


def test_a_kind_that_the_index_does_not_have_is_found():
    told = run(
        "from shapecalc.layers import index\n"
        "del index.FAMILY_OF['LSTM']\n"
        "import shapecalc\n"
        "net = shapecalc.load({'input': [5, 8], 'layers': [{'LSTM': 16}]})\n"
        "print(*net.report()['lstm1'].output_shape)\n"
    )
    assert told.split() == ["1", "5", "16"]


@pytest.mark.parametrize("command", ["layer LSTM 16 --input 5,8", "layers LSTM"])
def test_so_is_one_that_a_command_names(command):
    told = run(
        "from shapecalc.layers import index\n"
        "del index.FAMILY_OF['LSTM']\n"
        "from shapecalc.cli import main\n"
        f"main({command.split()!r}, standalone_mode=False)\n"
    )
    assert "LSTM" in told


def test_a_new_family_is_one_new_file(tmp_path):
    (tmp_path / "doubling.py").write_text(
        "from shapecalc.layers.base import Layer\n"
        "class Double(Layer):\n"
        "    '''Twice the channels.'''\n"
        "    def output(self, x):\n"
        "        return x.with_channels(2 * x.channels)\n"
    )
    told = run(
        "import shapecalc, shapecalc.layers\n"
        f"shapecalc.layers.__path__.append({str(tmp_path)!r})\n"
        "net = shapecalc.load({'input': [5, 8, 8], 'layers': ['ReLU', 'Double']})\n"
        "print(*net.report()['double1'].output_shape, shapecalc.layers.KINDS['Double'].family)\n"
    )
    assert told.split() == ["1", "10", "8", "8", "doubling"]


def test_a_kind_declared_elsewhere_is_in_until_it_is_taken_out():
    class Elsewhere(Layer):
        """Nothing."""

    assert KINDS["Elsewhere"] is Elsewhere
    assert "Elsewhere" in KINDS
    assert "Elsewhere" in list(KINDS)
    del KINDS["Elsewhere"]
    assert "Elsewhere" not in KINDS
    with pytest.raises(KeyError):
        KINDS["Elsewhere"]
