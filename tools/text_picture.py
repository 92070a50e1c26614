#!/usr/bin/env python3
"""Draws text from standard input as an SVG that looks like a terminal, for the README.

    build/release/brokersim run scenarios/incidents/leader-power-loss.json | tools/text_picture.py > picture.svg
"""
import html
import sys

CHAR_WIDTH, LINE_HEIGHT, MARGIN = 7.83, 17, 14
EMPHASIS = {
    "HOLDS": "#3fb950", "VIOLATED": "#f85149", "INCONCLUSIVE": "#d29922",
}
HEADINGS = ("Records", "What was lost", "Unavailable", "Latency", "Leaders", "Faults", "Laws", "Expectations", "Notes", "Run",
            "Replay", "Predicted")


def style(line: str) -> str:
    for word, colour in EMPHASIS.items():
        if line.startswith(word):
            return f' fill="{colour}" font-weight="bold"'
    if line.startswith(HEADINGS):
        return ' fill="#79c0ff" font-weight="bold"'
    return ""


def main() -> None:
    lines = [line.rstrip("\n") for line in sys.stdin]
    while lines and not lines[-1].strip():
        lines.pop()
    width = int(max(map(len, lines)) * CHAR_WIDTH + 2 * MARGIN)
    height = len(lines) * LINE_HEIGHT + 2 * MARGIN
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
          f'viewBox="0 0 {width} {height}" role="img" aria-label="Outcome of a run">')
    print(f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>')
    print('<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13" fill="#e6edf3" '
          'xml:space="preserve">')
    for number, line in enumerate(lines):
        if line:
            y = MARGIN + LINE_HEIGHT * (number + 0.8)
            print(f'<text x="{MARGIN}" y="{y:.0f}"{style(line)} xml:space="preserve">{html.escape(line)}</text>')
    print("</g>\n</svg>")


if __name__ == "__main__":
    main()
