"""Which network is meant where a file is named alone."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc
from shapecalc.language.problem import SpecError

NET = """
from torch import nn
import torchvision.transforms as T

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.lin = nn.Linear(width, width)
    def forward(self, x):
        return x + self.lin(x)
"""

CASES = {
    "a variable made of a class by a function": (
        "def blocks(n): return [Block(4) for _ in range(n)]\n"
        "body = nn.Sequential(*blocks(2))\nnet = nn.Sequential(body, nn.Linear(4, 2))\n",
        "net",
        2 * 20 + 10,
    ),
    "an instance of a class that needs arguments": ("net = Block(4).to('cpu')\n", "Block", 20),
    "an instance of a class beside other modules": (
        "changed = nn.Sequential(T.Resize(4))\nnet = Block(4)\n",
        "Block",
        20,
    ),
    "a class that can be made without arguments": (
        "class Net(Block):\n    def __init__(self):\n        super().__init__(4)\n"
        "net = Net()\nhead = nn.Sequential(nn.Linear(9, 9))\n",
        "Net",
        20,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_only_network_of_a_file_is_found(case: str, tmp_path: Path) -> None:
    source, name, params = CASES[case]
    path = tmp_path / "net.py"
    path.write_text(NET + source)
    network = shapecalc.load(str(path), inputs=["4"])
    assert (network.name, network.report().totals.params) == (name, params)


def test_several_variables_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(NET + "one = Block(4)\ntwo = Block(8)\n")
    with pytest.raises(shapecalc.SpecError, match="there are one, two"):
        shapecalc.load(str(path), inputs=["4"])


FACTORIES = {
    "a function": "def make(width=4): return Block(width)\n",
    "a function in a decorator that is known": (
        "from torchvision.models._utils import handle_legacy_interface\n"
        "@handle_legacy_interface(weights=('pretrained', None))\n"
        "def make(*, weights=None): return Block(4)\n"
    ),
    "a partial": "from functools import partial\nmake = partial(Block, 4)\n",
    "a method": (
        "class Factory:\n    def make(self): return Block(4)\nmake = Factory().make\n"
        "other = nn.Linear(9, 9)\n"
    ),
}


@pytest.mark.parametrize("case", FACTORIES)
def test_what_makes_a_network_is_called(case: str, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(NET + FACTORIES[case])
    assert shapecalc.load(f"{path}:make", inputs=["4"]).report().totals.params == 20


CHANGED = {
    "by a function": ("def widen(net, n=8):\n    net.lin = nn.Linear(4, n)\nwiden(net)\n", 40),
    "by a function of some arguments": (
        "from functools import partial\n"
        "def widen(net, n):\n    setattr(net, 'lin', nn.Linear(4, n))\n"
        "more = partial(widen, n=8)\nmore(net)\n",
        40,
    ),
    "by a function that calls one": (
        "def widen(net, n=8):\n    net.lin = nn.Linear(4, n)\n"
        "def more(net):\n    widen(net)\nmore(net=net)\n",
        40,
    ),
    "by setattr": ("setattr(net, 'lin', nn.Linear(4, 8))\n", 40),
    "in a loop over its modules": (
        "for name, each in list(net.named_modules()):\n"
        "    if isinstance(each, nn.Linear):\n"
        "        parent = net.get_submodule(name.rpartition('.')[0])\n"
        "        setattr(parent, name.rpartition('.')[2], nn.Linear(4, 8))\n",
        40,
    ),
    "by nothing that only asks it": (
        "def evaluate(net, data, scores):\n    found = list(data)\n"
        "    for n, x in enumerate(data):\n        found[n] = net(x)\n"
        "    scores['mean'] = average(found)\nevaluate(net, load(), {})\n",
        20,
    ),
    "by nothing that trains it": (
        "def train(net, data):\n    net.seen = len(data)\n    net(data).sum().backward()\n"
        "train(net, load())\n",
        20,
    ),
}


@pytest.mark.parametrize("case", CHANGED)
def test_what_a_file_does_to_a_network_is_read(case: str, tmp_path: Path) -> None:
    source, params = CHANGED[case]
    path = tmp_path / "net.py"
    path.write_text(
        "from torch import nn\n\nclass Net(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.lin = nn.Linear(4, 4)\n"
        "    def forward(self, x):\n        return self.lin(x)\n\nnet = Net()\n" + source
    )
    network = shapecalc.load(f"{path}:net", inputs=["4"])
    assert network.report().totals.params == params


TRAINING = """
loader = DataLoader(load("data"), batch_size=64)
net = Block(4)
optimizer = torch.optim.Adam(net.parameters())
for epoch in range(3):
    net.train()
    for x, y in loader:
        optimizer.zero_grad()
        (net(x) - y).pow(2).mean().backward()
        optimizer.step()
