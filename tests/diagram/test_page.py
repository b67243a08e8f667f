"""The report page in a real browser: what it shows is what the report says, and nothing else."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

import shapecalc
from shapecalc.diagram.page import page
from shapecalc.language.problem import SpecError
from shapecalc.layers import KINDS
from tests.bundled import NAMES, thorough

OPENED = ("lenet5", "resnet18")
FEW = [*OPENED, *thorough(name for name in NAMES if name not in OPENED)]
"""A browser opens a page in a second or two."""

BROWSER, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--window-size=1500,1200",
)
UNKNOWN = "\u2013"
COUNTS = ("params", "buffers", "macs", "elementwise", "activations")

pytestmark = pytest.mark.skipif(
    not (shutil.which(BROWSER) and shutil.which(DRIVER)),
    reason="needs Debian's packages chromium and chromium-driver",
)


class Page:
    """A report page in the browser."""

    def __init__(self, driver: webdriver.Chrome, folder: Path) -> None:
        self.driver = driver
        self.file = folder / "report.html"

    def open(self, spec: Any, settings: Any = None, **more: Any) -> None:
        network = shapecalc.load(spec)
        self.file.write_text(page(network, settings, **more), encoding="utf-8")
        self.driver.get(self.file.as_uri())
        self.wait()

    def wait(self) -> None:
        """Until the diagram is drawn."""
        end = time.monotonic() + 20
        drawn = "return !!document.querySelector('#diagram:not([aria-busy]) svg')"
        while not self.driver.execute_script(drawn):
            assert time.monotonic() < end, "the diagram was not drawn"
            time.sleep(0.02)

    def one(self, selector: str) -> Any:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[Any]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def set(self, **symbols: Any) -> None:
        """Type values into the fields of symbols."""
        for name, value in symbols.items():
            field = self.one(f"#symbol-{name}")
            field.send_keys(Keys.CONTROL, "a")
            field.send_keys(str(value))
        self.wait()

    def press(self, *keys: str) -> None:
        self.driver.switch_to.active_element.send_keys(*keys)
        self.wait()

    def totals(self) -> dict[str, str]:
        return {each.get_attribute("data-total"): each.text for each in self.all("#totals dd")}

    def shapes(self) -> dict[str, str]:
        """What the table says that layers put out."""
        told = "return [...document.querySelectorAll('#layers tbody tr')].map(row => "
        rows = self.run(f"{told}[row.cells[0].textContent, row.cells[2].textContent])")
        return dict(rows)

    def counted(self, values: dict[str, Any]) -> Any:
        """Every layer's shape and counts for these values, as the page calculates them."""
        script = """
            const values = Object.fromEntries(
              Object.entries(arguments[0]).map(([name, text]) => [name, read(text)]));
            const results = run(data.steps, values);
            const told = (place) => results[place] && written(results[place]).replaceAll(",", "");
            return data.layers.map((layer) => [layer.path, layer.shape.map(told),
              arguments[1].map((count) => told(layer[count]))]);
        """
        return self.run(script, {name: str(value) for name, value in values.items()}, COUNTS)

    def labels(self) -> list[str]:
        """What the boxes of the diagram are called."""
        script = "return [...document.querySelectorAll('#diagram .node')].map("
        return self.run(f"{script}each => each.getAttribute('aria-label'))")

    def errors(self) -> list[str]:
        return [each["message"] for each in self.driver.get_log("browser")]


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield chrome
    chrome.quit()


@pytest.fixture
def browser(driver: webdriver.Chrome, tmp_path: Path) -> Iterator[Page]:
    opened = Page(driver, tmp_path)
    yield opened
    assert opened.errors() == []


def written(values: Any) -> dict[str, str]:
    return {name: f"{value:,}" for name, value in values.by_name.items() if name != "trainable"}


def shapes(report: shapecalc.Report) -> dict[str, str]:
    told = {layer.path: report.told(layer.output_shape) for layer in report}
    return {path: " × ".join(map(str, shape)) for path, shape in told.items()}


