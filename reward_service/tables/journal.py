"""Results on disk as they come, so that a run that is interrupted goes on where it stopped."""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Self

from pydantic import BaseModel

from reward_service.errors import ConfigurationError
from shared.schema import SCHEMA_VERSION, Detail, ItemResult

VERSION = 1
ENDING = ".partial.jsonl"
MISSING = -1
LOST = "--restart throws it away and begins anew."


@dataclass(frozen=True, slots=True)
class Header:
    """What a journal's results are results of.  They go with no other input and no other question."""

    input: str
    """Digest of all rows."""
    rewards: tuple[str, ...]
    detail: Detail
    schema_version: str = SCHEMA_VERSION
    version: int = VERSION

    def line(self, fingerprint: str) -> bytes:
        return _line({"touchstone_journal": asdict(self), "fingerprint": fingerprint})


class _Entry(BaseModel):
    row: int
    digest: str
    result: ItemResult


class Journal:
    """Results by row, in a file beside the output; made by `opened`.

    The first line says what they are results of, every other one is a row's result.  A chunk is on the disk
    before the next one is scored.  After a crash the file may end in a torn line; from the first line on that
    can't be read nothing counts, and those rows are scored again.
    """

    def __init__(self, path: Path, header: Header, digests: Sequence[bytes], file: BinaryIO) -> None:
        self.path = path
        self.header = header
        self.fingerprint: str | None = None
        """Of what scored the rows; None before any is there."""
        self.dropped = 0
        """Bytes at the end that could not be read."""
        self._digests = digests
        self._file = file
        self._places = array("q", [MISSING]) * len(digests)
        self._done = 0
        self._recover()

    @classmethod
    @contextmanager
    def opened(
        cls, output: Path, header: Header, digests: Sequence[bytes], *, restart: bool = False
    ) -> Iterator[Self]:
        """The journal of an output; an empty one is removed at the end.

        Args:
            output: the file that the results are for.
            header: what they are results of.
            digests: of all rows.
            restart: throw away what is there.

        Raises:
            ConfigurationError: the file is a journal of something else, or none, or another process writes
                it; says what to do.
            OSError: it can't be written.
        """
        path = output.with_name(output.name + ENDING)
        with path.open("r+b" if path.exists() else "w+b") as file:
            _lock(file, path)
            if restart:
                file.truncate(0)
            journal = cls(path, header, digests, file)
            try:
                yield journal
            finally:
                if not len(journal):
                    path.unlink(missing_ok=True)

    def __len__(self) -> int:
        """How many rows are done."""
        return self._done

    def todo(self, row: int) -> bool:
        """Whether a row, counted from 0, has no result yet."""
        return self._places[row] == MISSING

    def bind(self, fingerprint: str) -> None:
        """Say what scores from now on.

        Raises:
            ConfigurationError: what is there was scored by something else.
        """
        if not self._done:
            self.fingerprint = fingerprint
            self._file.seek(0)
            self._file.truncate()
            self._file.write(self.header.line(fingerprint))
            self._flush()
        elif self.fingerprint != fingerprint:
            raise ConfigurationError(
                f"{self.path} holds scores of fingerprint {self.fingerprint}, and what scores now has "
                f"{fingerprint}: other models, thresholds or rewards, whose scores don't compare. Go on with "
                f"those that it was begun with. {LOST}"
            )

    def add(self, results: Mapping[int, ItemResult]) -> None:
        """Keep the results of some rows, counted from 0; they are on the disk when this returns."""
        place = self._file.seek(0, os.SEEK_END)
        for row, result in results.items():
            entry = {"row": row, "digest": self._digests[row].hex(), "result": result.model_dump()}
            line = _line(entry)
            self._file.write(line)
            self._note(row, place)
            place += len(line)
        self._flush()

    def results(self) -> Iterator[tuple[int, ItemResult]]:
        """Every result that is there, by its row, in the order of the rows."""
        for row, place in enumerate(self._places):
            if place != MISSING:
                self._file.seek(place)
                yield row, _entry(self._file.readline()).result

    def remove(self) -> None:
        """Delete the file; what it held stands in the output."""
        self.path.unlink()

    def _note(self, row: int, place: int) -> None:
        self._done += self._places[row] == MISSING
        self._places[row] = place

    def _flush(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())

    def _recover(self) -> None:
        """Read what is there, and cut off what can't be read."""
        first = self._file.readline()
        if not first.endswith(b"\n"):
            # Nothing was ever kept; a torn first line of ours is the beginning of the one we would write.
            if first and not self.header.line("").startswith(first[:24]):
                raise self._stranger()
            return
        header, self.fingerprint = self._read_header(first)
        if header != self.header:
            if self._file.readline().endswith(b"\n"):
                raise self._differs(header)
            return  # nothing is lost with it
        end = self._file.tell()
        while (line := self._file.readline()).endswith(b"\n"):
            try:
                entry = _entry(line)
            except ValueError:
                break
            if not self._known(entry):
                break
            self._note(entry.row, end)
            end = self._file.tell()
        self.dropped = self._file.seek(0, os.SEEK_END) - end
        self._file.truncate(end)

    def _known(self, entry: _Entry) -> bool:
        return 0 <= entry.row < len(self._digests) and entry.digest == self._digests[entry.row].hex()

    def _read_header(self, line: bytes) -> tuple[Header, str]:
        try:
            told = json.loads(line)
            fields = told["touchstone_journal"]
            detail = Detail(fields.pop("detail"))
            return Header(rewards=tuple(fields.pop("rewards")), detail=detail, **fields), told["fingerprint"]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self._stranger() from None

    def _differs(self, other: Header) -> ConfigurationError:
        mine = self.header
        if (other.rewards, other.detail) != (mine.rewards, mine.detail):
            options = " ".join([*(f"--reward {name}" for name in other.rewards), f"--detail {other.detail}"])
            said = f"was begun with {options}; say the same to go on"
        elif other.input != mine.input:
            said = "was begun for another input, or rows were changed since; go on with the input that it had"
        else:
            said = "was begun by another version of this program; go on with that one"
        return ConfigurationError(f"{self.path} {said}. {LOST}")

    def _stranger(self) -> ConfigurationError:
        return ConfigurationError(
            f"{self.path} is where results are kept until all are there, and holds something else; "
            "move it away, or --restart throws it away"
        )


def _entry(line: bytes) -> _Entry:
    # pydantic's own reader of JSON refuses lone surrogates
    return _Entry.model_validate(json.loads(line))


def _line(value: object) -> bytes:
    # in ASCII, since a lone surrogate can be written so
    return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"


def _lock(file: BinaryIO, path: Path) -> None:
    """Two processes that write one journal would spoil it."""
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigurationError(f"another process is writing {path}; wait for it, or end it") from None
    except OSError:
        return  # a file system without locks
