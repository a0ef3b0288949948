"""Dashboard and alert rules are well-formed, and name only metrics that the server has (REQUIREMENTS 21.7)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.metrics import LoopLag, Metrics
from server.telemetry import Telemetry

DEPLOY = Path(__file__).parents[3] / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "maquette.json").read_text())
RULES = yaml.safe_load((DEPLOY / "prometheus" / "maquette.rules.yml").read_text())
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
EXPRESSIONS = [alert["expr"] for alert in ALERTS] + [
    target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]
]
FUNCTIONS = {"rate", "increase", "sum", "max", "histogram_quantile"}


def known_metrics() -> set[str]:
    """Names as Prometheus stores them: with _total, _bucket, _sum, _count."""
    telemetry = Telemetry()
    metrics = Metrics(telemetry)
    metrics.watch_rooms(list)
    LoopLag(telemetry)
    suffixes = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
    return {
        family.name + suffix for family in telemetry.registry.collect() for suffix in suffixes.get(family.type, [""])
    }


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_is_sane(expression: str) -> None:
    plain = re.sub(r'"[^"]*"', '""', expression)
    for opening, closing in ("()", "[]", "{}"):
        assert plain.count(opening) == plain.count(closing)
    assert set(re.findall(r"maquette_\w+", plain)) <= known_metrics()
    calls = set(re.findall(r"\b([a-z_]+)\s*\(", plain)) - {"by", "on", "and", "or"}
    assert calls <= FUNCTIONS
    for counter in re.findall(r"\w+_(?:total|bucket)\b", plain):
        assert re.search(rf"(rate|increase)\({counter}\b", plain), f"{counter} only grows: look at its rate"


def test_every_alert_says_what_is_wrong_and_where_to_read_on() -> None:
    assert len({alert["alert"] for alert in ALERTS}) == len(ALERTS) >= 8
    pages = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()
    for alert in ALERTS:
        assert re.fullmatch(r"\d+[smh]", alert["for"])
        assert alert["labels"]["severity"] in ("critical", "warning")
        page, _, heading = alert["annotations"]["runbook"].partition(", ")
        assert page == "docs/operations.md"
        assert f"\n## {heading}\n" in pages


def test_the_dashboard_has_panels_side_by_side_with_units() -> None:
    panels: list[dict[str, Any]] = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len(panels)
    assert all(panel["targets"] and panel["fieldConfig"]["defaults"]["unit"] for panel in panels)
    assert {variable["name"] for variable in DASHBOARD["templating"]["list"]} == {"source", "instance"}
