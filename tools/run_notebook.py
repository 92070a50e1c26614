"""run_notebook.py FILE [--out DIR | --in-place]: executes a notebook from its first cell to its last; any error fails.

With --out the executed copy is written there. With --in-place the notebook keeps what it printed and drew, without times, so that a
reader of the repository sees it and the same run gives the same file (`make notebooks`). Says so if the text that a notebook keeps is not
what it prints now.
"""
import argparse
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def printed(notebook):
    """All that its cells wrote as text."""
    return "".join(output.get("text", "") for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs)


def cleaned(notebook):
    """Only what the cells are and what came out: no times, no state of a front end."""
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
            for output in cell.outputs:
                output.get("metadata", {}).clear()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--in-place", action="store_true")
    parser.add_argument("--timeout", type=int, default=600, help="seconds per cell")
    arguments = parser.parse_args()

    notebook = nbformat.read(arguments.notebook, as_version=4)
    kept = printed(notebook)
    client = NotebookClient(notebook, timeout=arguments.timeout, kernel_name="python3",
                            resources={"metadata": {"path": str(arguments.notebook.resolve().parent)}})
    try:
        client.execute()
    except CellExecutionError as error:
        print(f"error: {arguments.notebook}:\n{error}", file=sys.stderr)
        return 1
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    if cells == 0:
        print(f"error: {arguments.notebook} has no code", file=sys.stderr)
        return 1
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, arguments.out / arguments.notebook.name)
    if arguments.in_place:
        cleaned(notebook)
        nbformat.write(notebook, arguments.notebook)
    elif kept and printed(notebook) != kept:
        print(f"{arguments.notebook}: prints something else than it keeps; `make notebooks` keeps what it prints now")
    print(f"{arguments.notebook}: {cells} code cells executed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
