"""The files of examples/team-server against the schemas of what reads them, and against each other.

Real programs check them: check-jsonschema, and systemd-analyze where there is one.
"""

from __future__ import annotations

import configparser
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from lightkube.models import apps_v1, core_v1, networking_v1

FOLDER = Path(__file__).parents[2] / "examples" / "team-server"
UNIT, COMPOSE, KUBERNETES = (FOLDER / name for name in ("llama-server.service", "compose.yaml", "kubernetes.yaml"))
KINDS = {
    ("apps/v1", "Deployment"): apps_v1.Deployment,
    ("v1", "Service"): core_v1.Service,
    ("networking.k8s.io/v1", "Ingress"): networking_v1.Ingress,
}
PLACES = {"--host", "--port", "--model", "--api-key-file"}
"""Flags whose value depends on where the server runs."""


def structured(document: dict[str, Any]) -> dict[str, Any]:
    """What Kubernetes would make of it: a field that it does not know is not there any more.

    Raises msgspec.ValidationError for a field that is missing, and for a number where a text has to be.
    """
    known = msgspec.convert(document, KINDS[document["apiVersion"], document["kind"]])
    found = msgspec.to_builtins(known)
    assert isinstance(found, dict)
    return found


def documents() -> dict[str, dict[str, Any]]:
    return {each["kind"]: each for each in yaml.safe_load_all(KUBERNETES.read_text("utf-8"))}


def container(document: dict[str, Any]) -> dict[str, Any]:
    (only,) = document["spec"]["template"]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


def test_kubernetes_knows_every_field() -> None:
    for document in documents().values():
        assert structured(document) == document


def test_a_mistake_is_noticed() -> None:
    deployment = documents()["Deployment"]
    container(deployment)["portz"] = []
    assert structured(deployment) != deployment


@pytest.mark.parametrize(("field", "value"), [("args", [8080]), ("ports", [{"name": "http"}])])
def test_kubernetes_would_refuse_it(field: str, value: object) -> None:
    deployment = documents()["Deployment"]
    container(deployment)[field] = value
    with pytest.raises(msgspec.ValidationError):
        structured(deployment)


def test_the_parts_in_kubernetes_belong_together() -> None:
    found = documents()
    pod, service = found["Deployment"]["spec"]["template"], found["Service"]["spec"]
    assert service["selector"] == pod["metadata"]["labels"] == found["Deployment"]["spec"]["selector"]["matchLabels"]
    llama_server = container(found["Deployment"])
    ports = {port["name"]: str(port["containerPort"]) for port in llama_server["ports"]}
    assert ports[service["ports"][0]["targetPort"]] == flags(llama_server["args"])["--port"]
    assert {llama_server[f"{probe}Probe"]["httpGet"]["port"] for probe in ("startup", "readiness", "liveness")} == {
        *ports
    }
    mounts, volumes = llama_server["volumeMounts"], pod["spec"]["volumes"]
    assert {mount["name"] for mount in mounts} == {volume["name"] for volume in volumes}
    (path,) = found["Ingress"]["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"] == {
        "name": found["Service"]["metadata"]["name"],
        "port": {"name": service["ports"][0]["name"]},
    }


def check_compose(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_compose_knows_every_field(tmp_path: Path) -> None:
    done = check_compose(COMPOSE)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(COMPOSE.read_text("utf-8").replace("restart:", "restrat:"), "utf-8")
    assert "restrat" in check_compose(wrong).stdout


def test_the_parts_in_compose_belong_together() -> None:
    found = yaml.safe_load(COMPOSE.read_text("utf-8"))
    llama_server, caddy = found["services"]["llama-server"], found["services"]["caddy"]
    port = flags(shlex.split(llama_server["command"]))["--port"]
    assert llama_server["expose"] == [port]
    assert f"reverse_proxy llama-server:{port} " in (FOLDER / "Caddyfile").read_text("utf-8")
    assert llama_server["secrets"] == [*found["secrets"]]
    assert {*found["volumes"]} == {name.split(":")[0] for name in caddy["volumes"] if not name.startswith("./")}


def test_systemd_knows_every_key(tmp_path: Path) -> None:
    """Without systemd, that the sections are those of a service: there is nothing here that knows the keys."""
    assert [*unit()] == ["DEFAULT", "Unit", "Service", "Install"]
    if program := shutil.which("systemd-analyze"):
        text = UNIT.read_text("utf-8").replace("/usr/local/bin/llama-server", sys.executable)  # it must exist
        assert verified(program, tmp_path / UNIT.name, text) == ""
        assert "Restrat" in verified(program, tmp_path / UNIT.name, text.replace("Restart=", "Restrat="))


def verified(program: str, file: Path, text: str) -> str:
    """The complaints; some of them leave the exit code at 0."""
    file.write_text(text, "utf-8")
    done = subprocess.run([program, "verify", str(file)], capture_output=True, text=True, check=False)
    return done.stderr + (f"exit code {done.returncode}" if done.returncode and not done.stderr else "")


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#", ";"))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(UNIT.read_text("utf-8").replace("\\\n", " "))
    return parser


def flags(words: list[str]) -> dict[str, str]:
    """Flags with their values, "" for those that have none."""
    found: dict[str, str] = {}
    for word in words:
        if word.startswith("--"):
            found[word] = ""
        else:
            found[[*found][-1]] = word
    return found


def test_the_three_run_the_same_server() -> None:
    compose = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]["llama-server"]["command"]
    commands = {
        "systemd": shlex.split(unit()["Service"]["ExecStart"])[1:],
        "compose": shlex.split(compose),
        "kubernetes": container(documents()["Deployment"])["args"],
    }
    found = {name: flags(words) for name, words in commands.items()}
    assert found["systemd"].keys() == found["compose"].keys() == found["kubernetes"].keys()
    same = [{name: value for name, value in each.items() if name not in PLACES} for each in found.values()]
    assert same[0] == same[1] == same[2]
    assert found["systemd"]["--host"] == "127.0.0.1"
    assert all("--no-slots" in each for each in found.values())
