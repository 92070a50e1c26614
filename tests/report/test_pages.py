"""The pages of sweeps and explorations in a real browser, headless: `make report-test`."""
import json
import os
import subprocess

import pytest

import brokersim

from test_page import CHROMIUM, OUT, ROOT, browser, playwright  # noqa: F401  browser is a fixture

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
PROGRAM = os.environ.get("BROKERSIM", str(ROOT / "build/release/brokersim"))
ACKS, RATE = "/workloads/0/config/acks", "/workloads/0/rate"


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    path = tmp_path_factory.mktemp("sweep") / "sweep.html"
    scenario = brokersim.Scenario.load(ROOT / "scenarios/quickstart/first-steps.json")
    scenario["/faults/0/kind"] = "power_loss"
    scenario["/expect"] = [{"metric": "records.lost_acknowledged", "equals": 0}, {"metric": "unavailable.longest", "at_most": "1 s"}]
    rows = brokersim.sweep(scenario, {ACKS: [0, 1, "all"], "/network/cross_zone": ["250 us", "1 ms"]}, seeds=range(1, 5), jobs=2)
    rows.report(path)
    return rows, path


def opened(browser, path, scheme="light"):
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page.said, page.asked = [], []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(f"file://{path}")
    page.wait_for_function("window.brokersimReport")
    return page


# Goal: it opens without an error or a request and shows every setting with the intervals that Python computes.
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_a_sweep(browser, swept, scheme):  # noqa: F811
    rows, path = swept
    assert path.stat().st_size < 1e6
    page = opened(browser, path, scheme)
    assert page.locator("#answer tbody tr").count() == 6 and page.evaluate("window.brokersimReport.settings") == 6
    data = page.evaluate("JSON.parse(document.getElementById('page-data').textContent)")
    for setting, row in zip(data["settings"], rows.summary("latency.produce.p99_ms")):
        found = setting["metrics"]["latency.produce.p99_ms"]
        assert [found[name] for name in ("n", "mean", "low", "high", "min", "max")] == pytest.approx([max(row[name], 0) for name in ("n", "mean", "low", "high", "min", "max")])
        assert setting["values"] == [str(row[ACKS]), row["/network/cross_zone"]]
    for setting, row in zip(data["settings"], rows.share()):
        found = setting["metrics"]["records.lost_acknowledged"]
        assert (found["hits"], found["share_low"], found["share_high"]) == pytest.approx((row["hits"], row["low"], row["high"]))
    assert page.locator("svg .mark").count() >= 12, "a mark for each setting in both charts"
    OUT.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(OUT / f"sweep-{scheme}.png"), full_page=True)
    for select in page.locator("select").all():
        for option in ("latency.produce.p99_ms", "records.sent", "unavailable.total"):
            select.select_option(option)
    failed = [row for row in rows if row["verdict"] != "holds"]
    assert page.locator("section[aria-labelledby=runs-title] tbody tr").count() == len(failed) > 0
    assert failed[0]["fingerprint"] in page.inner_text("body") and f"seed={failed[0]['seed']}" in page.inner_text("body")
    assert json.loads(data["source"])["faults"][0]["kind"] == "power_loss", "a scenario in memory can be repeated from its page"
    assert "null" not in page.inner_text("#foot") and "undefined" not in page.inner_text("body")
    assert page.said == [] and page.asked == [f"file://{path}"]
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "tables scroll inside themselves on a phone"
    page.screenshot(path=str(OUT / f"sweep-{scheme}-390.png"), full_page=True)
    page.close()


# Goal: without a mouse and by ear. Method: Tab to a mark shows its numbers; everything has a name; headings in order.
def test_keyboard_and_screen_reader_basics(browser, swept):  # noqa: F811
    page = opened(browser, swept[1])
    page.locator("svg [tabindex='0']").first.focus()
    page.wait_for_selector("#tip:not([hidden])")
    assert "n = 4" in page.inner_text("#tip")
    problems = page.evaluate("""() => [
        ...[...document.querySelectorAll('svg[viewBox], svg [tabindex]')].filter(e => !e.getAttribute('aria-label') || !e.getAttribute('role')).map(e => e.tagName),
        ...[...document.querySelectorAll('button, select')].filter(e => !(e.textContent.trim() || e.labels?.length)).map(e => e.outerHTML),
        ...[...document.querySelectorAll('section')].filter(s => !document.getElementById(s.getAttribute('aria-labelledby'))).map(s => s.id),
        ...[...document.querySelectorAll('th')].filter(t => t.getAttribute('scope') !== 'col').map(t => t.textContent)]""")
    assert problems == []
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map(h => +h.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:]))
    page.close()


# Goal: the command line writes the same page. Method: the same sweep by both, the settings compared.
def test_the_command_lines_page(browser, tmp_path):  # noqa: F811
    scenario, path = ROOT / "scenarios/quickstart/first-steps.json", tmp_path / "cli.html"
    done = subprocess.run([PROGRAM, "sweep", scenario, "--vary", f"{ACKS}=1,all", "--seeds", "1..3", "--report", path], capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1, 3) and path.exists(), done.stderr
    brokersim.sweep(scenario, {ACKS: [1, "all"]}, seeds=range(1, 4)).report(tmp_path / "python.html")
    pages = [opened(browser, tmp_path / name) for name in ("cli.html", "python.html")]
    theirs, ours = [page.evaluate("JSON.parse(document.getElementById('page-data').textContent)") for page in pages]
    assert theirs["settings"] == ours["settings"] and theirs["metrics"] == ours["metrics"] and theirs["failed"] == ours["failed"]
    assert [page.said for page in pages] == [[], []]
    for page in pages:
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_an_exploration(browser, tmp_path, scheme):  # noqa: F811
    path = tmp_path / "found.html"
    done = subprocess.run([PROGRAM, "explore", ROOT / "searches/first.json", "--out", tmp_path / "found", "--runs", "40", "--json", "--report", path],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, 1), done.stderr
    search = json.loads(done.stdout)
    page = opened(browser, path, scheme)
    text = page.inner_text("body")
    assert page.locator("article.story").count() == len(search["findings"]) and all(f["signature"] in text for f in search["findings"])
    assert all(name in text for name in search["probes"])
    assert page.said == [] and page.asked == [f"file://{path}"]
    page.screenshot(path=str(OUT / f"explore-{scheme}.png"), full_page=True)
    page.close()
