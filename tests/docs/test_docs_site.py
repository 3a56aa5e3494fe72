"""The site as it is built: its links, its inventory and its map."""

import importlib
import pkgutil
import re
import struct
import zlib
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest

import fastly_compute

DOCS = Path(__file__).parents[2] / "docs"


class Page(HTMLParser):
    """The links of a page, and what can be linked to in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        # What a link to a name of Python shows, with the name in full.
        self.names: list[tuple[str, str]] = []
        self._name: str | None = None
        self._shown = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)
        if tag == "a":
            self._name, self._shown = named(dict(attrs)), ""

    def handle_data(self, data: str) -> None:
        self._shown += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._name:
            self.names.append((self._shown.strip(), self._name))
            self._name = None


def named(attrs: dict[str, str | None]) -> str | None:
    """Return the full name of what a link leads to, if it is a class, function or the like."""
    title = attrs.get("title")
    name = (attrs.get("href") or "").rpartition("#")[2]
    if "reference" not in (attrs.get("class") or "") or not title or name.startswith("module-"):
        return None
    return name if title.startswith("(in Python") else title


@pytest.fixture(scope="module")
def texts(built: Path) -> dict[str, str]:
    """The HTML of every page of the site."""
    return {
        path.relative_to(built).as_posix(): path.read_text()
        for path in sorted(built.rglob("*.html"))
    }


@pytest.fixture(scope="module")
def pages(texts: dict[str, str]) -> dict[str, Page]:
    """Every page of the site."""
    return {name: Page(text) for name, text in texts.items()}


def test_every_link_inside_the_site_leads_somewhere(built: Path, pages: dict[str, Page]) -> None:
    broken = []
    for name, page in pages.items():
        for link in page.links:
            target, anchor = urldefrag(urljoin(f"http://site/{name}", link))
            parts = urlsplit(target)
            if parts.netloc != "site" or parts.scheme != "http":
                continue
            path = unquote(parts.path).lstrip("/") or name
            there = (built / path).is_file()
            known = not anchor or path not in pages or unquote(anchor) in pages[path].anchors
            if not (there and known):
                broken.append((name, link))

    assert len(pages) > 40
    assert broken == []


ASIDE = re.compile(r'<aside(?: aria-label="([^"]*)")?')


def test_every_page_has_one_title_and_names_for_what_is_beside_it(texts: dict[str, str]) -> None:
    titles = {name: len(re.findall("<h1[ >]", text)) for name, text in texts.items()}
    asides = {name: ASIDE.findall(text) for name, text in texts.items()}

    assert {name for name, count in titles.items() if count != 1} == set()
    assert {
        name for name, labels in asides.items() if labels != ["All pages", "On this page"]
    } == set()


def test_every_head_of_a_column_has_a_text(texts: dict[str, str]) -> None:
    empty = {
        name
        for name, text in texts.items()
        for head in re.findall(r"<th\b.*?</th>", text, re.DOTALL)
        if not re.sub("<[^>]*>", "", head).strip()
    }

    assert empty == set()


def test_the_links_from_package_to_package_stay_in_the_site(pages: dict[str, Page]) -> None:
    links = pages["reference/wsgi.html"].links

    assert [link for link in links if "pypi.org/project/fastly-compute" in link] == []


def last(name: str) -> str:
    return name.removesuffix("()").rpartition(".")[2]


def test_a_link_to_a_name_shows_that_name(pages: dict[str, Page]) -> None:
    links = {(page, *link) for page in pages for link in pages[page].names}

    assert len(links) > 1000
    assert sorted(link for link in links if last(link[1]) != last(link[2])) == []


@pytest.mark.parametrize("package", ["http", "requests"])
def test_a_name_that_two_packages_have_is_that_of_the_page(
    pages: dict[str, Page], package: str
) -> None:
    links = pages[f"reference/{package}.html"].names
    shown_so = {name for shown, name in links if shown == "Response"}

    assert shown_so == {f"fastly_compute.{package}.Response"}


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


def test_each_public_error_leads_to_its_cause_and_what_to_do(pages: dict[str, Page]) -> None:
    rows = {anchor for anchor in pages["error-index.html"].anchors if anchor.startswith("error-")}
    linked = {
        link.partition("error-index.html#")[2]
        for name, page in pages.items()
        if name.startswith("reference/")
        for link in page.links
        if "error-index.html#error-" in link
    }

    assert len(rows) > 150
    assert linked == rows


def test_the_picture_of_the_layers_has_every_package(built: Path) -> None:
    page = (built / "architecture.html").read_text()
    (picture,) = re.findall(r'<svg class="picture"[^>]*arrow means.*?</svg>', page, re.DOTALL)
    texts = re.findall(r"<text[^>]*>(.*?)</text>", picture)
    shown = {name for text in texts for name in re.findall(r"[a-z0-9-]+", unescape(text))}
    packages = {path.parent.name for path in (DOCS.parent / "packages").glob("*/pyproject.toml")}

    assert shown == {package.removeprefix("fastly-compute-") for package in packages}


def test_a_plot_has_the_figures_of_the_table_after_it(built: Path) -> None:
    page = (built / "benchmarks.html").read_text()
    plots = page.split('<svg xmlns="http://www.w3.org/2000/svg" id="chart-plot-')[1:]

    assert len(plots) == (DOCS / "benchmarks.md").read_text().count("```{plot}") > 0
    for number, plot in enumerate(plots):
        bars = {float(value) for value in re.findall(r'<desc class="value">([\d.]+)</desc>', plot)}
        table = "".join(plots[number:]).partition("<table")[2].partition("</table>")[0]
        figures = {float(figure) for figure in re.findall(r"<p>([\d.]+)</p>", table)}
        assert 'role="img" aria-label="' in plot.partition(">")[0]
        assert len(bars) > 10
        assert bars <= figures


def test_the_sitemap_has_every_page(built: Path, pages: dict[str, Page]) -> None:
    sitemap = (built / "sitemap.xml").read_text()

    assert [name for name in pages if f"/{name}</loc>" not in sitemap] == []


def test_a_page_says_what_it_is_where_it_is_shared_and_how_old_it_is(built: Path) -> None:
    page = (built / "guides" / "caching.html").read_text()

    assert '<meta property="og:title" content="Caching"' in page
    assert meta(page, "description") == "There are three caches, each for another need."
    if (DOCS.parent / ".git").is_dir():
        assert re.search(r"Last updated on\s+\d+ \w+ 20\d\d", page)


def meta(text: str, name: str) -> str:
    """Return what a page says of itself for where it is shared."""
    (content,) = re.findall(f'<meta property="og:{name}" content="([^"]*)"', text)
    return unescape(content)


def test_every_page_that_is_shared_has_a_card_of_its_own(
    built: Path, texts: dict[str, str]
) -> None:
    shared = {name: text for name, text in texts.items() if 'property="og:title"' in text}
    cards = {name: meta(text, "image") for name, text in shared.items()}
    base = "http://localhost:8000/"

    assert texts.keys() - shared.keys() == {"genindex.html", "py-modindex.html", "search.html"}
    assert len(set(cards.values())) == len(shared)
    for name, text in shared.items():
        card = cards[name]
        image = (built / card.removeprefix(base)).read_bytes()
        (title,) = re.findall("<h1>(.*?)<a ", text, re.DOTALL)
        assert card.startswith(f"{base}_images/social_previews/summary_"), name
        assert image.startswith(b"\x89PNG"), name
        assert struct.unpack(">II", image[16:24]) == (
            int(meta(text, "image:width")),
            int(meta(text, "image:height")),
        ), name
        assert meta(text, "title") == unescape(re.sub("<[^>]*>", "", title)), name
        assert meta(text, "image:alt").strip(), name
