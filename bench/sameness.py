"""Before anything is measured: all servers say the same."""

import json
import random
import re
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

from bench.queries import Keys, Query, Variables
from bench.servers import Running

TRIED = 5
TIMES = ("createdAt", "addedAt")


class AnswersDiffer(Exception):
    """Two servers do not say the same, so that comparing them means nothing."""


def check(running: list[Running], query: Query, keys: Keys) -> None:
    """Asks all of them the same a few times; raises AnswersDiffer."""
    drawn = random.Random(2).sample(drawable := query.variables(keys), min(TRIED, len(drawable)))
    for variables in drawn:
        answers = [(server.name, facts(server, query, variables)) for server in running]
        for name, answer in answers[1:]:
            if answer != answers[0][1]:
                where = difference(answers[0][1], answer)
                raise AnswersDiffer(f"{query.name} of {variables}: {answers[0][0]} and {name} differ at {where}")


def facts(server: Running, query: Query, variables: Variables) -> Any:
    """The answer in a form that is equal where the facts are."""
    return canonical(server.server.read(query, ask(server, query, variables)))


def ask(server: Running, query: Query, variables: Variables) -> Any:
    """The answer as it came; raises AnswersDiffer where it has errors."""
    own = server.server
    body = json.dumps(own.body(query, variables)).encode()
    headers = {"content-type": "application/json", **server.headers}
    request = urllib.request.Request(server.url(own.path(query)), body, headers)  # noqa: S310  its own address
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        raise AnswersDiffer(f"{own.name} refused {query.name}: {error.read()[:2000].decode()}") from error
    if "errors" in answer:
        raise AnswersDiffer(f"{own.name} answered {query.name} with errors: {str(answer['errors'])[:2000]}")
    return answer


def canonical(value: Any, key: str = "") -> Any:
    """Ids by their last number, times in UTC, a cursor as whether there is one; everything else as it is, lists in their order."""
    if isinstance(value, dict):
        return {name: canonical(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [canonical(inner, key) for inner in value]
    if value is None or key == "endCursor":
        return value is not None
    if key == "id":
        return int(re.findall(r"\d+", str(value))[-1])
    if key in TIMES:
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    return int(value) if key.endswith("Count") else value


def difference(one: Any, other: Any, path: str = "") -> str:
    """The first place where they differ, and what stands there."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for name, inner in one.items():
            if inner != other[name]:
                return difference(inner, other[name], f"{path}.{name}")
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            if left != right:
                return difference(left, right, f"{path}[{index}]")
    return f"{path or 'the top'}: {str(one)[:300]} against {str(other)[:300]}"
