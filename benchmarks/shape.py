"""An NLI model of BART-large's shape with random weights: what its speed depends on, without a download.

python -m benchmarks.shape [--layers 12] [--seed 0] [--folder FOLDER]

It costs what facebook/bart-large-mnli costs, number for number; its verdicts say nothing, and differ little
between pairs.  The tokenizer is MiniLM's vocabulary with BART's special tokens, so a word has as many tokens
as real models give it (1.2 or so).  `REWARD_NLI_MODEL=FOLDER` makes the server use it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

FOLDER = Path("runs/benchmarks/shapes")
LABELS = ("contradiction", "neutral", "entailment")
SPECIAL = {"[PAD]": "<pad>", "[UNK]": "<unk>", "[CLS]": "<s>", "[SEP]": "</s>", "[MASK]": "<mask>"}
"""MiniLM's special token → BART's in its place."""
_MARK = "shape.json"


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a BART classifier; by default those of BART-large."""

    layers: int = 12
    """Of the encoder, and as many of the decoder."""
    width: int = 1024
    inner: int = 4096
    heads: int = 16
    vocabulary: int = 50_265
    positions: int = 1024
    seed: int = 0

    @property
    def label(self) -> str:
        """As tables name it."""
        large = asdict(self) | {"seed": 0} == asdict(Shape())
        sizes = f"{self.layers}+{self.layers} layers of {self.width}"
        return "BART-large shape" if large else f"BART shape, {sizes}"

    @property
    def folder_name(self) -> str:
        return f"bart-{self.layers}x{self.width}x{self.inner}-seed{self.seed}"

    def flops_per_token(self, length: float) -> float:
        """Floating-point operations of one token in a forward call, each multiplication and addition one.

        A matrix of n weights costs 2n.  Encoder: q, k, v, o and two of the feed-forward; decoder: as many,
        and q, k, v, o again for the look at the encoder.  Attention itself: 4 · width · length for each of
        the three kinds (in the decoder's own, as it is computed, without leaving out what the mask hides).

        Args:
            length: tokens of a sequence.
        """
        matrices = 12 * self.width**2 + 4 * self.width * self.inner
        return self.layers * (2.0 * matrices + 3 * 4 * self.width * length)


def shaped_model(shape: Shape, root: Path = FOLDER) -> Path:
    """The folder of a model of this shape in the hub's layout; made at the first call, 1.6 GB for BART-large.

    Args:
        shape: its sizes.
        root: where such folders lie.
    """
    folder = root / shape.folder_name
    mark = folder / _MARK
    if mark.is_file() and json.loads(mark.read_text(encoding="utf-8")) == asdict(shape):
        return folder
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root) as made:
        _save(shape, Path(made))
        if folder.exists():
            shutil.rmtree(folder)
        shutil.copytree(made, folder, copy_function=shutil.move)
    mark.write_text(json.dumps(asdict(shape)), encoding="utf-8")
    return folder


def _save(shape: Shape, folder: Path) -> None:
    import torch
    from transformers import BartConfig, BartForSequenceClassification

    tokenizer, ids = _tokenizer(shape.positions)
    config = BartConfig(
        vocab_size=shape.vocabulary,
        d_model=shape.width,
        encoder_layers=shape.layers,
        decoder_layers=shape.layers,
        encoder_attention_heads=shape.heads,
        decoder_attention_heads=shape.heads,
        encoder_ffn_dim=shape.inner,
        decoder_ffn_dim=shape.inner,
        max_position_embeddings=shape.positions,
        pad_token_id=ids["<pad>"],
        bos_token_id=ids["<s>"],
        eos_token_id=ids["</s>"],
        decoder_start_token_id=ids["</s>"],
        id2label=dict(enumerate(LABELS)),
        label2id={label: number for number, label in enumerate(LABELS)},
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(shape.seed)
        model: Any = BartForSequenceClassification(config)
    model.save_pretrained(str(folder), safe_serialization=True)
    tokenizer.save_pretrained(str(folder))


def _tokenizer(positions: int) -> tuple[Any, dict[str, int]]:
    """MiniLM's word pieces between BART's special tokens, and the ids of these."""
    from tokenizers import Tokenizer, models, processors
    from transformers import PreTrainedTokenizerFast

    from reward_service.models.pack import MINILM_PACKAGE
    from reward_service.models.vetted import verify_package

    base = Tokenizer.from_file(str(verify_package(MINILM_PACKAGE).folder / "model" / "tokenizer.json"))
    vocabulary = {SPECIAL.get(word, word): number for word, number in base.get_vocab().items()}
    ids = {name: vocabulary[name] for name in SPECIAL.values()}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="<unk>"))
    made.normalizer, made.pre_tokenizer, made.decoder = base.normalizer, base.pre_tokenizer, base.decoder
    made.post_processor = processors.RobertaProcessing(("</s>", ids["</s>"]), ("<s>", ids["<s>"]))
    fast: Any = PreTrainedTokenizerFast
    tokenizer = fast(
        tokenizer_object=made,
        bos_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        cls_token="<s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=positions,
        model_input_names=["input_ids", "attention_mask"],
    )
    return tokenizer, ids


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options by which other benchmarks choose a shape."""
    parser.add_argument("--layers", type=int, help="of the encoder, and of the decoder (BART-large: 12)")
    parser.add_argument("--shapes", type=Path, default=FOLDER, help="where models of random weights lie")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the model, if it is not there yet, and say where."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shape", description=__doc__)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--inner", type=int, default=4096)
    parser.add_argument("--heads", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    shape = Shape(options.layers, options.width, options.inner, options.heads, seed=options.seed)
    console = Console()
    with console.status(f"writing a model of {shape.label} …"):
        folder = shaped_model(shape, options.folder)
    console.print(f"{shape.label}: {folder}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
