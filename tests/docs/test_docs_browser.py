"""The site in a real browser: its search, its looks, and who can read it."""

import functools
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

WHERE = "this is for hatch run docs:test, whose environment has what it takes"
selenium = pytest.importorskip("selenium.webdriver", reason=WHERE)

from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 20


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        pass


@pytest.fixture(scope="session")
def site(built: Path) -> Iterator[str]:
    """The site's URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=built))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator["selenium.Chrome"]:
    """A browser."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("there is no chromium or no chromedriver: apt install chromium chromium-driver")
    options = selenium.ChromeOptions()
    options.binary_location = program
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = selenium.Chrome(options=options, service=selenium.ChromeService(driver))
    yield chrome
    chrome.quit()


@pytest.fixture
def browser(chromium: "selenium.Chrome", site: str) -> Iterator["selenium.Chrome"]:
    """The browser, on the first page of the site, as if it had never been there before."""
    look(chromium, width=1280, scheme="light")
    chromium.get(site)
    chromium.execute_script("localStorage.clear(); sessionStorage.clear()")
    chromium.get(site)
    yield chromium
    assert complaints(chromium) == []


def look(chrome: "selenium.Chrome", *, width: int, scheme: str) -> None:
    # A window of a headless chromium has a least width; what its pages are told has not.
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


def complaints(chrome: "selenium.Chrome") -> list[str]:
    return [
        entry["message"]
        for entry in chrome.get_log("browser")
        # Sphinx's search shows no excerpt for an anchor with a dot, as those of all names are.
        if entry["level"] != "INFO" and "Anchored content block not found" not in entry["message"]
    ]


def test_a_tab_that_is_chosen_stays_chosen(browser: "selenium.Chrome", site: str) -> None:
    tabs = "[...document.querySelectorAll('.sd-tab-content')]"
    visible = f"return {tabs}.map(tab => tab.offsetHeight > 0)"
    browser.get(f"{site}comparison/tls.html")
    before = browser.execute_script(visible)
    browser.find_element(By.XPATH, "//label[normalize-space()='Go']").click()
    after = browser.execute_script(visible)
    browser.get(f"{site}comparison/secrets.html")
    elsewhere = browser.execute_script(visible)

    assert before == [True, False, False, False]
    assert after == elsewhere == [False, False, True, False]


COLUMNS = """
    const table = document.querySelector("table.side-by-side");
    const shown = [...table.tHead.rows[0].cells].filter((cell) => cell.offsetWidth > 0);
    return shown.map((cell) => cell.textContent.trim());
"""


def test_a_wide_screen_has_all_sdks_side_by_side(browser: "selenium.Chrome", site: str) -> None:
    browser.get(f"{site}comparison/dynamic-backend.html")
    (choice,) = browser.find_elements(By.CLASS_NAME, "side-by-side-choice")
    (row,) = browser.find_elements(
        By.XPATH, "//table[contains(@class, 'side-by-side')]//tr[td[1][.='connect timeout']]"
    )
    cells = row.find_elements(By.TAG_NAME, "td")
    hover = cells[1].find_element(By.CSS_SELECTOR, "[title]").get_attribute("title")

    assert browser.execute_script(COLUMNS) == ["option", "Python", "Rust", "Go", "JavaScript"]
    assert [cell.text.split("\n") for cell in cells[1:]] == [
        [name, "default: 1 s"]
        for name in ("connect_timeout", "connect_timeout", "ConnectTimeout", "connectTimeout")
    ]
    assert hover == (
        "type: Duration; unit: s; check: finite, 0 to less than 2³² ms; error: InvalidBackendOption"
    )
    assert not choice.is_displayed()


def test_a_narrow_screen_has_two_sdks_that_are_chosen_by_keyboard(
    browser: "selenium.Chrome", site: str
) -> None:
    look(browser, width=390, scheme="light")
    browser.get(f"{site}comparison/tls.html")
    before = browser.execute_script(COLUMNS)
    second = browser.find_element(By.CSS_SELECTOR, ".side-by-side-choice label:last-child select")
    second.send_keys("Go")
    after = browser.execute_script(COLUMNS)
    browser.get(f"{site}comparison/secrets.html")
    elsewhere = browser.execute_script(COLUMNS)
    first = browser.find_element(By.CSS_SELECTOR, ".side-by-side-choice select")
    first.send_keys("Go")
    values = [
        select.get_attribute("value")
        for select in browser.find_elements(By.CSS_SELECTOR, ".side-by-side-choice select")
    ]

    assert before == ["option", "Python", "Rust"]
    assert after == elsewhere == ["option", "Python", "Go"]
    assert values == ["Go", "Python"]


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("FastlyLogHandler", "/reference/log.html"),
        ("first_byte_timeout", "/reference/backend.html"),
        ("BackendNotAllowed", "/error-index.html"),
    ],
    ids=["a class", "an option", "an error"],
)
def test_the_search_finds(browser: "selenium.Chrome", words: str, page: str) -> None:
    browser.find_element(By.CSS_SELECTOR, "input[name=q]").send_keys(f"{words}\n")
    WebDriverWait(browser, PATIENCE).until(
        lambda driver: "Search finished" in driver.find_element(By.ID, "search-results").text
    )
    found = browser.find_elements(By.CSS_SELECTOR, "#search-results ul.search li a")
    links = [link.get_attribute("href") or "" for link in found]

    assert any(page in link for link in links)


def brightness(chrome: "selenium.Chrome") -> float:
    colour = chrome.execute_script("return getComputedStyle(document.body).backgroundColor")
    red, green, blue = (int(part) for part in colour.strip("rgba()").split(",")[:3])
    return (red + green + blue) / 3


