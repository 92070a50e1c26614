"""The report in a real browser, headless: `make report-test`. Screenshots are left in build/report for people to look at."""
import json
import os
import re
import shutil
from pathlib import Path

import pytest

import brokersim

playwright = pytest.importorskip("playwright.sync_api")
ROOT = Path(__file__).resolve().parents[2]
OUT = Path(os.environ.get("REPORT_OUT", ROOT / "build/report"))
CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
FLUID_MS = 100  # one frame of all charts; a screen shows ten such per second on a slow machine


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as engine:
        chromium = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A run that loses records: three brokers, a planted bug."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    result = brokersim.run(ROOT / "scenarios/planted/ack-before-replication.json")
    result.report(path)
    return result, path


class Opened:
    """A page, and what it did."""

    def __init__(self, browser, path, scheme="light"):
        self.page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
        self.console, self.requests, self.errors = [], [], []
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(f"file://{path}")
        self.page.wait_for_function("window.brokersimReport && window.brokersimReport.charts.every(c => c.drawn || c.stale)")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.page.close()


# Goal: it opens without an error or a request, draws every chart, tells every loss, in both colour schemes.
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_opens_and_draws(browser, report, scheme):
    result, path = report
    OUT.mkdir(parents=True, exist_ok=True)
    with Opened(browser, path, scheme) as opened:
        page = opened.page
        page.evaluate("window.brokersimReport.paintAll()")
        drawn = page.evaluate("""() => window.brokersimReport.charts.map(({canvas}) => {
            const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            const seen = new Set();
            for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3]) seen.add(pixels[i] << 16 | pixels[i + 1] << 8 | pixels[i + 2]);
            return [canvas.getAttribute('aria-label'), seen.size]; })""")
        assert len(drawn) >= 13 and all(colours >= 4 for _, colours in drawn), drawn
        text = page.inner_text("body")
        assert "As expected" in text and "acknowledged records lost" in text and result.replay in text and result.fingerprint in text
        stories = page.evaluate("JSON.parse(document.getElementById('timeline-data').textContent).stories")
        assert [story["title"] for story in stories] == page.locator("article.story h3").all_inner_texts() != []
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
        assert opened.console == [] and opened.errors == []
        assert opened.requests == [f"file://{path}"], "nothing but itself"
        page.screenshot(path=str(OUT / f"report-{scheme}.png"), full_page=True)
        page.screenshot(path=str(OUT / f"report-{scheme}-top.png"))


# Goal: it can be used without a mouse and by ear. Method: keys on a chart and on a table; names of all there is.
def test_keyboard_and_screen_reader_basics(browser, report):
    with Opened(browser, report[1]) as opened:
        page = opened.page
        before = page.inner_text("#span")
        page.locator("canvas").first.focus()
        page.keyboard.press("+")
        page.wait_for_function(f"document.getElementById('span').textContent !== {json.dumps(before)}")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Escape")
        page.wait_for_function(f"document.getElementById('span').textContent === {json.dumps(before)}")
        rows = page.locator("#partitions tr.pick")
        rows.last.focus()
        page.keyboard.press("Enter")
        assert rows.last.get_attribute("aria-selected") == "true"
        problems = page.evaluate("""() => [
            ...[...document.querySelectorAll('canvas')].filter(c => !c.getAttribute('aria-label') || c.tabIndex < 0).map(() => 'canvas'),
            ...[...document.querySelectorAll('button, select, input')].filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length)).map(e => e.outerHTML),
            ...[...document.querySelectorAll('section')].filter(s => !s.hidden && !document.getElementById(s.getAttribute('aria-labelledby'))).map(s => s.id),
            ...[...document.querySelectorAll('th')].filter(t => t.getAttribute('scope') !== 'col').map(t => t.textContent)]""")
        assert problems == []
        levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map(h => +h.tagName[1])")
        assert levels[0] == 1 and levels.count(1) == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:]))
        page.keyboard.press("Home")
        assert page.locator("a.skip").get_attribute("href") == "#verdict"
        assert opened.errors == []


