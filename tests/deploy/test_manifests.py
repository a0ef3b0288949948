"""The samples under deploy/ hold together: what they name exists, nothing runs as root, no secret stands in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.settings import Settings

TOP = Path(__file__).parents[2]
DEPLOY = TOP / "deploy"
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
APIS = {
    "Deployment": "apps/v1", "Service": "v1", "Ingress": "networking.k8s.io/v1", "PodDisruptionBudget": "policy/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2", "NetworkPolicy": "networking.k8s.io/v1",
}  # fmt: skip
OBJECTS = [object for path in KUBERNETES for object in yaml.safe_load_all(path.read_text())]
OWN_VARIABLES = {f"MAQUETTE_{name.upper()}" for name in Settings.model_fields}


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [object for object in OBJECTS if object["kind"] == kind]


def containers(deployment: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = deployment["spec"]["template"]["spec"]["containers"]
    return found


def test_every_object_is_of_a_kind_and_version_that_exist() -> None:
    assert {object["kind"] for object in OBJECTS} == set(APIS)
    for object in OBJECTS:
        assert object["apiVersion"] == APIS[object["kind"]]
        assert re.fullmatch(r"[a-z0-9-]{1,63}", object["metadata"]["name"])


@pytest.mark.parametrize("deployment", of_kind("Deployment"), ids=lambda one: one["metadata"]["name"])
def test_a_deployment_selects_its_own_pods_and_runs_without_rights(deployment: dict[str, Any]) -> None:
    spec = deployment["spec"]
    assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()
    pod = spec["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert not pod["automountServiceAccountToken"]
    volumes = {volume["name"] for volume in pod["volumes"]}
    for container in containers(deployment):
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert not container["securityContext"]["allowPrivilegeEscalation"]
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
        assert container["resources"]["limits"]["memory"]
        for variable in container.get("env", ()):
            assert variable["name"] in OWN_VARIABLES


def test_servers_are_probed_where_they_answer() -> None:
    (server,) = [container for one in of_kind("Deployment") for container in containers(one) if "ports" in container]
    names = {port["name"] for port in server["ports"]}
    paths = {kind: server[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")}
    assert {kind: probe["path"] for kind, probe in paths.items()} == {
        "startup": "/healthz", "readiness": "/readyz", "liveness": "/healthz",
    }  # fmt: skip
    assert {probe["port"] for probe in paths.values()} <= names


def test_what_names_pods_finds_some() -> None:
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in of_kind("Deployment")]
    selectors = [
        *(one["spec"]["selector"] for one in of_kind("Service")),
        *(one["spec"]["selector"]["matchLabels"] for one in of_kind("PodDisruptionBudget")),
        *(one["spec"]["podSelector"]["matchLabels"] for one in of_kind("NetworkPolicy")),
    ]
    for selector in selectors:
        assert any(selector.items() <= one.items() for one in labels)


def test_what_names_objects_finds_them() -> None:
    deployments = {one["metadata"]["name"] for one in of_kind("Deployment")}
    services = {one["metadata"]["name"]: one["spec"]["ports"][0]["name"] for one in of_kind("Service")}
    assert {one["spec"]["scaleTargetRef"]["name"] for one in of_kind("HorizontalPodAutoscaler")} == deployments
    for ingress in of_kind("Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                service = path["backend"]["service"]
                assert services[service["name"]] == service["port"]["name"]


def test_secrets_are_named_never_written() -> None:
    for deployment in of_kind("Deployment"):
        for container in containers(deployment):
            for variable in container.get("env", ()):
                secret = variable["name"] in {"MAQUETTE_DATABASE", "MAQUETTE_SECRET", "MAQUETTE_REDIS"}
                assert ("valueFrom" in variable) >= secret
    assert "${POSTGRES_PASSWORD:?" in (DEPLOY / "compose.yaml").read_text()


def test_the_compose_file_names_settings_and_services_that_exist() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = compose["services"]
    assert {"server-1", "server-2", "postgres", "redis", "proxy", "peer"} == set(services)
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
        assert set(service["networks"]) <= set(compose["networks"])
        assert {name for name in service.get("environment", ()) if name.startswith("MAQUETTE_")} <= OWN_VARIABLES
    for server in re.findall(r"server (server-\d):8000", (DEPLOY / "nginx.conf").read_text()):
        assert server in services


def test_the_image_is_built_in_stages_and_runs_as_nobody_special() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    stages = [line.split(" AS ")[1] for line in lines if " AS " in line]
    assert stages == ["client", "wheels"]
    last = lines[max(n for n, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert "USER 10001" in last
    assert any(line.startswith("HEALTHCHECK") for line in last)
    copied = [
        source for line in lines if line.startswith("COPY ") and "--from" not in line for source in line.split()[1:-1]
    ]
    assert all((TOP / source).exists() for source in copied if "*" not in source)
