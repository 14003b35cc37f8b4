"""`export`: an adapter → merged weights, GGUF files, a Modelfile for Ollama."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from trainer.export.source import find_source
from trainer.policy import SMOLLM2
from trainer.quiet import quiet
from trainer.stopping import StopSignals

if TYPE_CHECKING:
    from trainer.commands import Commands

FORMATS = "adapter,merged,gguf-f16,gguf-q8_0,gguf-q4_k_m,modelfile"


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "export", help="an adapter → merged weights, GGUF files, Ollama's Modelfile"
    )
    command.set_defaults(run=run)
    command.add_argument(
        "source", type=Path, metavar="RUN_OR_ADAPTER", help="a run's folder, or an adapter's"
    )
    command.add_argument(
        "--output-dir", type=Path, required=True, help="a new folder, or an earlier export's"
    )
    command.add_argument("--formats", default=FORMATS, help="separated by commas (default: %(default)s)")
    command.add_argument(
        "--base", metavar="MODEL", help="the base model: a folder or a name on the hub (default: the run's)"
    )
    command.add_argument(
        "--dtype",
        choices=("auto", "float16", "bfloat16", "float32"),
        default="auto",
        help="what the merged weights are saved as; auto: as the base, but float16 for float32",
    )
    command.add_argument(
        "--system-prompt", type=Path, metavar="FILE", help="for the Modelfile (default: the one of the run)"
    )
    command.add_argument(
        "--llama-cpp", type=Path, metavar="DIR", help="its folder (default: LLAMA_CPP, .llama.cpp, the PATH)"
    )


def run(parsed: argparse.Namespace, console: Console) -> int:
    """Export, say what goes on, and list the files."""
    base = find_source(parsed.source, parsed.base).base
    quiet(console, offline=base == SMOLLM2 or Path(base).is_dir())

    from transformers.utils import logging

    from trainer.export.export import Wanted, export, parse_formats
    from trainer.export.manifest import file_table

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    began = time.monotonic()
    wanted = Wanted(
        source=parsed.source,
        output_dir=parsed.output_dir,
        formats=parse_formats(parsed.formats),
        base=parsed.base,
        dtype=parsed.dtype,
        system_prompt=parsed.system_prompt,
        llama_cpp=parsed.llama_cpp,
    )
    with StopSignals(), console.status("beginning") as status:

        def report(text: str) -> None:
            status.update(escape(text))
            clock = f"[dim]{time.monotonic() - began:5.0f} s[/dim]"
            console.print(f"{clock}  {escape(text)}", highlight=False, soft_wrap=True)

        files = export(wanted, report)
    console.print(file_table(files))
    console.print(f"export: {parsed.output_dir / 'export.json'}", highlight=False, soft_wrap=True)
    return 0
