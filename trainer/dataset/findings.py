"""What a check of a data set finds, and how it is written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]
"""An error is what `data build` or `train` refuses, or what is surely broken; a warning is worth a look."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one place."""

    line: int | None
    """Counted from 1; None where the file as a whole is meant."""
    field: str | None
    severity: Severity
    check: str
    """Which check found it, in one or two words."""
    message: str

    def __str__(self) -> str:
        place = [] if self.line is None else [f"line {self.line}"]
        place += [] if self.field is None else [f"field {self.field}"]
        return ": ".join([*place, self.message])


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of a file, in the order of its lines."""

    file: str
    schema: str
    lines: int
    good: int
    """Lines that hold a record of the schema."""
    near_duplicates: str
    """How near-duplicates were looked for, or why they were not."""
    findings: tuple[Finding, ...]

    def count(self, severity: Severity) -> int:
        """Findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def by_check(self) -> Mapping[tuple[Severity, str], int]:
        """Findings of each check, errors first, then the most frequent first."""
        counts = Counter((finding.severity, finding.check) for finding in self.findings)
        return dict(sorted(counts.items(), key=lambda item: (item[0][0], -item[1], item[0][1])))

    def as_json(self) -> dict[str, Any]:
        """Everything, for a file."""
        return {
            **asdict(self),
            "findings": [asdict(finding) for finding in self.findings],
            "errors": self.count("error"),
            "warnings": self.count("warning"),
        }
