"""The shared cases are fresh and say what was worked out by hand."""

import pytest

from crdt import typescript
from crdt.canonical import dumps
from crdt.ordering import between
from tests.vectors import canonical_cases, generate, ordering_cases, tree_cases


def test_vectors_are_fresh() -> None:
    assert generate.main(["--check"]) == 0


def test_typescript_is_fresh() -> None:
    assert typescript.main(["--check"]) == 0


def test_stale_typescript_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(typescript, "TARGET", tmp_path / "schema.ts")
    assert typescript.main(["--check"]) == 1
    assert "stale" in capsys.readouterr().err


@pytest.mark.parametrize(("value", "text"), canonical_cases.VALUES)
def test_canonical_json_by_hand(value: object, text: str) -> None:
    """D8."""
    assert dumps(value) == text


@pytest.mark.parametrize(("a", "b", "key"), ordering_cases.BY_HAND)
def test_order_keys_by_hand(a: str | None, b: str | None, key: str) -> None:
    """T9."""
    assert between(a, b, None) == key


@pytest.mark.parametrize(("a", "b"), ordering_cases.REFUSED)
def test_order_keys_that_do_not_fit(a: str, b: str) -> None:
    """T9."""
    assert ordering_cases.is_refused(a, b)


def test_trees_by_hand() -> None:
    """T1–T5."""
    cases = {case["name"]: case["parent"] for case in tree_cases.cases()}
    for title, _, expected in tree_cases.BY_HAND:
        assert cases[title] == tree_cases.expected_parents(expected), title
