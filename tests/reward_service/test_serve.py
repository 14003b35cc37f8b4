"""The listening socket of `serve`."""

from __future__ import annotations

import socket

from reward_service.commands.serve import listen


def test_answers_are_not_held_back_by_nagles_algorithm() -> None:
    """asyncio switches it off for connections whose listener says that it speaks TCP, and for no other."""
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
        with socket.create_connection(listener.getsockname()[:2]):
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.proto == socket.IPPROTO_TCP
