"""What can go wrong in an export."""

from __future__ import annotations


class ExportError(RuntimeError):
    """The export can't be made; the message names the option, file or field, and says what to do."""
