"""Live checks by the running server with its real models: gross faults are found, sound answers pass."""

from __future__ import annotations

import json
import time

import httpx
import pytest

from shared.client import RewardClient, RewardRejected
from shared.schema import ChatMessage, CheckResponse, PolicyList
from tests.contract.conftest import KEY, LiveServer
from tests.contract.test_hostile_text import TEXTS

QUESTION = "What is surplus value?"
GOOD = (
    "Surplus value is the value that workers produce beyond the value of their own labour power. The "
    "capitalist pays for that labour power, owns everything that is made in the working day, and keeps the "
    "difference."
)
PASSAGES = [
    "The second congress of the party met in London in the summer of 1903. Its delegates came from "
    "twenty-six organisations.",
    "The congress adopted a programme. It did not elect a chairman for life.",
]
FAITHFUL = "The second congress of the party met in London in 1903. The congress adopted a programme."


@pytest.fixture
def reward_client(server: LiveServer) -> RewardClient:
    return RewardClient(server.url, api_key=KEY)


def codes(answer: CheckResponse) -> set[str]:
    return {reason.code for reason in answer.reasons}


@pytest.mark.parametrize(
    ("question", "answer", "context"),
    [
        pytest.param(QUESTION, GOOD, None, id="a sound answer"),
        pytest.param(
            QUESTION, f"<think>Recall the wage.</think>**Well:** {GOOD}", None, id="reasoning, Markdown"
        ),
        pytest.param("Where and when did the congress meet?", FAITHFUL, PASSAGES, id="kept to the passages"),
        pytest.param("Hello!", "Hello! What would you like to talk about?", None, id="a greeting"),
        pytest.param(
            "Thanks, that helps a lot!", "You are welcome. Ask me whenever you like.", None, id="thanks"
        ),
        pytest.param("Thanks!", "👍", None, id="an emoji"),
    ],
)
def test_what_is_sound_passes(
    reward_client: RewardClient, question: str, answer: str, context: list[str] | None
) -> None:
    with reward_client as client:
        checked = client.check(question, answer, context, deadline_s=60)
    assert (checked.verdict, codes(checked)) == ("pass", set())
    assert (checked.scores["faithfulness_reward"] is None) == (context is None)


@pytest.mark.parametrize(
    ("code", "question", "answer", "context"),
    [
        ("empty", QUESTION, "<think>It is the</think>", None),
        ("unclosed_reasoning", QUESTION, "<think>It is the", None),
        ("stray_tags", QUESTION, f"<think>a</think><think>b</think>{GOOD}", None),
        ("too_short", QUESTION, "Labour, unpaid, daily.", None),
        ("loop", QUESTION, "Surplus value is unpaid labour. " * 20, None),
        (
            "loop",
            QUESTION,
            f"{GOOD} And so and so and so and so and so and so and so and so and so on.",
            None,
        ),
        ("cut_off", QUESTION, f"{GOOD} It follows that the owner of the", None),
        ("broken_encoding", QUESTION, GOOD.replace("the", "the\ufffd").replace("own", "â€™own"), None),
        (
            "no_sentences",
            QUESTION,
            "value wage profit rent capital class state labour owner worker " * 2,
            None,
        ),
        (
            "contradicts_itself",
            QUESTION,
            f"{GOOD} Surplus value comes from unpaid labour. Surplus value does not come from unpaid labour.",
            None,
        ),
        (
            "off_topic",
            QUESTION,
            "The dough needs four eggs and some butter. Once it is smooth, it goes into a warm oven.",
            None,
        ),
        (
            "unsupported",
            "Where did the congress meet?",
            "The cooks of the harbour brought soup at noon. A storm kept the ferries from sailing.",
            PASSAGES,
        ),
        (
            "contradicted",
            "Where did the congress meet?",
            "The second congress of the party did not meet in London in the summer of 1903.",
            PASSAGES,
        ),
        (
            "unknown_names",
            "Where did the congress meet?",
            "The second congress met in London. Franz Huber from Salzburg spoke for 45 minutes in 1788.",
            PASSAGES,
        ),
    ],
)
def test_gross_faults_are_found_and_shown(
    reward_client: RewardClient, code: str, question: str, answer: str, context: list[str] | None
) -> None:
    with reward_client as client:
        checked = client.check(question, answer, context, policy="strict", deadline_s=60)
    assert code in codes(checked), [reason.message for reason in checked.reasons]
    assert checked.verdict != "pass"
    reason = next(reason for reason in checked.reasons if reason.code == code)
    assert reason.message.endswith(".")
    assert len(reason.message) < 500
    if reason.span is not None:
        start, end = reason.span
        assert checked.answer[start:end].strip()


