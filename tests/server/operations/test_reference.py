"""docs/operations.md tells every setting and every metric as the code has them."""

from __future__ import annotations

from server.reference import PAGE, filled, metrics_table, settings_table
from server.settings import Settings


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    page = PAGE.read_text()
    assert filled(page) == page, "python -m server.reference"
    assert settings_table() in page
    assert metrics_table() in page


def test_every_setting_and_metric_says_what_it_means() -> None:
    assert settings_table().count("\n| `MAQUETTE_") == len(Settings.model_fields)
    for row in [*settings_table().splitlines(), *metrics_table().splitlines()]:
        assert row.rstrip("|").rsplit("|", 1)[-1].strip(), row
