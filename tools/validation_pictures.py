"""Draws the curves that validate_devices writes: one SVG per CSV file.

    validation_pictures.py CSV_FOLDER SVG_FOLDER

A file has two comment lines, title and options (logx, logy, steps), then a header. The first column is x, its name the
label of the axis. A column name that ends in "| label" begins a panel with that y axis, one below the other; the columns
behind it are drawn into the same panel. Series "(published)" and "(closed form)" are markers.
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
    panels = []
    for column, name in enumerate(names[1:], start=1):
        name, bar, label = name.partition("|")
        if bar or not panels:
            panels.append((label.strip(), []))
        panels[-1][1].append((column, name.strip()))
    figure, grid = pyplot.subplots(len(panels), 1, sharex=True, squeeze=False, figsize=(7, 4 if len(panels) == 1 else 5))
    for axes, (label, series) in zip(grid[:, 0], panels):
        for column, name in series:
            points = [(row[0], row[column]) for row in rows if row[column] == row[column]]
            published = name.endswith(("(published)", "(closed form)"))
            axes.plot([x for x, _ in points], [y for _, y in points],
                      **({"linestyle": "none", "marker": "o", "markersize": 4} if published else {"linewidth": 1.5}),
                      **({"drawstyle": "steps-post"} if "steps" in options and not published else {}),
                      label=name)
        axes.set_xscale("log" if "logx" in options else "linear")
        axes.set_yscale("log" if "logy" in options else "linear")
        axes.set(ylabel=label)
        axes.grid(True, alpha=0.3)
        axes.legend(fontsize="small")
    grid[0, 0].set(title=title)
    grid[-1, 0].set(xlabel=names[0])
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
