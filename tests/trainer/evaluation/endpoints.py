"""Stand-ins for Ollama and for an OpenAI-compatible endpoint: real HTTP, and answers that a test tells."""

from __future__ import annotations

from typing import Any

from tests.support.stand_in import Answer, Behaviour, Received, StandIn


class Endpoint(StandIn):
    """Says the question back, in the form of whichever path was asked; `script` goes first."""

    def answer(self, received: Received) -> Answer:
        self.received.append(received)
        if self.script:
            told: Answer | Behaviour = self.script.popleft()
            return told if isinstance(told, Answer) else told(received)
        question = body_of(received)["messages"][-1]["content"]
        return said(received.path, f"You ask: {question}")

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The requests' bodies, in the order of their coming."""
        return [body_of(received) for received in self.received]


def body_of(received: Received) -> dict[str, Any]:
    import json

    body: dict[str, Any] = json.loads(received.body)
    return body


def said(path: str, text: str | None, reasoning: str | None = None, end: str = "stop") -> Answer:
    """A completion as Ollama (`/api/chat`) or an OpenAI-compatible endpoint gives it."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if path == "/api/chat":
        if reasoning is not None:
            message["thinking"] = reasoning
        return Answer(body={"message": message, "done": True, "done_reason": end, "eval_count": 7})
    if reasoning is not None:
        message["reasoning_content"] = reasoning
    choice = {"index": 0, "message": message, "finish_reason": end}
    return Answer(body={"choices": [choice], "usage": {"completion_tokens": 7}})
