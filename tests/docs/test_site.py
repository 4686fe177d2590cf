"""The documentation site: it is built without a warning, has all that is public, and each page opens in a browser."""

from __future__ import annotations

import functools
import html
import importlib
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest

pytest.importorskip("mkdocs")

ROOT = Path(__file__).parents[2]
PUBLIC = {
    "redisvl_adapters": "errors",
    "redisvl_adapters.core": "core",
    "redisvl_adapters.embedded": "embedded",
    "redisvl_adapters.langchain": "langchain",
    "redisvl_adapters.llama_index": "llama_index",
}
"""On which page of the reference each package is."""
CHROMIUM = """
--headless --no-sandbox --disable-gpu --window-size=1400,1000
--disable-background-networking --disable-component-update --disable-sync
""".split()
"""Without a window, and asking nobody but the site."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as ``make docs`` builds it."""
    built = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(built)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return built


def pages(site: Path) -> dict[str, str]:
    """Return the pages by their addresses."""
    found = sorted(site.rglob("index.html"))
    return {f"/{page.parent.relative_to(site).as_posix()}/".replace("/./", "/"): page.read_text() for page in found}


def test_no_link_leads_nowhere(site: Path) -> None:
    written = pages(site)
    anchors = {address: set(re.findall(r' id="?([^" >]+)', text)) for address, text in written.items()}
    followed = 0
    for address, text in written.items():
        for link in map(html.unescape, re.findall(r'<a [^>]*href="([^"]*)"', text)):
            target = urlsplit(urljoin(f"http://site{address}", link))
            if target.netloc != "site":
                continue
            followed += 1
            assert target.path in written, f"{address} leads to {link}"
            wanted = unquote(target.fragment)
            assert not wanted or wanted in anchors[target.path] or wanted.startswith("__"), f"{address}: {link}"
    assert followed > 1000


@pytest.mark.parametrize("package", PUBLIC)
def test_all_that_is_public_is_in_the_reference(site: Path, package: str) -> None:
    found = pages(site)
    page = found[f"/reference/{PUBLIC[package]}/"]
    public = importlib.import_module(package).__all__
    where = "redisvl_adapters.errors" if package == "redisvl_adapters" else package
    missing = [name for name in public if name != "__version__" and f'id="{where}.{name}"' not in page]
    # What is no error is told beside the core.
    beside = found["/reference/core/"]
    assert [name for name in missing if f'id="redisvl_adapters.{name}"' not in beside] == []


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """The address at which the site is served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium, without a window."""
    webdriver = pytest.importorskip("selenium.webdriver")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("needs chromium and chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in [*CHROMIUM, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield opened
    opened.quit()


def waiting(browser: Any) -> Any:
    """Return what waits until a browser shows something."""
    return importlib.import_module("selenium.webdriver.support.wait").WebDriverWait(browser, 20)


def test_each_page_opens_in_a_browser_with_its_heading_and_no_error(site: Path, address: str, browser: Any) -> None:
    for path, text in pages(site).items():
        (heading, *_) = re.findall(r"<h1[^>]*>(.*?)<a", text, re.DOTALL)
        browser.get(address + path)
        (shown, *_) = waiting(browser).until(
            lambda page: [each.text for each in page.find_elements("css selector", "h1")]
        )
        assert shown.strip("¶ \n") == html.unescape(re.sub("<[^>]+>", "", heading)).strip(), path
        assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == [], path


def test_the_search_finds_a_method(address: str, browser: Any) -> None:
    wait = waiting(browser)
    browser.get(address)
    field = browser.find_element("css selector", "input.md-search__input")
    browser.execute_script("arguments[0].focus()", field)
    field.send_keys("max_marginal_relevance_search")
    found = wait.until(lambda page: page.find_elements("css selector", ".md-search-result__link"))
    led_to = {urlsplit(link.get_attribute("href")).path for link in found}
    assert {"/retrieving/", "/reference/langchain/"} <= led_to
