"""What the server uses: asynchronous, hashing, deleting by itself, quick to say that the database is away."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from reward_service.errors import ConfigurationError, RecordsUnavailable
from reward_service.records import Records, Wanted, schema
from reward_service.records.database import Database
from reward_service.records.keeping import NOT_KEPT
from reward_service.records.store import Store
from reward_service.settings import Settings
from shared.schema import Outcome, ReviewDecision, ReviewState
from tests.reward_service.records.samples import Clock, answered, asked, reason
from tests.support.postgres import PASSWORD, Postgres

pytestmark = pytest.mark.anyio

KEY = "a secret of many characters"
QUESTION = "How does surplus value arise under capitalism?"
ANSWER = "Labour power creates more value than its own reproduction costs."
PASSAGE = "The capitalist buys labour power at its value and appropriates the surplus."


def settings(url: str, **fields: Any) -> Settings:
    return Settings(database_url=SecretStr(url), record_checks=True, **fields)


@asynccontextmanager
async def open_records(url: str, *, purge_s: float = 3600.0, **fields: Any) -> AsyncIterator[Records]:
    records = Records(settings(url, **fields), purge_s=purge_s)
    await records.start()
    try:
        yield records
    finally:
        await records.close()


async def test_keeping_finding_deciding_and_coming_back(url: str) -> None:
    async with open_records(url) as records:
        identity = await records.keep(asked(QUESTION), answered(reason()))
        decided = await records.decide(identity, ReviewDecision(state=ReviewState.REJECTED, note="no"))
    async with open_records(url) as records:
        assert await records.get(identity) == decided
        assert (await records.find(Wanted(contains="surplus"))).reviews == [decided]
        assert (await records.find(Wanted(), limit=1, cursor=None)).total == 1


async def test_twenty_are_kept_at_once(url: str) -> None:
    async with open_records(url) as records:
        kept = await asyncio.gather(*(records.keep(asked(str(n)), answered(reason())) for n in range(20)))
        assert len(set(kept)) == 20
        assert {review.id for review in (await records.find(Wanted())).reviews} == set(kept)


async def test_before_the_start_nothing_is_asked(url: str) -> None:
    records = Records(settings(url))
    with pytest.raises(RecordsUnavailable, match="not open"):
        await records.find(Wanted())
    await records.close()


async def test_what_is_past_its_time_goes_at_the_start_and_later(url: str) -> None:
    database = Database(SecretStr(url))
    schema.upgrade(database)
    before = Store(database, clock=Clock(datetime.now(UTC) - timedelta(days=3)))
    nearly = Store(database, clock=Clock(datetime.now(UTC) - timedelta(days=1.9)))
    before.keep(asked(), answered())
    left = {nearly.keep(asked(), answered())}
    async with open_records(url, record_days=2) as records:
        left.add(await records.keep(asked(), answered()))
        await _until_left(records, left)
    async with open_records(url, purge_s=0.05, record_days=2) as records:
        await asyncio.sleep(0.2)  # the first deletion is over
        before.keep(asked(), answered())
        await _until_left(records, left)
        assert await records.delete_expired() == 0
        assert {review.id for review in (await records.find(Wanted())).reviews} == left
    database.close()


async def test_deleting_goes_on_after_an_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    async with open_records(url, purge_s=0.05, record_days=1) as records:
        database = Database(SecretStr(url))
        with caplog.at_level(logging.WARNING), database.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE checks RENAME TO hidden")
        while "no such table: checks" not in caplog.text:
            await asyncio.sleep(0.02)
        with database.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE hidden RENAME TO checks")
        Store(database, clock=Clock(datetime(2020, 1, 1, tzinfo=UTC))).keep(asked(), answered())
        database.close()
        await _until_left(records, set())


async def test_deleted_texts_are_gone_from_the_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    database = Database(SecretStr(url))
    schema.upgrade(database)
    Store(database, clock=Clock(datetime(2020, 1, 1, tzinfo=UTC))).keep(
        asked(QUESTION), answered(answer=ANSWER)
    )
    assert QUESTION.encode() in _bytes(tmp_path)
    assert Store(database).delete_older_than(1) == 1
    assert QUESTION.encode() not in _bytes(tmp_path)
    assert ANSWER.encode() not in _bytes(tmp_path)
    database.close()


async def test_hashed_nothing_of_the_texts_is_kept(tmp_path: Path) -> None:
    quoting = reason(
        "contradicted", Outcome.FAIL, message=f"“{ANSWER}” contradicts “{PASSAGE}”.", span=(0, 20),
        measure=2.0, evidence={"sentence": ANSWER, "passage": [PASSAGE]},
    )  # fmt: skip
    check = asked(QUESTION, answer=f"<think>{QUESTION}</think>{ANSWER}", context=[PASSAGE])
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    async with open_records(url, record_texts="hashed", record_hash_key=SecretStr(KEY)) as records:
        first = await records.keep(check, answered(quoting, answer=ANSWER))
        again = await records.keep(asked("How does surplus\u200b value arise under capitalism?"), answered())
        kept, other = await records.get(first), await records.get(again)
        inside = _bytes(tmp_path)
        assert (await records.find(Wanted(contains="value"))).total == 0
    inside += _bytes(tmp_path)
    assert (kept.question, kept.answer, kept.context) == (None, None, None)
    assert kept.question_hash == hmac.new(KEY.encode(), QUESTION.encode(), hashlib.sha256).hexdigest()
    assert kept.question_hash == other.question_hash  # what is invisible makes no difference
    assert kept.answer_hash is not None
    assert kept.answer_hash not in {kept.question_hash, other.answer_hash}
    assert kept.reasons == [reason("contradicted", Outcome.FAIL, message=NOT_KEPT, measure=2.0)]
    assert kept.scores == answered().scores
    assert first.encode() in inside
    for text in (QUESTION, ANSWER, PASSAGE):
        for start in range(len(text) - 8):  # any nine characters in a row
            assert text[start : start + 9].encode() not in inside, text[start : start + 9]
        assert hashlib.sha256(text.encode()).hexdigest().encode() not in inside  # a hash without the key
    assert KEY.encode() not in inside


@pytest.mark.parametrize("key", [None, SecretStr(""), SecretStr("fifteen letters")])
async def test_hashing_wants_a_key_that_is_long_enough(tmp_path: Path, key: SecretStr | None) -> None:
    with pytest.raises(ConfigurationError, match=r"REWARD_RECORD_HASH_KEY.* 16 characters") as refused:
        Records(settings(f"sqlite:///{tmp_path / 'kept.db'}", record_texts="hashed", record_hash_key=key))
    assert refused.value.where == "REWARD_RECORD_HASH_KEY"
    assert "fifteen" not in str(refused.value)


async def test_a_database_that_goes_and_comes_back(
    postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_records(postgres.empty_database()) as records:
        first = await records.keep(asked(), answered())
        postgres.stop()
        try:
            with caplog.at_level(logging.DEBUG):
                for _ in range(3):
                    began = time.monotonic()
                    with pytest.raises(RecordsUnavailable) as refused:
                        await records.keep(asked("SECRET"), answered())
                    assert time.monotonic() - began < 2
                    assert "127.0.0.1" not in str(refused.value)  # callers need not know where it is
                with pytest.raises(RecordsUnavailable):
                    await records.find(Wanted())
        finally:
            postgres.start()
        assert "refused" in caplog.text  # but the log says it
        assert PASSWORD not in caplog.text
        assert "SECRET" not in caplog.text
        second = await _kept_at_last(records)
        assert {review.id for review in (await records.find(Wanted())).reviews} == {first, second}


async def test_a_database_that_was_restarted_meanwhile_is_not_noticed(postgres: Postgres) -> None:
    async with open_records(postgres.empty_database()) as records:
        first = await records.keep(asked(), answered())
        postgres.stop()
        postgres.start()
        second = await records.keep(asked(), answered())
        assert {review.id for review in (await records.find(Wanted())).reviews} == {first, second}


async def test_a_database_that_hangs_holds_up_one_check_and_no_more(postgres: Postgres) -> None:
    records = Records(settings(postgres.empty_database()))
    await records.start()
    await records.keep(asked(), answered())
    postgres.freeze()
    try:
        began = time.monotonic()
        with pytest.raises(RecordsUnavailable, match="does not answer"):
            await records.keep(asked(), answered())
        assert 1.5 < time.monotonic() - began < 4
        began = time.monotonic()
        for _ in range(10):
            with pytest.raises(RecordsUnavailable, match="a moment ago"):
                await records.keep(asked(), answered())
        assert time.monotonic() - began < 1.5  # one more wait would take 2 s
    finally:
        postgres.thaw()
    await _kept_at_last(records)
    await records.close()


async def test_a_caller_with_less_time_notices_as_well(postgres: Postgres) -> None:
    async with open_records(postgres.empty_database()) as records:
        await records.keep(asked(), answered())
        postgres.freeze()
        try:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await records.keep(asked(), answered())
            with pytest.raises(RecordsUnavailable, match="a moment ago"):
                await records.keep(asked(), answered())
        finally:
            postgres.thaw()


async def test_closing_waits_for_no_database_that_hangs(postgres: Postgres) -> None:
    records = Records(settings(postgres.empty_database()))
    await records.start()
    await records.keep(asked(), answered())
    postgres.freeze()
    try:
        with pytest.raises(RecordsUnavailable):
            await records.keep(asked(), answered())
        async with asyncio.timeout(15):
            await records.close()
    finally:
        postgres.thaw()


async def _kept_at_last(records: Records) -> str:
    async with asyncio.timeout(60):
        while True:
            try:
                return await records.keep(asked(), answered())
            except RecordsUnavailable:
                await asyncio.sleep(0.1)


async def _until_left(records: Records, left: set[str]) -> None:
    async with asyncio.timeout(60):
        while {review.id for review in (await records.find(Wanted())).reviews} != left:
            await asyncio.sleep(0.02)


def _bytes(folder: Path) -> bytes:
    """The database and its write-ahead log."""
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