def test_a_conversation_is_checked_by_its_last_question(reward_client: RewardClient) -> None:
    talk = [
        ChatMessage(role="user", content="How do I bake bread?"),
        ChatMessage(role="assistant", content="With flour."),
        ChatMessage(role="user", content=QUESTION),
    ]
    with reward_client as client:
        checked = client.check(talk, [ChatMessage(role="assistant", content=GOOD)], deadline_s=60)
    assert checked.verdict == "pass"
    assert checked.answer == GOOD


def test_the_same_check_has_the_same_answer(client: httpx.Client) -> None:
    body = {
        "question": QUESTION,
        "answer": f"{GOOD} Labour is not paid. Labour is paid. It is the",
        "deadline_s": 60,
    }
    first, second = (client.post("/check", json=body).raise_for_status().json() for _ in range(2))
    assert first["reasons"] == second["reasons"]
    assert first["scores"] == second["scores"]
    assert first["fingerprint"] == client.get("/info").json()["fingerprint"]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_hostile_text_gets_a_verdict(client: httpx.Client, text: str) -> None:
    body = {"question": text, "answer": text, "context": [text], "policy": "strict", "deadline_s": 120}
    response = client.post(
        "/check", content=json.dumps(body).encode("ascii"), headers={"content-type": "application/json"}
    )
    assert response.status_code == 200, response.text
    answer = CheckResponse.model_validate(response.json())
    for reason in answer.reasons:
        assert reason.span is None or 0 <= reason.span[0] <= reason.span[1] <= len(answer.answer)


def test_a_long_answer_is_refused_at_its_field(reward_client: RewardClient) -> None:
    with reward_client as client, pytest.raises(RewardRejected) as caught:
        client.check(QUESTION, GOOD, ["short", "x" * 40_001])
    assert (caught.value.status, caught.value.code, caught.value.where) == (422, "text_too_long", "context.1")


def test_a_deadline_that_cannot_be_met_is_an_error_in_time(client: httpx.Client) -> None:
    sentences = " ".join(f"Factory number {n} paid its workers less than the others did." for n in range(300))
    began = time.monotonic()
    response = client.post("/check", json={"question": QUESTION, "answer": sentences, "deadline_s": 0.05})
    assert time.monotonic() - began < 10
    assert response.status_code == 503
    assert response.json()["error"]["code"] in {"overloaded", "deadline_passed"}
    assert int(response.headers["retry-after"]) >= 1


def test_policies_are_listed(client: httpx.Client, reward_client: RewardClient) -> None:
    listed = PolicyList.model_validate(client.get("/policies").json()).policies
    assert {"default", "strict", "lenient"} <= {policy.name for policy in listed}
    with reward_client as caller:
        assert caller.policies() == listed


def test_checks_are_counted(client: httpx.Client) -> None:
    client.post("/check", json={"question": QUESTION, "answer": "", "deadline_s": 60}).raise_for_status()
    lines = client.get("/metrics").text.splitlines()
    counted = dict(line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
    assert float(counted['touchstone_checks_total{policy="default",verdict="fail"}']) >= 1
    assert float(counted['touchstone_check_reasons_total{code="empty",outcome="fail"}']) >= 1
    assert float(counted["touchstone_check_seconds_count"]) >= 1


def test_nothing_broke_in_the_server(server: LiveServer) -> None:
    assert "Traceback" not in server.log.read_text()
