"""What is counted per message is cheap by construction: plain numbers, bounded labels, nothing imported (row 21.1)."""

from __future__ import annotations

import subprocess
import sys

from prometheus_client.parser import text_string_to_metric_families

from server.counters import MAX_CHILDREN, Count, Family, Spread
from server.telemetry import Telemetry
from tests.support.server import TOP


def test_label_values_are_bounded_whatever_clients_send() -> None:
    family = Family("codes", "text", ("code",), Count)
    for number in range(3 * MAX_CHILDREN):
        family.labels(str(number)).inc()
    samples = {sample.labels["code"]: sample.value for sample in family.family().samples}
    assert len(samples) == MAX_CHILDREN + 1
    assert samples["other"] == 2 * MAX_CHILDREN


def test_a_spread_counts_each_value_once_and_up_to_its_bound() -> None:
    spread = Spread((1, 2, 5))
    for value in (0.5, 1, 1.5, 5, 7):
        spread.observe(value)
    assert spread.buckets() == [("1.0", 2), ("2.0", 3), ("5.0", 4), ("+Inf", 5)]
    assert (spread.sum, spread.count) == (15, 5)


def test_the_text_is_prometheus_text_with_every_metric_described() -> None:
    telemetry = Telemetry()
    telemetry.refusals.labels('a "quoted"\ncode\\').inc()
    families = list(text_string_to_metric_families(telemetry.render().decode()))
    assert len(families) > 15
    assert all(family.documentation and family.type != "unknown" for family in families)
    (refusals,) = [family for family in families if family.name == "maquette_refusals"]
    assert refusals.samples[0].labels == {"code": 'a "quoted"\ncode\\'}


def test_without_the_setting_no_tracer_and_no_exporter_is_imported() -> None:
    """REQUIREMENTS 21.3."""
    code = (
        "import sys; from server.app import create_app; from server.settings import Settings; create_app(Settings());"
        "print([name for name in sys.modules if name == 'crdt.otel' or name.startswith('opentelemetry.exporter')])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True, timeout=60, check=True
    )
    assert shown.stdout.strip() == "[]"