@pytest.mark.parametrize("name", FEW)
def test_the_figures_are_those_of_the_report(browser: Page, name: str) -> None:
    report = shapecalc.load(name).report()
    browser.open(name)
    assert browser.totals() == written(report.totals)
    assert browser.shapes() == shapes(report)


@pytest.mark.parametrize("name", FEW)
def test_the_page_calculates_exactly(browser: Page, name: str) -> None:
    """Random values of some symbols, beyond what a double can hold, too, against the report."""
    network = shapecalc.load(name)
    browser.open(name)
    free = browser.run("return data.symbols.filter((each) => each.free).map(({name}) => name)")
    rng = random.Random(name)
    own = network.symbols
    found = 0
    while found < 5:
        values = {each: rng.choice([rng.randint(1, 999), 32 * rng.randint(1, 99)]) for each in free}
        kept = [each for each in free if each in own and rng.random() < 0.6]
        values |= {each: own[each] for each in kept}
        values["B"] = rng.choice([1, 7, 10**7])
        if rng.random() < 0.8:
            step = rng.choice([96, own.get("H", 96)])  # a multiple of its own fits
            values |= {each: step * rng.randint(1, 9) for each in free if each in "HW"}
        try:
            report = network.report({each: n for each, n in values.items() if each in own})
        except SpecError:
            assert found or rng.random() < 0.999, "no values work"
            continue
        if {"H", "W"} & values.keys() - own.keys():
            values |= {"H": report.inputs["input"].shape[2], "W": report.inputs["input"].shape[3]}
        expected = [
            [each.path, list(map(str, each.output_shape)), [str(getattr(each, c)) for c in COUNTS]]
            for each in report
        ]
        assert browser.counted(values) == expected, values
        found += 1


