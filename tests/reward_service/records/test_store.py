"""What is kept comes back as it was, in pages, under every filter, on both databases."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from reward_service.errors import NotFound, RequestError
from reward_service.records import schema
from reward_service.records.database import Database
from reward_service.records.store import DELETED_AT_ONCE, Store
from reward_service.records.wanted import Wanted
from shared.schema import ChatMessage, Outcome, Review, ReviewDecision, ReviewState
from tests.reward_service.records.samples import BEGIN, HOSTILE, Clock, answered, asked, reason

NEEDS_A_PERSON = frozenset({Outcome.REVIEW, Outcome.FAIL})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(database: Database, clock: Clock) -> Store:
    schema.upgrade(database)
    return Store(database, clock=clock)


def found(store: Store, **wanted: object) -> list[Review]:
    return store.find(Wanted(**wanted), 50, None).reviews  # type: ignore[arg-type]


def test_a_check_comes_back_whole(store: Store) -> None:
    reasons = [
        reason("contradicted", Outcome.FAIL, span=(3, 9), measure=2.0, evidence={"by": ["a", {"p": 0.93}]}),
        reason("loop", span=None, measure=1 / 3),
    ]
    identity = store.keep(asked("Why?", context=["One.", "Two."]), answered(*reasons))
    kept = store.get(identity)
    assert uuid.UUID(kept.id).version == 4
    assert kept.created_at == BEGIN + timedelta(seconds=1)
    assert kept.created_at.tzinfo is UTC
    assert (kept.verdict, kept.policy, kept.fingerprint) == (Outcome.FAIL, "default", "f00d")
    assert (kept.question, kept.answer, kept.context) == ("Why?", "Raw answer.", ["One.", "Two."])
    assert (kept.question_hash, kept.answer_hash) == (None, None)
    assert kept.reasons == reasons
    assert kept.scores == {"topic_relevance_reward": 1.5, "faithfulness_reward": None}
    assert (kept.state, kept.note, kept.decided_at) == (ReviewState.OPEN, None, None)
    assert found(store) == [kept]


def test_of_a_conversation_the_last_question_is_kept(store: Store) -> None:
    said = [("user", "First?"), ("assistant", "Yes."), ("user", "Second?"), ("assistant", "No.")]
    messages = [ChatMessage(role=role, content=content) for role, content in said]  # type: ignore[arg-type]
    kept = store.get(store.keep(asked().model_copy(update={"question": messages}), answered()))
    assert (kept.question, kept.context) == ("Second?", None)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_whatever_characters_come_they_come_back(store: Store, text: str) -> None:
    about = reason("loop", message=text, evidence={text: [text]})
    identity = store.keep(
        asked(text, context=[text, "…"]),
        answered(about, answer=text, scores={text[:50]: 1.0}, policy=text[:50]),
    )
    note = text[:4000].encode("utf-16", "replace").decode("utf-16")  # the wire takes no surrogates in notes
    store.decide(identity, ReviewDecision(state=ReviewState.REJECTED, note=note))
    kept = store.get(identity)
    assert (kept.question, kept.answer, kept.context) == (text, text, [text, "…"])
    assert kept.reasons == [about]
    assert (kept.policy, kept.scores, kept.note) == (text[:50], {text[:50]: 1.0}, note)
    assert [each.id for each in found(store, policy=text[:50], contains=text[:200])] == [identity]
    assert found(store, code=text[:50]) == []


def test_filters(store: Store) -> None:
    passed = store.keep(asked("Alpha"), answered(policy="lenient"))
    doubtful = store.keep(asked("Beta"), answered(reason("loop"), answer="On SURPLUS and Ünwert"))
    failed = store.keep(asked("Gamma surplus"), answered(reason("loop"), reason("off_topic", Outcome.FAIL)))
    store.decide(doubtful, ReviewDecision(state=ReviewState.ACCEPTED))

    def ids(**wanted: object) -> list[str]:
        return [each.id for each in found(store, **wanted)]

    assert ids() == [failed, doubtful, passed]
    assert ids(verdicts=NEEDS_A_PERSON) == [failed, doubtful]
    assert ids(verdicts=frozenset({Outcome.PASS})) == [passed]
    assert ids(verdicts=NEEDS_A_PERSON, state=ReviewState.OPEN) == [failed]
    assert ids(state=ReviewState.ACCEPTED) == [doubtful]
    assert ids(policy="lenient") == [passed]
    assert ids(policy="len") == []
    assert ids(code="loop") == [failed, doubtful]
    assert ids(code="off_topic") == [failed]
    assert ids(contains="surplus") == [failed, doubtful]
    assert ids(contains="  ünwert  urplu") == [doubtful]  # other case, other order, a part of a word
    assert ids(contains="gamma raw") == [failed]  # one word in the question, one in the answer
    assert ids(contains="gamma beta") == []
    assert ids(contains="%") == ids(contains="_") == []
    assert ids(contains=" ") == [failed, doubtful, passed]
    second = BEGIN + timedelta(seconds=2)
    assert ids(since=second) == [failed, doubtful]
    assert ids(until=second) == [passed]
    assert ids(since=second, until=second + timedelta(microseconds=1)) == [doubtful]
    elsewhere = second.astimezone(timezone(timedelta(hours=-9)))
    assert ids(since=elsewhere) == ids(since=second.replace(tzinfo=None)) == [failed, doubtful]


def test_pages_neither_repeat_nor_hide_while_checks_come_and_go(store: Store, clock: Clock) -> None:
    kept = [store.keep(asked(str(number)), answered(reason())) for number in range(10)]
    clock.moment -= timedelta(seconds=1)
    kept.append(store.keep(asked("same moment"), answered(reason())))
    wanted = Wanted(state=ReviewState.OPEN)
    first = store.find(wanted, 4, None)
    assert first.total == 11
    store.keep(asked("newer"), answered(reason()))
    for review in first.reviews:  # decided ones no longer match
        store.decide(review.id, ReviewDecision(state=ReviewState.ACCEPTED))
    second = store.find(wanted, 4, first.next)
    third = store.find(wanted, 4, second.next)
    assert (second.total, third.next) == (8, None)
    seen = [review.id for page in (first, second, third) for review in page.reviews]
    assert len(seen) == 11
    assert sorted(seen) == sorted(kept)
    assert [review.created_at for review in first.reviews + second.reviews + third.reviews] == sorted(
        (store.get(identity).created_at for identity in kept), reverse=True
    )


def test_a_page_that_is_just_full_is_the_last(store: Store) -> None:
    for _ in range(3):
        store.keep(asked(), answered())
    assert store.find(Wanted(), 3, None).next is None
    page = store.find(Wanted(), 2, None)
    assert len(store.find(Wanted(), 2, page.next).reviews) == 1


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "é", "bm9uZQ==", "WyIyMDI2LTAxLTAxIiwgIm5vIGlkIl0=", "W10=", "e30=", "\x00", "W1tbW1tb" * 60],
)
def test_a_cursor_that_is_none(store: Store, cursor: str) -> None:
    with pytest.raises(RequestError) as refused:
        store.find(Wanted(), 10, cursor)
    assert refused.value.where == "cursor"


def test_a_decision_is_noted_once_replaced_and_taken_back(store: Store) -> None:
    identity = store.keep(asked(), answered(reason()))
    accept = ReviewDecision(state=ReviewState.ACCEPTED, note="fine")
    first = store.decide(identity, accept)
    assert (first.state, first.note) == (ReviewState.ACCEPTED, "fine")
    assert first.decided_at is not None
    assert store.decide(identity, accept) == first == store.get(identity)
    second = store.decide(identity, ReviewDecision(state=ReviewState.REJECTED))
    assert (second.state, second.note) == (ReviewState.REJECTED, None)
    assert second.decided_at is not None
    assert second.decided_at > first.decided_at
    back = store.decide(identity, ReviewDecision(state=ReviewState.OPEN, note="look again"))
    assert (back.state, back.note, back.decided_at) == (ReviewState.OPEN, "look again", None)
    assert store.get(identity) == back


@pytest.mark.parametrize(
    "identity", [str(uuid.uuid4()), "", "x", "\x00" * 36, "\ud800", "é" * 36, "' OR 1=1 --"]
)
def test_an_id_that_nothing_has(store: Store, identity: str) -> None:
    store.keep(asked(), answered())
    with pytest.raises(NotFound):
        store.get(identity)
    with pytest.raises(NotFound):
        store.decide(identity, ReviewDecision(state=ReviewState.ACCEPTED))


def test_what_is_past_its_time_goes_with_its_reasons(store: Store, clock: Clock) -> None:
    old = [store.keep(asked(), answered(reason())) for _ in range(DELETED_AT_ONCE + 3)]
    store.decide(old[0], ReviewDecision(state=ReviewState.REJECTED))
    clock.moment += timedelta(days=30)
    young = store.keep(asked(), answered(reason()))
    assert store.delete_older_than(31) == 0
    assert store.delete_older_than(1e9) == 0
    assert store.delete_older_than(29.9) == len(old)
    assert [review.id for review in found(store)] == [young]
    with store.database.reading() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM reasons").scalar_one() == 1


def test_many_keep_at_once(store: Store) -> None:
    with ThreadPoolExecutor(20) as threads:
        kept = list(
            threads.map(lambda number: store.keep(asked(str(number)), answered(reason())), range(100))
        )
    shown = store.find(Wanted(), 200, None)
    assert {review.id for review in shown.reviews} == set(kept)
    assert {review.question for review in shown.reviews} == {str(number) for number in range(100)}


def test_moments_are_precise(store: Store, clock: Clock) -> None:
    clock.moment = datetime(2026, 10, 25, 0, 59, 59, 123456, tzinfo=UTC)
    kept = store.get(store.keep(asked(), answered()))
    assert kept.created_at == datetime(2026, 10, 25, 1, 0, 0, 123456, tzinfo=UTC)
