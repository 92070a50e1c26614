"""Draws the curves that validate_devices writes: one SVG per CSV file.

    validation_pictures.py CSV_FOLDER SVG_FOLDER

A file has two comment lines, title and options (logx, logy, steps), then a header. The first column is x, its name the
label of the axis; a column name may end in "| label", which names the y axis. Series "(published)" are markers.
"""
import csv
import pathlib
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "brokersim"  # same bytes at every run
matplotlib.rcParams["svg.fonttype"] = "none"
from matplotlib import pyplot  # noqa: E402


def draw(source, target):
    with open(source, newline="") as file:
        title = file.readline().lstrip("# ").strip()
        options = file.readline().lstrip("# ").split()
        table = list(csv.reader(file))
    names, rows = table[0], [[float(cell) for cell in row] for row in table[1:]]
    figure, axes = pyplot.subplots(figsize=(7, 4))
    y_label = ""
    for column, name in enumerate(names[1:], start=1):
        name, _, label = name.partition("|")
        y_label = label.strip() or y_label
        points = [(row[0], row[column]) for row in rows if row[column] == row[column]]
        published = name.strip().endswith("(published)")
        axes.plot([x for x, _ in points], [y for _, y in points],
                  **({"linestyle": "none", "marker": "o", "markersize": 4} if published else {"linewidth": 1.5}),
                  **({"drawstyle": "steps-post"} if "steps" in options and not published else {}),
                  label=name.strip())
    axes.set_xscale("log" if "logx" in options else "linear")
    axes.set_yscale("log" if "logy" in options else "linear")
    axes.set(title=title, xlabel=names[0], ylabel=y_label)
    axes.grid(True, alpha=0.3)
    axes.legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def main():
    source, target = map(pathlib.Path, sys.argv[1:3])
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*.csv")):
        draw(path, target / (path.stem + ".svg"))
        print(target / (path.stem + ".svg"))


if __name__ == "__main__":
    main()
