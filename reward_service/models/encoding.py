"""Texts → token ids without truncation, and back into the sequences that a model expects."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from tokenizers import Tokenizer
from torch import Tensor

from reward_service.errors import ModelUnavailable


class Tokens(NamedTuple):
    """One input sequence of a model, special tokens included."""

    ids: list[int]
    types: list[int]


class Encoder:
    """A tokenizer that never truncates or pads, and that any number of threads may use at once.

    Literal special tokens in a text ("</s>", "[SEP]") are removed: they would end the sequence for the
    model, and BART refuses batches whose counts of "</s>" differ.

    Args:
        backend: the tokenizer as stored; truncation and padding that are stored with it are switched off
            (that of all-MiniLM-L6-v2 cuts at 128 tokens).
        max_length: tokens that the model takes, special ones included.
        special_tokens: the strings to remove from texts.
        pad_id: id of the padding token.
        with_types: the model takes `token_type_ids`.
    """

    def __init__(
        self,
        backend: Tokenizer,
        *,
        max_length: int,
        special_tokens: Sequence[str],
        pad_id: int,
        with_types: bool,
    ) -> None:
        self._tokenizer = Tokenizer.from_str(backend.to_str())
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        longest_first = sorted(filter(None, special_tokens), key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        self.max_length = max_length
        self._pad_id = pad_id
        self._with_types = with_types
        self._single = _template(self._tokenizer, pair=False)
        self._pair = _template(self._tokenizer, pair=True)
        self.single_room = max_length - sum(len(part.ids) for part in self._single[::2])
        """Tokens of text that fit into one sequence."""
        self.pair_room = max_length - sum(len(part.ids) for part in self._pair[::2])
        """Tokens of both texts together that fit into one sequence."""
        if self.pair_room < 4:
            raise ModelUnavailable(f"an input of {max_length} tokens has no room for two texts")

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, all of them, without special tokens."""
        special = self._special
        clean = [special.sub(" ", text) for text in texts] if special else list(texts)
        return [encoding.ids for encoding in self._tokenizer.encode_batch(clean, add_special_tokens=False)]

    def single(self, ids: list[int]) -> Tokens:
        """The sequence of one text."""
        return _fill(self._single, ids)

    def pair(self, first: list[int], second: list[int]) -> Tokens:
        """The sequence of two texts."""
        return _fill(self._pair, first, second)

    def inputs(self, batch: Sequence[Tokens], device: str, length: int | None = None) -> dict[str, Tensor]:
        """Sequences as tensors of shape (n, length), padded at the end; the longest's length by default.

        They go to a GPU in one copy, from pinned memory, without waiting for it.
        """
        longest = length or max(len(tokens.ids) for tokens in batch)
        on_gpu = device.startswith("cuda")
        names = ["input_ids", "attention_mask", *(["token_type_ids"] if self._with_types else [])]
        block = torch.zeros((len(names), len(batch), longest), dtype=torch.int64, pin_memory=on_gpu)
        rows = block.numpy()
        rows[0].fill(self._pad_id)
        for number, tokens in enumerate(batch):
            end = len(tokens.ids)
            rows[0, number, :end] = tokens.ids
            rows[1, number, :end] = 1
            if self._with_types:
                rows[2, number, :end] = tokens.types
        return dict(zip(names, block.to(device, non_blocking=on_gpu).unbind(), strict=True))


def encoder_of(tokenizer: Any, *, max_length: int) -> Encoder:
    """The encoder of a transformers tokenizer.

    Raises:
        ModelUnavailable: it has no `tokenizer.json` backend or no padding token.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if not isinstance(backend, Tokenizer) or tokenizer.pad_token_id is None:
        raise ModelUnavailable(f"{type(tokenizer).__name__} has no fast tokenizer with a padding token")
    return Encoder(
        backend,
        max_length=max_length,
        special_tokens=tokenizer.all_special_tokens,
        pad_id=tokenizer.pad_token_id,
        with_types="token_type_ids" in tokenizer.model_input_names,
    )


def _template(tokenizer: Tokenizer, *, pair: bool) -> list[Tokens]:
    """Special tokens and texts in turn, as the tokenizer's post-processor lays them out."""
    encoding = tokenizer.encode("a", "b") if pair else tokenizer.encode("a")
    parts = [Tokens([], [])]
    in_text = False
    for token, special, kind in zip(
        encoding.ids, encoding.special_tokens_mask, encoding.type_ids, strict=True
    ):
        if in_text == bool(special):
            parts.append(Tokens([], []))
            in_text = not in_text
        parts[-1].ids.append(token)
        parts[-1].types.append(kind)
    if in_text:
        parts.append(Tokens([], []))
    if len(parts) != (5 if pair else 3):
        raise ModelUnavailable("the tokenizer does not separate two texts by special tokens")
    return parts


def _fill(template: Sequence[Tokens], *texts: list[int]) -> Tokens:
    ids: list[int] = []
    types: list[int] = []
    for number, part in enumerate(template):
        content = texts[number // 2] if number % 2 else part.ids
        ids += content
        types += [part.types[0]] * len(content) if number % 2 else part.types
    return Tokens(ids, types)
