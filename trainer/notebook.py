"""Writes `training_data/GRPO_Training.ipynb` from `GRPO_Training.py` beside it, the one to change.

    python -m trainer.notebook

jupytext reads the source's `# %%` cells.  The notebook has no outputs and no random ids, so that the same
source gives the same file.
"""

from __future__ import annotations

from pathlib import Path

NOTEBOOK = Path(__file__).parents[1] / "training_data" / "GRPO_Training.ipynb"
SOURCE = NOTEBOOK.with_suffix(".py")


def notebook_text() -> str:
    """The notebook as it stands in the repository."""
    import jupytext

    notebook = jupytext.read(SOURCE, fmt="py:percent")
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    text: str = jupytext.writes(notebook, fmt="ipynb")
    return text.rstrip("\n") + "\n"


if __name__ == "__main__":
    NOTEBOOK.write_text(notebook_text(), encoding="utf-8")
    print(f"written: {NOTEBOOK.name}")
