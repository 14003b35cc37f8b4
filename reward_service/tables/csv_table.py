"""A table in a CSV file: comma, semicolon or tab, with a header."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from reward_service.errors import ConfigurationError, RequestError
from reward_service.tables.fields import Columns, columns_of, passages
from reward_service.tables.kinds import Kind
from reward_service.tables.rows import Raw
from reward_service.tables.source import Source

DELIMITERS = (",", ";", "\t")
UTF_8 = "utf-8-sig"  # without the mark of byte order that spreadsheets put in front
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
EMPTY_IS_NULL = ("reference", "context", "id")
"""Fields of which an empty cell says that there is none; an empty prompt or completion is a text."""
_CELL = 2**31 - 1
"""The longest cell in characters.  The module's own limit would refuse long texts, and holds for all readers
of the process."""


class CsvTable:
    """Rows of cells.  All of them are texts, and come back as they are.

    Args:
        source: the bytes.
        keep: see `columns_of`.
        encoding: a name that Python knows; UTF-8 where it is None.

    Raises:
        RequestError: no header, a column is missing or stands there twice.
        ConfigurationError: there is no such encoding.
    """

    def __init__(self, source: Source, keep: Collection[str] = (), encoding: str | None = None) -> None:
        self.source = source
        self.encoding = _known(encoding)
        csv.field_size_limit(_CELL)
        with self._text() as text:
            self.delimiter, self.header, self.columns = self._head(text, keep)

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def kinds(self) -> Mapping[str, Kind]:
        return dict.fromkeys(self.header, Kind.TEXT)

    def raw(self, whole: bool) -> Iterator[Raw]:  # noqa: ARG002 (a row is read whole anyway)
        with self._text() as text:
            lines = _records(text, self.delimiter, self.name)
            next(lines)  # the header
            for number, (line, cells) in enumerate(lines, start=1):
                place = f"{self.name}:{line}"
                if len(cells) != len(self.header):
                    raise RequestError(f"{place}: has {len(cells)} cells, the header has {len(self.header)}")
                values = dict(zip(self.header, cells, strict=True))
                yield Raw(number, place, values, self._given(values, place), self.columns)

    def _given(self, values: Mapping[str, str], place: str) -> dict[str, object]:
        given: dict[str, object] = dict(values)
        for field in EMPTY_IS_NULL:
            column = self.columns.get(field)
            if column is not None and values[column] == "":
                given[column] = None
        column = self.columns.get("context")
        if column is not None and given[column] is not None:
            given[column] = passages(values[column], f"{place}:{column}")
        return given

    def _head(self, text: io.TextIOBase, keep: Collection[str]) -> tuple[str, Sequence[str], Columns]:
        """The delimiter with which the header names what is needed."""
        refused = []
        for delimiter in DELIMITERS:
            text.seek(0)
            header: list[str] = []
            try:
                line, header = next(_records(text, delimiter, self.name), (1, header))
                place = f"{self.name}:{line}"
                columns = columns_of(header, place, keep)
            except RequestError as error:
                refused.append((len(header), error))
                continue
            twice = sorted({name for name in header if header.count(name) > 1})
            if twice:
                raise RequestError(f"{place}:{twice[0]}: the header names this column twice")
            return delimiter, header, columns
        most, complaint = max(refused, key=lambda each: each[0])
        raise complaint if most else RequestError(f"{self.name} holds no row to score")

    @contextmanager
    def _text(self) -> Iterator[io.TextIOBase]:
        """The file as text from its start.

        Raises:
            RequestError: it isn't in the encoding; names the line.
        """
        text = io.TextIOWrapper(self.source.again(), encoding=self.encoding, newline="")
        try:
            yield text
        except UnicodeDecodeError:
            failed = True
        else:
            failed = False
        finally:
            text.detach()  # else it would close the source
        if failed:
            raise self._undecodable()

    def _undecodable(self) -> RequestError:
        place, encoding = self.name, self.encoding.removesuffix("-sig")
        data = self.source.again()
        if self.encoding == UTF_8 and data.read(2) in UTF_16_MARKS:
            return RequestError(f"{place}: looks like UTF-16; say --encoding utf-16, or save it as UTF-8")
        said = f"not {encoding}"
        for number, line in enumerate(self.source.again(), start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                place, said = f"{place}:{number}", f"{said} (byte {error.start} of the line)"
                break
        return RequestError(f"{place}: {said}; save the file as UTF-8, or say its --encoding, such as cp1252")


def _known(encoding: str | None) -> str:
    if encoding is None:
        return UTF_8
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)  # some codecs make no text
    except LookupError:
        raise ConfigurationError(f"--encoding: there is no encoding {encoding!r}", where="encoding") from None
    return UTF_8 if name == "utf-8" else name


def _records(text: io.TextIOBase, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """The records that aren't blank lines, each with the line on which it begins."""
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise RequestError(f"{name}:{line}: no CSV: {error}") from None
        if record:
            yield line, record
