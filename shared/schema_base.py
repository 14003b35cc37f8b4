"""What all messages of the wire are made of; `schema.py` is where they are imported from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

SCHEMA_VERSION = "1"
DEFAULT_REWARD = "full_coherence_reward"
DEFAULT_POLICY = "default"
MAX_PASSAGES = 64
"""Passages of one item."""


class Request(BaseModel):
    """What callers send: unknown fields are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Response(BaseModel):
    """What the server sends."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class ChatMessage(Request):
    """One message of a conversation, as chat templates have it."""

    role: Literal["system", "user", "assistant", "tool", "developer"]
    content: str
    """Its text."""


class Usage(Response):
    """What a request cost."""

    nli_pairs: int = 0
    """Pairs that the NLI model judged."""
    nli_tokens: int = 0
    """Tokens that it read."""
    cached: int = 0
    """Annotations, vectors, verdicts and whole samples that came from a cache or were shared within the
    request."""
