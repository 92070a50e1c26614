"""What notebooks show: tables and small inline pictures, without scripts, readable in light and dark."""
from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brokersim.result import Result
    from brokersim.scenario import Scenario

_LEFT = "style='text-align:left;vertical-align:top'"
_COLOURS = {"holds": "#2e7d32", "violated": "#c62828", "inconclusive": "#b26a00", "bug": "#c62828"}


def table(rows: list[tuple[str, str]], caption: str = "") -> str:
    """Two columns; the second is HTML already."""
    cells = "".join(f"<tr><th {_LEFT}>{html.escape(name)}</th><td {_LEFT}>{value}</td></tr>" for name, value in rows)
    head = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return f"<table>{head}{cells}</table>"


def verdict_html(verdict: str) -> str:
    """The word, coloured, with a mark that does not need the colour."""
    mark = {"holds": "✓", "violated": "✗"}.get(verdict, "?")
    return f"<b style='color:{_COLOURS.get(verdict, 'inherit')}'>{mark} {html.escape(verdict)}</b>"


def result_html(result: Result) -> str:
    """Verdict, counts, a strip of time with faults and windows, what did not hold, the stories of losses, the replay line."""
    produce = result.latency.produce
    rows = [("verdict", verdict_html(result.verdict)), ("seed", str(result.seed)),
            ("records acknowledged", f"{result.records.acknowledged:,} of {result.records.sent:,} sent"),
            ("lost after acknowledgement", f"{result.records.lost_acknowledged:,}"),
            ("produce latency", f"median {produce.p50_ms:,.2f} ms, 99th percentile {produce.p99_ms:,.2f} ms (n = {produce.count:,})"),
            ("longest unavailable", f"{result.longest_unavailable_s():,.2f} s")]
    if result.faults or result.unavailable:
        rows.append(("what happened when", _strip(result)))
    broken = [e for e in result.expectations if e.verdict != "holds"]
    if broken:
        rows.append(("not as expected", "<br>".join(html.escape(f"{e.verdict}: {e.text} ({e.detail})") for e in broken[:8])))
    if result.failed_laws:
        rows.append(("laws broken", html.escape(", ".join(result.failed_laws))))
    for loss in result.losses[:3]:
        rows.append((f"{loss.records:,} lost of {loss.of}", html.escape(loss.explanation)))
    if len(result.losses) > 3:
        rows.append(("", f"{len(result.losses) - 3} more losses: result.losses"))
    rows.append(("replay", f"<code>{html.escape(result.replay)}</code>"))
    return table(rows, result.title)


def _strip(result: Result) -> str:
    """Time from left to right: unavailable windows above, faults below."""
    width, end = 480.0, max(result.simulated_seconds, 1e-9)

    def bar(start: float, stop: float, y: int, colour: str, title: str) -> str:
        x = start / end * width
        wide = max((stop - start) / end * width, 2.0)
        return f"<rect x='{x:.1f}' y='{y}' width='{wide:.1f}' height='10' fill='{colour}'><title>{html.escape(title)}</title></rect>"

    windows = "".join(bar(w.from_s, w.to_s, 4, "#c62828", f"{w.what} {w.of}: {w.from_s:.2f} to {w.to_s:.2f} s")
                      for w in result.unavailable[:200])
    faults = "".join(bar(f.at_s, f.healed_s if f.healed_s is not None else f.at_s, 18, "#b26a00", f"{f.kind}: {f.target}")
                     for f in result.faults[:200] if f.fired)
    return (f"<svg width='{width:.0f}' height='46' role='img' aria-label='unavailable windows and faults over time' "
            f"font-family='sans-serif' font-size='10'><line x1='0' y1='32' x2='{width:.0f}' y2='32' stroke='gray'/>{windows}{faults}"
            f"<text x='0' y='44' fill='gray'>0 s</text><text x='{width:.0f}' y='44' text-anchor='end' fill='gray'>{end:g} s</text>"
            f"<text x='{width / 2:.0f}' y='44' text-anchor='middle' fill='gray'>red: unavailable, brown: faults</text></svg>")


def scenario_html(scenario: Scenario) -> str:
    """Title, why, what it is made of, what is wrong with it, and the whole text folded away."""

    def listed(value: Any) -> str:
        items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        return html.escape(", ".join(str(i.get("name") or i.get("kind") or i.get("metric") or i.get("check") or "?")
                                     if isinstance(i, dict) else str(i) for i in items))

    rows = [(name, html.escape(str(scenario[name]))) for name in ("why", "seed", "duration") if name in scenario]
    rows += [(name, listed(scenario[name])) for name in ("hosts", "workloads", "faults", "expect") if scenario.get(name)]
    if isinstance(scenario.get("systems"), dict):
        rows.append(("systems", html.escape(", ".join(f"{name} ({value.get('kind', '?')})" if isinstance(value, dict) else name
                                                      for name, value in scenario["systems"].items()))))
    problems = scenario.validate()
    rows.append(("problems", problems._repr_html_()))
    text = html.escape(json.dumps(scenario.to_dict(), indent=2, ensure_ascii=False))
    rows.append(("file", f"<details><summary>{html.escape(scenario.file or 'in memory')}</summary><pre>{text}</pre></details>"))
    return table(rows, str(scenario.get("title", "")))
