"""`database upgrade|current|purge`: looks after the database of kept checks, without a server."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Literal, get_args

from rich.console import Console
from rich.text import Text

from reward_service.settings import Settings

NAME = "database"
HELP = "bring the database of kept checks up to date, or delete what is past its time"

Action = Literal["upgrade", "current", "purge"]
BEHIND = 1
"""The exit status of `current` where the tables are not up to date."""


@dataclass(frozen=True, slots=True)
class Job:
    """What the command line asks for."""

    action: Action


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "action",
        choices=get_args(Action),
        help="upgrade: create the tables or bring them up to date (a server does so by itself); "
        "current: say which revision they have; purge: delete checks older than REWARD_RECORD_DAYS",
    )


def job(parsed: argparse.Namespace) -> Job:
    """What the command line asks for."""
    return Job(parsed.action)


def run(job: Job, settings: Settings, console: Console) -> int:
    """Do it to the database of `database_url`, and say what was done.

    Returns:
        0; 1 where `current` finds tables that are not up to date.

    Raises:
        ConfigurationError: the database can't be reached or written, or is newer than this program.
        RecordsUnavailable: it went away meanwhile.
    """
    from reward_service.records import schema
    from reward_service.records.database import Database
    from reward_service.records.store import Store

    database = Database(settings.database_url)
    try:
        found = schema.current(database)
        schema.require_known(found)
        if job.action == "current":
            newest = schema.head()
            state = "up to date" if found == newest else f"the newest is {newest}; run `database upgrade`"
            _say(console, f"{database.name}: revision {found or 'none'}, {state}")
            return 0 if found == newest else BEHIND
        if job.action == "purge" and found is None:
            _say(console, f"{database.name}: nothing is kept there yet")
            return 0
        revision = schema.upgrade(database)
        if job.action == "upgrade":
            was = "was so already" if found == revision else f"was {found or 'none'}"
            _say(console, f"{database.name}: revision {revision}, {was}")
            return 0
        gone = Store(database).delete_older_than(settings.record_days)
        _say(console, f"{database.name}: {gone} checks older than {settings.record_days:g} days deleted")
        return 0
    finally:
        database.close()


def _say(console: Console, line: str) -> None:
    console.print(Text(line), soft_wrap=True)
