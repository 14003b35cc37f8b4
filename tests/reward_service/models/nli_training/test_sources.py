"""Public sets: what is kept for measuring shares no text with what is trained on."""

from __future__ import annotations

import json
from pathlib import Path

from reward_service.models.nli_training.sources import PUBLIC_SETS, public_pairs, split_whole
from reward_service.quality.labelled import LabelledPair


def test_pairs_that_share_a_text_by_any_chain_stay_together() -> None:
    pairs = [
        pair
        for number in range(100)
        for pair in (
            LabelledPair(f"premise {number}", f"hypothesis {number}", 0),
            LabelledPair(f"hypothesis {number}", f"other {number}", 1),
        )
    ]
    train, kept = split_whole(pairs)
    assert len(train) + len(kept) == 200
    assert 30 <= len(kept) <= 40
    texts = [{text for pair in part for text in pair.pair} for part in (train, kept)]
    assert not texts[0] & texts[1]
    assert split_whole(pairs) == (train, kept)


def test_a_group_too_large_to_keep_is_for_training() -> None:
    large = [LabelledPair("one premise", f"hypothesis {number}", 0) for number in range(50)]
    small = [LabelledPair(f"premise {number}", f"conclusion {number}", 1) for number in range(50)]
    train, kept = split_whole(large + small)
    assert all(pair in train for pair in large)
    assert kept


def test_a_pair_that_an_evaluation_set_holds_is_not_trained_on(tmp_path: Path) -> None:
    def write(name: str, *pairs: tuple[str, str]) -> None:
        records = [{"premise": one, "hypothesis": two, "label": "entailment"} for one, two in pairs]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))

    for public in PUBLIC_SETS:
        write(public.name, ("A cat sleeps.", "An animal sleeps."), (f"It is {public.name}.", "It is so."))
    write("rte_dev", ("a cat  sleeps", "An animal sleeps!"))
    write("fever_symmetric", ("It is rte_train.", "It is so."))
    found = public_pairs(tmp_path)
    assert not [pair for pairs in found.values() for pair in pairs if "cat" in pair.premise]
    assert found["rte_train"] == []
    assert len(found["lingnli_train"]) == 1
