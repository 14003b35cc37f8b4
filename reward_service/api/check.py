"""`POST /check` and `GET /policies`: live verdicts."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["check"])
