"""The site as it is built: its links, its search, and its looks in a real browser."""

import functools
import importlib
import pkgutil
import shutil
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest

import fastly_compute

WHERE = "this is for hatch run docs:test, whose environment has what it takes"
pytest.importorskip("sphinx", reason=WHERE)
selenium = pytest.importorskip("selenium.webdriver", reason=WHERE)

from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

DOCS = Path(__file__).parents[2] / "docs"
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


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site that was built without a warning."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-n", "-W", "--keep-going", "--quiet"]
    command += ["-d", str(folder / "doctrees"), str(DOCS), str(folder / "html")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "html"


class Page(HTMLParser):
    """The links of a page, and what can be linked to in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


@functools.cache
def pages(built: Path) -> dict[str, Page]:
    return {
        path.relative_to(built).as_posix(): Page(path.read_text())
        for path in sorted(built.rglob("*.html"))
    }


def test_every_link_inside_the_site_leads_somewhere(built: Path) -> None:
    found = pages(built)
    broken = []
    for name, page in found.items():
        for link in page.links:
            target, anchor = urldefrag(urljoin(f"http://site/{name}", link))
            parts = urlsplit(target)
            if parts.netloc != "site" or parts.scheme != "http":
                continue
            path = unquote(parts.path).lstrip("/") or name
            there = (built / path).is_file()
            known = not anchor or path not in found or unquote(anchor) in found[path].anchors
            if not (there and known):
                broken.append((name, link))

    assert len(found) > 40
    assert broken == []


def test_the_links_from_package_to_package_stay_in_the_site(built: Path) -> None:
    links = pages(built)["reference/wsgi.html"].links

    assert [link for link in links if "pypi.org/project/fastly-compute" in link] == []


def test_every_public_name_has_a_place_in_the_reference(built: Path) -> None:
    packed = (built / "objects.inv").read_bytes().split(b"\n", 4)[4]
    described = {line.split(" ")[0] for line in zlib.decompress(packed).decode().splitlines()}
    names = {
        f"fastly_compute.{package.name}.{name}"
        for package in pkgutil.iter_modules(fastly_compute.__path__)
        for name in importlib.import_module(f"fastly_compute.{package.name}").__all__
    }

    assert len(names) > 200
    assert sorted(names - described) == []


def test_each_public_error_leads_to_its_cause_and_what_to_do(built: Path) -> None:
    found = pages(built)
    rows = {anchor for anchor in found["error-index.html"].anchors if anchor.startswith("error-")}
    linked = {
        link.partition("error-index.html#")[2]
        for name, page in found.items()
        if name.startswith("reference/")
        for link in page.links
        if "error-index.html#error-" in link
    }

    assert len(rows) > 150
    assert linked == rows


def test_the_sitemap_has_every_page(built: Path) -> None:
    sitemap = (built / "sitemap.xml").read_text()

    assert [name for name in pages(built) if f"/{name}</loc>" not in sitemap] == []


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
    return [entry["message"] for entry in chrome.get_log("browser") if entry["level"] != "INFO"]


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


def test_the_search_finds_an_option(browser: "selenium.Chrome") -> None:
    browser.find_element(By.CSS_SELECTOR, "input[name=q]").send_keys("first_byte_timeout\n")
    WebDriverWait(browser, PATIENCE).until(
        lambda driver: "Search finished" in driver.find_element(By.ID, "search-results").text
    )
    found = browser.find_elements(By.CSS_SELECTOR, "#search-results ul.search li a")
    links = [link.get_attribute("href") for link in found]

    assert any("/reference/backend.html" in link for link in links)


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
    for name in pages(built):
        browser.get(site + name)
        width, beside = browser.execute_script(WIDTHS)
        if width > 390:
            wide.append((name, width))
        if beside:
            scrolled.append(name)

    assert wide == []
    assert scrolled == []