"""


@pytest.mark.parametrize("guard", ["", 'if __name__ == "__main__":\n'])
def test_training_of_a_network_that_is_named_is_passed_over(guard: str, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    lines = TRAINING.splitlines()
    script = "\n".join(f"    {line}" if guard else line for line in lines)
    imports = "import torch\nfrom torch.utils.data import DataLoader\n"
    path.write_text(f"{imports}{NET}{guard}{script}\n")
    assert shapecalc.load(f"{path}:net", inputs=["4"]).report().totals.params == 20


def test_training_by_a_function_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        f"import torch\nfrom torch.utils.data import DataLoader\n{NET}"
        "def step(net, x):\n    net(x).mean().backward()\n\n"
        "def train(net, loader):\n    for x in loader:\n        step(net, x)\n\n"
        "if __name__ == '__main__':\n    net = Block(4)\n"
        "    loader = DataLoader(load('data'))\n    train(net, loader)\n"
        "    for epoch in range(3):\n        train(net, loader)\n        print(epoch)\n"
    )
    assert shapecalc.load(f"{path}:net", inputs=["4"]).report().totals.params == 20


LOOPS = (
    "for inputs, targets in load():\n        loss = net(inputs).sum()",
    "for step, (inputs, targets) in enumerate(bar(load(), total=9)):\n        net.zero_grad()",
    "while not_enough(net):\n        net.cuda().half()",
)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_that_trains_a_network_of_the_file_is_not_gone_through(
    loop: str, tmp_path: Path
) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        f"{NET}from elsewhere import bar, load, not_enough\nnet = nn.Sequential(Block(4))\n"
        "net.append(nn.Linear(4, 2))\nnet.to('cpu')\n"
        f"for epoch in range(10):\n    net.train()\n    {loop}\n    net.eval()\n"
    )
    for asked in (f"{path}:net", str(path)):
        assert shapecalc.load(asked, inputs=["4"]).report().totals.params == 30


EVALUATION = """
config = {"width": 4}
config["width"] = 4
net = Block(config["width"])
loader = load("data")
for x, y in loader:
    out = net(x)
    print(out.argmax(1) == y)
with torch.no_grad():
    print(sum(len(x) for x in loader))
torch.save(net.state_dict(), "net.pt")
"""


def test_of_a_script_only_what_is_asked_for_is_evaluated(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    imports = "import torch\nfrom elsewhere import load\n"
    script = "\n".join(f"    {line}" for line in EVALUATION.splitlines())
    path.write_text(f"{imports}{NET}if __name__ == '__main__':\n{script}\n")
    for asked in ("net", "Block(config['width'])"):
        network = shapecalc.load(f"{path}:{asked}", inputs=["4"])
        assert network.report().totals.params == 20


def test_what_a_script_binds_may_be_an_argument(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        "import argparse\n"
        "from torch import nn\n\n\n"
        "class Net(nn.Module):\n"
        "    def __init__(self, config):\n"
        "        super().__init__()\n"
        "        self.fc = nn.Linear(config.width, 3)\n\n"
        "    def forward(self, x):\n"
        "        return self.fc(x)\n\n\n"
        "if __name__ == '__main__':\n"
        "    parser = argparse.ArgumentParser()\n"
        "    parser.add_argument('--width', type=int, default=12)\n"
        "    config = parser.parse_args()\n"
    )
    network = shapecalc.load(f"{path}:Net(config)", inputs=["12"])
    assert network.report().totals.params == 12 * 3 + 3


def test_a_name_that_another_file_lacks_is_told_there(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("class Net(Missing):\n    pass\n")
    path = tmp_path / "net.py"
    path.write_text("from other import Net\n")
    with pytest.raises(SpecError, match=r"other\.py:1:11: error: NameError: name 'Missing'"):
        shapecalc.load(f"{path}:Net", inputs=["4"]).report()
