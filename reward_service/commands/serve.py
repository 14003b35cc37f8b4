"""`serve`: the server on a socket, with uvicorn."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import json
import os
import socket
from dataclasses import dataclass

import uvicorn
from rich.console import Console
from rich.text import Text

from reward_service.app import create_app
from reward_service.commands.engine import Build, build_engine
from reward_service.errors import ConfigurationError
from reward_service.settings import Settings, require_safe_binding
from shared.schema import DEFAULT_REWARD

NAME = "serve"
HELP = "load the models and answer requests"
STOP_S = 10
"""Seconds that running requests have when the server is told to stop."""

EXAMPLE = {
    "items": [
        {
            "prompt": "What is surplus value?",
            "completion": "<think>Recall Capital, volume one.</think>Surplus value is the value that "
            "workers produce beyond the value of their own labour power. The capitalist pays for that power, "
            "but owns everything that labour makes, and keeps the difference.",
            "reference": "Surplus value is the difference between the value that labour creates and the "
            "value of labour power, that is, the wage. The capitalist appropriates it because he owns the "
            "means of production.",
        }
    ],
    "rewards": [DEFAULT_REWARD],
    "detail": "layers",
}


@dataclass(frozen=True, slots=True)
class Job:
    """Where to listen; None where the settings say it."""

    host: str | None = None
    port: int | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--host", help="the address to listen on (REWARD_HOST)")
    parser.add_argument("--port", type=_port, help="the port; 0 takes a free one (REWARD_PORT or PORT)")


def job(parsed: argparse.Namespace) -> Job:
    """What the arguments say."""
    return Job(parsed.host, parsed.port)


def run(job: Job, settings: Settings, console: Console, build: Build = build_engine) -> int:
    """Serve until told to stop.

    Returns:
        0 after an ordinary stop, 1 if the models could not be loaded.

    Raises:
        ConfigurationError: the address is not safe or not free.
    """
    told = {"host": job.host, "port": job.port}
    settings = settings.model_copy(update={name: value for name, value in told.items() if value is not None})
    require_safe_binding(settings)
    # Before torch is loaded.  Its threads wait for each other by spinning unless they are told to sleep, and
    # that takes the processor from spaCy's processes and from the other model.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    engine = build(settings)
    listener = listen(settings.host, settings.port)
    url = _url(listener)
    failures: list[Exception] = []

    def started(failure: Exception | None) -> None:
        if failure is None:
            console.print(Text.assemble(("ready", "bold green"), f" at {url}. Try:"), soft_wrap=True)
            example = curl(url, with_key=bool(settings.api_keys))
            console.print(example, markup=False, highlight=False, soft_wrap=True)
        else:
            failures.append(failure)
            server.should_exit = True

    app = create_app(settings, engine, on_started=started)
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=STOP_S)
    )
    console.print(f"Touchstone on {url}; loading the models ({settings.models} pack) …", soft_wrap=True)
    with listener:
        server.run(sockets=[listener])
    if failures:
        console.print(Text.assemble(("error: ", "bold red"), str(failures[0])), soft_wrap=True)
    return 1 if failures else 0


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that port 0 gives one that is known before the server runs.

    Raises:
        ConfigurationError: the address can't be bound; says what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        hint = "; PORT=… chooses another port" if error.errno == errno.EADDRINUSE else ""
        reason = error.strerror or str(error)
        raise ConfigurationError(f"can't listen on {host} port {port}: {reason}{hint}") from None
    # Made anew from its descriptor, the socket knows that its protocol is TCP.  Only then does asyncio switch
    # Nagle's algorithm off, which holds back each answer's body for 40 ms on a connection that is kept alive.
    return socket.socket(fileno=bound.detach())


def curl(url: str, *, with_key: bool) -> str:
    """A command line that scores an example on this server; a key has to be filled in where one is needed."""
    key = ' \\\n  -H "Authorization: Bearer $KEY"' if with_key else ""
    return f"curl -s {url}/score -H 'Content-Type: application/json'{key} \\\n  -d '{json.dumps(EXAMPLE)}'"


def _port(text: str) -> int:
    """A port; argparse says what is wrong with any other text."""
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"must be 0 … 65535, not {port}")
    return port


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    return f"http://[{address}]:{port}" if address.version == 6 else f"http://{address}:{port}"