def test_rounding_and_fractions_are_those_of_python(browser: Page) -> None:
    rng = random.Random(5)
    pairs = [(rng.randint(-99, 99), rng.choice([-1, 1]) * rng.randint(1, 9)) for _ in range(200)]
    browser.open("lenet5")
    script = """return arguments[0].map(([a, b]) => [floorDivided(whole(a), whole(b)),
        ceiling(over(whole(a), whole(b)))].map((each) => Number(each.top)))"""
    assert browser.run(script, pairs) == [[a // b, -(-a // b)] for a, b in pairs]
    powers = (
        "return written(raised(read('-3/4'), whole(3))) + ' ' + raised(whole(2), whole(1000000))"
    )
    assert browser.run(powers) == "-27/64 null"


def test_a_new_height_gives_the_figures_of_a_new_report(browser: Page) -> None:
    report = shapecalc.load("googlenet").report(H=256)
    browser.open("googlenet")
    browser.set(H=256)
    assert browser.totals() == written(report.totals)
    assert browser.shapes() == shapes(report)
    assert any("3 × 256 × 224" in label for label in browser.labels())


@pytest.mark.thorough
def test_settings_are_where_the_page_begins_and_returns_to(browser: Page) -> None:
    report = shapecalc.load("vgg16").report(H=64, convs1=1)
    browser.open("vgg16", {"H": "64", "convs1": "1"})
    assert browser.totals() == written(report.totals)
    assert not browser.one("#symbol-convs1").is_enabled()
    browser.set(H=96)
    assert browser.totals() != written(report.totals)
    browser.one("#reset").click()
    assert browser.totals() == written(report.totals)


def test_an_illegal_height_tells_its_constraint_and_what_would_be_legal(browser: Page) -> None:
    browser.open("unet")
    browser.set(H=250)
    told = browser.one("#symbol-problems").text
    assert "H = 250 breaks H % 16 == 0" in told
    assert "concat1" in told
    assert browser.one("#symbol-H").get_attribute("aria-invalid") == "true"
    assert browser.one("#constraints .broken").text.startswith("✗ H % 16 == 0")
    assert set(browser.totals().values()) == {UNKNOWN}
    buttons = [each for each in browser.all("#symbol-problems button") if "=" in each.text]
    assert [each.text for each in buttons] == ["H = 240", "H = 256"]
    buttons[0].click()
    browser.wait()
    assert browser.one("#symbol-problems").text == ""
    assert browser.totals() == written(shapecalc.load("unet").report(H=240).totals)


def test_an_open_equation_is_checked(browser: Page) -> None:
    add = {
        "Add": {"branches": {"a": [], "b": [{"Conv2d": {"out_channels": "n*m", "kernel_size": 1}}]}}
    }
    symbols = {"n": 2, "m": 3, "c": 6}
    browser.open({"symbols": symbols, "input": ["c", 8, 8], "layers": [add]})
    assert browser.one("#symbol-problems").text == ""
    browser.set(n=3)
    assert "break" in browser.one("#symbol-problems").text
    browser.set(c=9)
    assert browser.one("#symbol-problems").text == ""


def test_of_alternatives_one_has_to_hold(browser: Page) -> None:
    inputs = {"a": ["n"], "b": ["m"]}
    layers = [{"Mul": None, "from": ["a", "b"]}]
    browser.open({"symbols": {"n": 8, "m": 8}, "inputs": inputs, "layers": layers})
    browser.set(n=6)
    assert "break n == m or n == 1 or m == 1" in browser.one("#symbol-problems").text
    browser.set(n=1)
    assert browser.one("#symbol-problems").text == ""
    assert browser.shapes()["mul1"] == "8"


@pytest.mark.parametrize("value", ["0", "-3", "2.5", "many", "1e3"])
def test_what_is_no_size_is_refused(browser: Page, value: str) -> None:
    browser.open("lenet5")
    browser.set(H=value)
    assert "H expects a positive whole number" in browser.one("#symbol-problems").text
    assert set(browser.totals().values()) == {UNKNOWN}


def test_too_small_an_input_is_told(browser: Page) -> None:
    browser.open("lenet5")
    browser.set(H=5)
    with pytest.raises(SpecError):
        shapecalc.load("lenet5").report(H=5)
    assert "H = 5 breaks H >= " in browser.one("#symbol-problems").text


def test_a_symbol_without_value_leaves_formulas(browser: Page) -> None:
    spec = {"symbols": {"n": None}, "input": ["n"], "layers": [{"Linear": 10}]}
    browser.open(spec)
    assert browser.all("[data-total=params] math")
    browser.set(n=5)
    assert browser.totals()["params"] == "60"


@pytest.mark.thorough
def test_symbolic_leaves_the_fields_empty(browser: Page) -> None:
    browser.open("unet", symbolic=True, depth=1)
    assert browser.all("[data-total=macs] math")
    assert any("channels × H × W" in label for label in browser.labels())
    browser.set(B=1, H=64, W=64, channels=8, num_classes=2)
    report = shapecalc.load("unet").report(H=64, W=64, channels=8)
    assert browser.totals() == written(report.totals)


def test_a_symbol_can_be_set_to_a_formula(browser: Page) -> None:
    browser.open("resnet18", {"H": "32*h"})
    assert not browser.one("#symbol-H").is_enabled()
    browser.set(h=7)
    assert browser.totals() == written(shapecalc.load("resnet18").report().totals)


@pytest.mark.thorough
def test_rational_symbols_take_fractions(browser: Page) -> None:
    conv = {"Conv2d": {"out_channels": "64*width", "kernel_size": 1}}
    spec = {"symbols": {"width": "3/4"}, "input": [3, 8, 8], "layers": [conv]}
    browser.open(spec)
    assert browser.totals() == written(shapecalc.load(spec).report().totals)
    for width in ("1/2", "0.25"):
        browser.set(width=width)
        assert browser.totals() == written(shapecalc.load(spec).report(width=width).totals)
    browser.set(width="1/3")
    assert browser.one("#symbol-problems").text


def test_a_literal_size_becomes_a_symbol(browser: Page) -> None:
    browser.open(
        {"input": [3, 8, 8], "layers": [{"Conv2d": {"out_channels": 4, "kernel_size": 3}}]}
    )
    browser.set(H=10)
    assert browser.shapes()["conv1"] == "4 × 8 × 6"


# -- the diagram -------------------------------------------------------------------------------


def test_a_block_unfolds_and_folds(browser: Page) -> None:
    browser.open("googlenet")
    assert any("inception3a Inception, 14 layers" in label for label in browser.labels())
    folded = next(each for each in browser.all(".node.folded") if "3a" in each.text)
    part = folded.get_attribute("id")
    folded.click()
    browser.wait()
    assert any("branch2.conv2" in label for label in browser.labels())
    assert browser.one(f"#{part}").get_attribute("aria-expanded") == "true"
    browser.run(
        "document.querySelector(`#${arguments[0]} text`).dispatchEvent("
        "new MouseEvent('click', {bubbles: true}))",
        part,
    )
    browser.wait()
    assert not any("branch2.conv2" in label for label in browser.labels())


@pytest.mark.thorough
def test_all_of_it_unfolds(browser: Page) -> None:
    browser.open("googlenet")
    browser.one("#unfold").click()
    browser.wait()
    assert not browser.all(".node.folded")
    boxes = browser.run("return [...document.querySelectorAll('.node.layer')].map(each => each.id)")
    drawn = {
        layer
        for box in boxes
        for layer in browser.run("return diagram.items.get(arguments[0]).item.layers", box)
    }
    assert drawn == set(range(len(shapecalc.load("googlenet").report())))
    browser.one("#fold").click()
    browser.wait()
    assert browser.all(".node.folded")


def test_what_takes_gigabytes_to_lay_out_is_not_drawn_until_it_is_folded(browser: Page) -> None:
    each = [{"Concat": 1, "from": ["input", f"c{i}"], "name": f"c{i + 1}"} for i in range(330)]
    layers = [{"Conv2d": {"out_channels": 3, "kernel_size": 1}, "name": "c0"}, *each]
    browser.open({"input": [3, 8, 8], "blocks": {"Row": {"layers": layers}}, "layers": ["Row"]})
    browser.one("#unfold").click()
    WebDriverWait(browser.driver, 20).until(lambda _: not browser.all("#diagram svg"))
    assert "folded blocks have fewer" in browser.one("#diagram").text
    browser.one("#fold").click()
    browser.wait()
    assert len(browser.all(".node.folded")) == 1


def test_depth_says_what_is_folded_at_first(browser: Page) -> None:
    browser.open("unet", depth=1)
    assert len(browser.all(".node.folded")) == 9
    browser.open("unet", depth=5)
    assert not browser.all(".node.folded")


def test_diagram_and_table_are_linked(browser: Page) -> None:
    browser.open("unet")
    browser.one("#layers tr[data-layer='10'] td").click()
    browser.wait()
    path = browser.one("#layers tr.selected th").text
    assert browser.one("#derivation-heading").text.startswith(path)
    selected = browser.one(".node.selected").get_attribute("id")
    layers = browser.run("return diagram.items.get(arguments[0]).item.layers", selected)
    assert 10 in layers
    browser.one("#fit").click()
    browser.one("#layer0").click()
    assert browser.one("#layers tr.selected th").text == "encoder1.conv1"
    assert browser.one("#derivation-heading").text == "encoder1.conv1 Conv2d"


def test_the_derivation_follows_the_symbols(browser: Page) -> None:
    browser.open("lenet5")
    browser.run("select(paths.get('conv1'))")
    math = "return document.querySelector('#derivation').textContent.replaceAll(/\\s/g, '')"
    assert "=28" in browser.run(math)
    assert "K·C·F2+K" in browser.run(math)
    assert "=456" in browser.run(math)
    browser.set(H=36, W=36)
    assert "=32" in browser.run(math)
    assert browser.all("#derivation mfrac")


@pytest.mark.thorough
def test_layers_of_every_kind_are_explained(browser: Page) -> None:
    inputs, layers = {}, []
    for kind, declared in KINDS.items():
        own = {f"{kind}_{i}": x for i, x in enumerate(declared.example_inputs())}
        inputs |= {name: {"shape": list(x.shape[1:]), "dtype": x.dtype} for name, x in own.items()}
        layers.append({kind: dict(declared.example), "name": f"a{kind}"})
        if own:
            layers[-1]["from"] = list(own)
    spec = {"inputs": inputs, "layers": layers, "outputs": [f"a{kind}" for kind in KINDS]}
    browser.open(spec)
    assert browser.totals() == written(shapecalc.load(spec).report().totals)
    script = """return data.layers.map((_, i) => {
        select(i, {reveal: false});
        return byId('derivation').textContent;
      })"""
    for values in ({}, {"B": 3}):
        browser.set(**values)
        told = browser.run(script)
        assert not [each for each in told if "undefined" in each or "NaN" in each]
    assert browser.totals() == written(shapecalc.load(spec).report(B=3).totals)


@pytest.mark.thorough
def test_search_finds_a_layer_and_unfolds_to_it(browser: Page) -> None:
    browser.open("googlenet")
    field = browser.one("#search")
    field.send_keys("4b branch3.conv2")
    assert browser.one("#found").text == "1 layer"
    field.send_keys(Keys.ENTER)
    browser.wait()
    assert browser.one("#derivation-heading").text.startswith("inception4b.branch3.conv2")
    assert browser.one(".node.selected").is_displayed()
    field.clear()
    field.send_keys(" ")
    frame = browser.one("#table-frame").rect
    selected = browser.one("#layers tr.selected").rect
    assert frame["y"] <= selected["y"] <= frame["y"] + frame["height"]
    field.send_keys("4b branch3.conv2")
    visible = [row for row in browser.all("#layers tbody tr") if row.is_displayed()]
    assert len(visible) == 1


def test_the_table_sorts(browser: Page) -> None:
    browser.open("unet")
    report = shapecalc.load("unet").report()
    browser.one("[data-column=params]").click()
    first = browser.one("#layers tbody tr th").text
    assert first == max(report, key=lambda layer: layer.params).path
    head = browser.one("#layers th[aria-sort]")
    assert head.get_attribute("aria-sort") == "descending"
    browser.one("#in-order").click()
    assert list(browser.shapes()) == [layer.path for layer in report]


@pytest.mark.parametrize("name", [*thorough(["unet"]), "resnet18"])
def test_bars_of_memory_are_those_of_the_report(browser: Page, name: str) -> None:
    browser.open(name)
    script = "return [...document.querySelectorAll('#memory button')].map((bar) => bar.offsetHeight"
    for size in (None, 96, 160):
        if size is not None:
            browser.set(H=size, B=3)
        settings = {} if size is None else {"H": size, "B": 3}
        memory = shapecalc.load(name).report(settings).memory
        told = browser.one("#memory-peak").text
        assert told == f"At most {memory.peak:,} bytes are held, while {memory.peak_at} runs."
        heights = browser.run(
            f"{script} && [...bar.children].reduce((sum, part) => sum + part.offsetHeight, 0))"
        )
        tallest = max(heights)
        assert heights == pytest.approx(
            [tallest * step.live / memory.peak for step in memory.steps], abs=2
        )


def test_a_bar_selects_its_layer_and_a_symbol_without_value_draws_none(browser: Page) -> None:
    browser.open("unet")
    browser.one("#memory button.peak").click()
    assert browser.one("#derivation-heading").text.startswith("concat4")
    browser.press(Keys.ARROW_RIGHT)
    browser.press(Keys.ENTER)
    assert browser.one("#derivation-heading").text.startswith("decoder1.conv1")
    browser.set(H=Keys.BACKSPACE)
    assert "every symbol has a value" in browser.one("#memory-peak").text
    assert not browser.one("#memory").is_displayed()


@pytest.mark.thorough
def test_pan_and_zoom_move_the_view(browser: Page) -> None:
    browser.open("unet")
    view = "return document.querySelector('#diagram svg').getAttribute('viewBox')"
    seen = [browser.run(view)]
    for button in ("#zoom-in", "#zoom-out", "#fit"):
        browser.one(button).click()
        seen.append(browser.run(view))
    browser.run("diagram.pan(10, 20)")
    seen.append(browser.run(view))
    assert all(one != other for one, other in pairwise(seen))


def test_hovering_tells_shape_params_and_macs(browser: Page) -> None:
    browser.open("unet")
    ActionChains(browser.driver).move_to_element(browser.one("#layer2")).perform()
    told = browser.one("#tooltip").text
    for piece in ("conv2, Conv2d 64", "64 × 256 × 256", "36,928 params", "2,415,919,104 MACs"):
        assert piece in told


@pytest.mark.thorough
def test_the_main_path_is_straight_and_long_lines_are_broken(browser: Page) -> None:
    browser.open(resnet152())
    middles = browser.run("""return [...document.querySelectorAll('#diagram .node text')]
        .map((each) => Math.round(each.getAttribute('x')))""")
    assert len(set(middles)) == 1
    lines = browser.run("""return [...document.querySelectorAll('#layer0 text')]
        .map((each) => each.textContent)""")
    assert lines[1:3] == ["Conv2d 64, 7 x 7, stride 2, padding 3,", "no bias"]


@pytest.mark.thorough
def test_printing_shows_all_of_the_diagram_and_leaves_the_view(browser: Page) -> None:
    browser.open("unet")
    view = "return document.querySelector('#diagram svg').getAttribute('viewBox')"
    before = browser.run(view)
    browser.run("dispatchEvent(new Event('beforeprint'))")
    whole = browser.run("return diagram.whole.height")
    assert float(browser.run(view).split()[3]) == whole
    assert float(before.split()[3]) < whole
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert browser.run(view) == before


@pytest.mark.thorough
def test_on_paper_the_table_and_derivations_are_not_cut(browser: Page) -> None:
    browser.open("lenet5")
    read = """const style = (id) => getComputedStyle(document.querySelector(id));
        return ['#derivation', '#table-frame'].map((id) =>
            [style(id).maxHeight, style(id).overflowY, style(id).display])"""
    assert "visible" not in [overflow for _, overflow, _ in browser.run(read)]
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert browser.run(read) == [["none", "visible", "block"]] * 2
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


# -- who cannot see, or has no mouse ---------------------------------------------------------


@pytest.mark.thorough
def test_the_keyboard_is_enough(browser: Page) -> None:
    browser.open("googlenet")
    browser.run("diagram.element(diagram.current).focus()")
    for _ in range(6):
        browser.press(Keys.ARROW_DOWN)
    label = "return document.activeElement.getAttribute('aria-label')"
    assert browser.run(label).startswith("inception3a")
    browser.press(Keys.ENTER)
    assert browser.run("return document.activeElement.getAttribute('aria-expanded')") == "true"
    browser.press(Keys.ARROW_DOWN)
    browser.press(Keys.ENTER)
    assert browser.one("#derivation-heading").text.startswith("inception3a.branch1.conv1")
    browser.press(Keys.BACKSPACE)
    assert browser.run("return document.activeElement.getAttribute('aria-expanded')") == "false"
    browser.press("/")
    assert browser.run("return document.activeElement.id") == "search"
    browser.run("document.querySelector('#layers th button.path').focus()")
    browser.press(Keys.ARROW_DOWN)
    browser.press(Keys.ENTER)
    assert browser.one("#derivation-heading").text.startswith("relu1")


@pytest.mark.thorough
def test_everything_has_a_name_for_screen_readers(browser: Page) -> None:
    browser.open("googlenet")
    nameless = """return [...document.querySelectorAll(
          'button, input, section, [role=button], [role=application]')]
        .filter((each) => !(each.textContent.trim() || each.getAttribute('aria-label')
            || each.labels?.length || each.getAttribute('aria-labelledby')))
        .map((each) => each.outerHTML)"""
    assert browser.run(nameless) == []
    ids = browser.run("return [...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))


# -- what is hostile, and what is large --------------------------------------------------------

HOSTILE = (
    "</script><script>window.hacked = 1</script>\"'`<img src=x onerror=hacked=1>&lt;\\N\\l{{data}}"
)


def test_a_hostile_spec_is_shown_as_text(browser: Page) -> None:
    long = "a" * 3000
    conv = {"out_channels": "toString", "kernel_size": 1}
    spec = {
        "name": HOSTILE,
        "about": HOSTILE + "<!--",
        "symbols": {"H": 8, "constructor": 3, "toString": 4, "__proto__": 2},
        "inputs": {"hasOwnProperty": ["constructor", "H", 8]},
        "blocks": {"Block": {"layers": ["ReLU"]}},
        "layers": [
            {"Conv2d": conv, "name": long, "from": "hasOwnProperty"},
            {"Block": {}, "name": "valueOf"},
        ],
    }
    browser.open(spec)
    assert browser.run("return window.hacked === undefined")
    assert browser.one("h1").text == " ".join(HOSTILE.split())
    assert browser.run("return document.title") == HOSTILE
    assert not browser.all("img, iframe, object, a, #diagram script")
    assert long in browser.shapes()
    browser.set(constructor=5)
    report = shapecalc.load(spec).report(constructor=5)
    assert browser.totals() == written(report.totals)
    wide = "return document.documentElement.scrollWidth <= window.innerWidth"
    assert browser.run(wide)


def test_nothing_is_fetched(browser: Page) -> None:
    browser.open("googlenet")
    assert (
        browser.run(
            "return performance.getEntriesByType('resource').map((each) => each.name)"
            ".filter((name) => !name.startsWith('blob:'))"
        )
        == []
    )
    text = browser.file.read_text(encoding="utf-8")
    assert "default-src 'none'" in text


def resnet152() -> dict[str, Any]:
    """He et al., "Deep Residual Learning for Image Recognition", 2015, table 1."""

    def conv(channels: str, kernel_size: int, stride: int | str = 1) -> list[Any]:
        padding = kernel_size // 2
        settings = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "bias": False}
        return [{"Conv2d": {"out_channels": channels, **settings}}, "BatchNorm2d"]

    body = [*conv("c", 1), "ReLU", *conv("c", 3, "stride"), "ReLU", *conv("4*c", 1)]

    def block(shortcut: list[Any]) -> dict[str, Any]:
        arguments = {"c": None, "stride": 1}
        add = {"Add": {"branches": {"body": body, "shortcut": shortcut}}}
        return {"args": arguments, "layers": [add, "ReLU"]}

    layers: list[Any] = [
        *conv("64", 7, 2),
        "ReLU",
        {"MaxPool2d": {"kernel_size": 3, "stride": 2, "padding": 1}},
    ]
    for i, (channels, count) in enumerate([(64, 3), (128, 8), (256, 36), (512, 3)]):
        first = {"c": channels, "stride": 1 if i == 0 else 2}
        layers += [{"First": first, "name": f"layer{i + 1}"}]
        layers += [{"Block": {"c": channels}, "name": f"layer{i + 1}_{j}"} for j in range(1, count)]
    layers += [{"AdaptiveAvgPool2d": 1}, "Flatten", {"Linear": 1000}]
    return {
        "name": "ResNet-152",
        "symbols": {"H": 224, "W": 224},
        "input": [3, "H", "W"],
        "blocks": {"First": block(conv("4*c", 1, "stride")), "Block": block([])},
        "layers": layers,
    }


@pytest.mark.thorough
def test_a_network_of_500_layers_is_small_and_calculates(browser: Page) -> None:
    spec = resnet152()
    report = shapecalc.load(spec).report()
    assert report.totals.params == 60192808  # torchvision's resnet152
    assert len(report) > 500
    text = page(shapecalc.load(spec))
    assert len(text.encode()) < 5e6
    browser.file.write_text(text, encoding="utf-8")
    browser.driver.get(browser.file.as_uri())
    browser.wait()
    browser.set(H=256)
    assert browser.totals() == written(shapecalc.load(spec).report(H=256).totals)
    browser.one("#unfold").click()
    browser.wait()
