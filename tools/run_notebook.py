"""run_notebook.py FILE [--out DIR]: executes a notebook from its first cell to its last; any error fails.

With --out the executed copy is written there; the notebook in the repository is never changed.
"""
import argparse
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--timeout", type=int, default=600, help="seconds per cell")
    arguments = parser.parse_args()

    notebook = nbformat.read(arguments.notebook, as_version=4)
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
    print(f"{arguments.notebook}: {cells} code cells executed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
