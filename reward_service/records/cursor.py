"""Where the next page begins: after the check with this moment and this id."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from dataclasses import dataclass
from datetime import datetime

from reward_service.errors import RequestError
from reward_service.records.wanted import utc


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last check of a page.  Pages are cut at a check, not at a number, so that checks which come or go
    meanwhile neither repeat nor hide others."""

    created_at: datetime
    id: str

    def written(self) -> str:
        """As it stands in `ReviewList.next`."""
        return base64.urlsafe_b64encode(json.dumps([self.created_at.isoformat(), self.id]).encode()).decode()


def read(text: str) -> Cursor:
    """The cursor of a page.

    Raises:
        RequestError: the text is none.
    """
    try:
        moment, identity = json.loads(base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True))
        return Cursor(utc(datetime.fromisoformat(moment)), str(uuid.UUID(identity)))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError, binascii.Error):
        raise RequestError("cursor: this is none; take `next` of the page before", where="cursor") from None