def test_zoom_by_dragging_and_tips(browser, report):
    with Opened(browser, report[1]) as opened:
        page = opened.page
        canvas = page.locator("canvas").first
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        before = page.inner_text("#span")
        page.mouse.move(box["x"] + 200, box["y"] + 10)
        page.wait_for_selector("#tip:not([hidden])")
        assert "running" in page.inner_text("#tip") or " s" in page.inner_text("#tip")
        page.mouse.down()
        page.mouse.move(box["x"] + 500, box["y"] + 10, steps=5)
        page.mouse.up()
        page.wait_for_function(f"document.getElementById('span').textContent !== {json.dumps(before)}")
        assert opened.errors == []


# Goal: 100,000 events stay fluid. Method: the page with that many, and the time of a frame of all charts while zooming.
def test_a_hundred_thousand_events_stay_fluid(browser, report, tmp_path):
    html = report[1].read_text(encoding="utf-8")
    found = re.search('(<script type="application/json" id="timeline-data">)(.*?)(</script>)', html, re.S)
    timeline = json.loads(found[2])
    events, n = timeline["events"], 100_000
    step = int(timeline["duration_s"] * 1e6 / n)
    kind = events["kinds"].index("ISR changed")
    events.update(at_us=[step] * n, kind=[kind if i % 3 else i % 10 for i in range(n)], who=[i % 3 for i in range(n)],
                  partition=[0 if i % 3 else -1 for i in range(n)], value=[i % 4 for i in range(n)])
    path = tmp_path / "many.html"
    path.write_text(html[:found.start(2)] + json.dumps(timeline, separators=(",", ":")) + html[found.end(2):], encoding="utf-8")
    assert path.stat().st_size < 5e6
    with Opened(browser, path) as opened:
        page = opened.page
        assert page.evaluate("window.brokersimReport.events") == n
        frames = page.evaluate("""() => { const times = [], r = window.brokersimReport;
            for (let k = 0; k < 12; k++) { r.zoom(k / 2, k / 2 + 20); const begin = performance.now(); r.paintAll(); times.push(performance.now() - begin); }
            return times.sort((a, b) => a - b); }""")
        assert frames[2] < FLUID_MS, frames  # one of the fastest: the slower ones are those of a busy machine
        page.locator(".list").scroll_into_view_if_needed()
        page.evaluate("document.querySelector('.list').scrollTop = 1e6")
        page.wait_for_function("document.querySelectorAll('.list .row').length > 5")
        assert page.locator(".list .row").count() < 60, "only what is seen is in the page"
        assert opened.errors == []
        print(f"\n100,000 events: frame of all charts {frames[0]:.1f} ms, median {frames[len(frames) // 2]:.1f} ms, {path.stat().st_size / 1e6:.2f} MB")


def test_prints(browser, report):
    with Opened(browser, report[1], "dark") as opened:
        OUT.mkdir(parents=True, exist_ok=True)
        opened.page.emulate_media(media="print")
        assert opened.page.locator("header .badge").is_visible() and opened.page.locator(".replay code").is_visible(), "the answer is on paper, too"
        assert not opened.page.locator("#events").is_visible() and not opened.page.locator("header button").is_visible()
        pdf = opened.page.pdf(path=str(OUT / "report.pdf"), format="A4")
        assert pdf.startswith(b"%PDF") and len(pdf) > 50_000


# Goal: nothing is out of sight on a phone or with the longest names. Method: the width of the page; what overflows scrolls inside itself.
def test_fits_a_phone_and_long_names(browser, report, tmp_path):
    html = report[1].read_text(encoding="utf-8")
    long = tmp_path / "long.html"
    long.write_text(html.replace('"orders/0"', f'"{"x" * 200}/0"'), encoding="utf-8")
    for path, width in ((report[1], 390), (long, 1280), (long, 390)):
        with Opened(browser, path) as opened:
            opened.page.set_viewport_size({"width": width, "height": 800})
            assert opened.page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert opened.errors == []
            opened.page.screenshot(path=str(OUT / f"report-{path.stem}-{width}.png"), full_page=True)