def test_the_site_is_as_light_or_dark_as_the_system(browser: "selenium.Chrome") -> None:
    light = brightness(browser)
    look(browser, width=1280, scheme="dark")
    browser.refresh()

    assert light > 200
    assert brightness(browser) < 60


def test_the_button_changes_light_and_dark(browser: "selenium.Chrome") -> None:
    seen = set()
    for _ in range(3):
        browser.find_element(By.CSS_SELECTOR, ".content-icon-container .theme-toggle").click()
        seen.add(brightness(browser) > 128)

    assert seen == {True, False}


WIDTHS = """
    const table = document.querySelector("table.side-by-side")?.closest(".table-wrapper");
    return [
        document.documentElement.scrollWidth,
        table != null && table.scrollWidth > table.clientWidth,
    ];
"""


def test_no_page_is_wider_than_a_narrow_screen(
    browser: "selenium.Chrome", site: str, built: Path
) -> None:
    wide, scrolled = [], []
    look(browser, width=390, scheme="light")
    for path in built.rglob("*.html"):
        name = path.relative_to(built).as_posix()
        browser.get(site + name)
        width, beside = browser.execute_script(WIDTHS)
        if width > 390:
            wide.append((name, width))
        if beside:
            scrolled.append(name)

    assert wide == []
    assert scrolled == []


# One of each kind, as all of them take minutes.
KINDS = {
    "the first page": "index.html",
    "a page with commands": "tutorial.html",
    "a guide": "guides/backends.html",
    "a recipe": "cookbook/fan-in.html",
    "tabs and columns to choose": "comparison/erl.html",
    "many tables": "comparison/index.html",
    "signatures of more than one line": "reference/log.html",
    "pictures": "architecture.html",
    "plots": "benchmarks.html",
    "a list of errors": "error-index.html",
    "the search": "search.html",
    "the index of modules": "py-modindex.html",
}
# Colours that fade from one to the other have no contrast of their own yet.
STILL = """
const style = document.createElement("style");
style.textContent = "* { transition: none !important; }";
document.head.append(style);
"""
AUDIT = """
const [width, rules, done] = arguments;
const options = {preload: false, resultTypes: ["violations"]};
if (rules.length) options.runOnly = rules;
const run = () => axe.run(document, options).then(
  ({violations}) => done(violations.map(({id, nodes}) => [id, nodes.map(({html}) => html)])),
  (error) => done(String(error)),
);
// What follows the size of the page is told of it in the frame after the one that has it.
const next = (step) => requestAnimationFrame(() => requestAnimationFrame(step));
const look = () => innerWidth === width ? next(run) : next(look);
look();
"""


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    package = pytest.importorskip(
        "axe_selenium_python", reason="axe-selenium-python needs Python 3.12"
    )
    return (Path(package.__file__).parent / "node_modules/axe-core/axe.min.js").read_text()


def audit(chrome: "selenium.Chrome", width: int, scheme: str, *rules: str) -> list[object]:
    """Return what axe finds in a page: each rule with the elements that break it."""
    look(chrome, width=width, scheme=scheme)
    found: list[object] = chrome.execute_async_script(AUDIT, width, rules)
    return found


@pytest.mark.parametrize("page", KINDS.values(), ids=KINDS)
def test_axe_finds_nothing(browser: "selenium.Chrome", site: str, axe: str, page: str) -> None:
    browser.get(site + page)
    browser.execute_script(axe)
    browser.execute_script(STILL)

    assert audit(browser, 1280, "light") == []
    # What depends on the width or on the colours.
    assert audit(browser, 390, "light", "scrollable-region-focusable") == []
    assert audit(browser, 390, "dark", "color-contrast") == []


CUT_OFF = """
return [...document.querySelectorAll(".table-wrapper, pre")].filter(
  (box) => box.scrollWidth > box.clientWidth + 1
).map((box) => [
  box.tabIndex === 0,
  getComputedStyle(box).maskImage !== "none",
]);
"""


@pytest.mark.parametrize("page", ["comparison/tls.html", "hosts.html", "host-matrix.html"])
def test_what_a_phone_cuts_off_fades_and_can_be_scrolled_by_keys(
    browser: "selenium.Chrome", site: str, page: str
) -> None:
    look(browser, width=390, scheme="light")
    browser.get(site + page)
    WebDriverWait(browser, PATIENCE).until(
        lambda driver: driver.find_elements(By.CSS_SELECTOR, ".table-wrapper.scrolls")
    )
    cut_off = browser.execute_script(CUT_OFF)

    assert cut_off == [[True, True]] * len(cut_off)
    assert len(cut_off) > 0


def test_a_table_that_is_scrolled_to_its_end_fades_no_more(
    browser: "selenium.Chrome", site: str
) -> None:
    look(browser, width=390, scheme="light")
    browser.get(f"{site}hosts.html")
    wait = WebDriverWait(browser, PATIENCE)
    table = wait.until(lambda driver: driver.find_element(By.CSS_SELECTOR, ".table-wrapper.fades"))
    browser.execute_script("arguments[0].scrollLeft = arguments[0].scrollWidth", table)

    wait.until(lambda _: "fades" not in (table.get_attribute("class") or ""))


INK = """
return [...document.querySelectorAll("svg.picture text")].map(
  (text) => getComputedStyle(text).fill === getComputedStyle(document.body).color
);
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_picture_has_the_colour_of_the_page(
    browser: "selenium.Chrome", site: str, scheme: str
) -> None:
    look(browser, width=390, scheme=scheme)
    browser.get(f"{site}architecture.html")
    texts = browser.execute_script(INK)

    assert len(texts) > 10
    assert all(texts)
