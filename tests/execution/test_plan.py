"""Plans: one a document and choice of conditions, bounded in number and size, and nobody's arguments in them."""

import gc
import sys
import threading
from types import FrameType
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLSchema, build_schema, execute, execute_sync, parse
from graphql.language import DocumentNode

import execution
from execution import BreadthFirstExecutor
from execution.plan import Plan
from execution.plans import Plans
from tests.execution.small import schema_of

SDL = "type Query { one: One ones: [One!] a: Int b: Int } type One { a(by: Int): Int b: Int c: Int one: One ones: [One!] }"
ONE: dict[str, Any] = {"a": 1, "b": 2, "c": 3}
ONE["one"], ONE["ones"] = ONE, [ONE]


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> Plans:
    """Nobody else's plans."""
    own = Plans()
    monkeypatch.setattr(BreadthFirstExecutor, "plans", own)
    return own


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """The plans that were made."""
    made: list[Plan] = []
    init = Plan.__init__

    def remember(self: Plan, *args: Any, **options: Any) -> None:
        made.append(self)
        init(self, *args, **options)

    monkeypatch.setattr(Plan, "__init__", remember)
    return made


def ask(schema: GraphQLSchema, document: DocumentNode, **options: Any) -> Any:
    return execute_sync(schema, document, ONE, executor_class=BreadthFirstExecutor, **options)


def kept(plans: Plans) -> list[Plan]:
    return [plan for one in plans._kept.values() for plan in one._plans.values()]


def test_a_document_is_planned_once_for_all_who_ask_it(plans: Plans, made: list[Plan]) -> None:
    schema, document = build_schema(SDL), parse("query A($by: Int) { one { a(by: $by) ones { b } } } query B { b }")
    for by in range(5):
        ask(schema, document, operation_name="A", variable_values={"by": by}, context_value=by)
    assert len(made) == 1
    ask(schema, document, operation_name="B")
    ask(build_schema(SDL), document, operation_name="B")
    assert len(made) == len(kept(plans)) == 3


def test_each_choice_of_conditions_has_a_plan_of_its_own(made: list[Plan], plans: Plans) -> None:
    schema = build_schema(SDL)
    document = parse(
        """query ($a: Boolean!, $b: Boolean = false, $other: Int) { a @include(if: $a) one { ...F @skip(if: $b) a(by: $other) } }
        fragment F on One { b c @skip(if: true) }"""
    )
    for _ in range(2):
        for a in (True, False):
            for b in (True, False):
                data = ask(schema, document, variable_values={"a": a, "b": b, "other": len(made)}).data
                assert data == ({"a": 1} if a else {}) | {"one": {"a": 1} if b else {"b": 2, "a": 1}}
    ask(schema, document, variable_values={"a": True})
    assert len(made) == 4


def test_only_the_choices_that_were_used_last_are_kept(made: list[Plan], plans: Plans) -> None:
    schema, names = build_schema(SDL), [f"v{n}" for n in range(6)]
    fields = " ".join(f"{name}: a @include(if: ${name})" for name in names)
    document = parse(f"query ({' '.join(f'${name}: Boolean!' for name in names)}) {{ {fields} }}")

    def choose(number: int) -> None:
        chosen = {name: bool(number >> place & 1) for place, name in enumerate(names)}
        assert list(ask(schema, document, variable_values=chosen).data) == [name for name in names if chosen[name]]

    for number in range(64):
        choose(number)
        choose(0)
    assert len(made) == 64
    assert len(kept(plans)) == 16
    sizes = [one.size for one in plans._kept.values()]
    assert sizes == [plans._size]
    assert sizes[0] == 1 + len(names) + sum(plan.origin.size for plan in kept(plans))
    choose(0)
    choose(63)
    assert len(made) == 64
    choose(1)
    assert len(made) == 65


def test_a_plan_that_is_an_error_is_not_kept(plans: Plans) -> None:
    schema, document = build_schema(SDL), parse("query ($v: [Int]) { a @skip(if: $v) }")
    for value in ([1], [2], None):
        assert ask(schema, document, variable_values={"v": value}) == execute_sync(
            schema, document, ONE, variable_values={"v": value}
        )
    assert kept(plans) == []


def test_plans_are_bounded_by_their_fields(monkeypatch: pytest.MonkeyPatch, made: list[Plan]) -> None:
    plans = Plans(fields=1_000)
    monkeypatch.setattr(BreadthFirstExecutor, "plans", plans)
    schema = build_schema(SDL)
    documents = [parse("{ one { ones { " + " ".join(f"k{n}: b" for n in range(50)) + " } } }") for _ in range(40)]
    for document in documents:
        ask(schema, document)
    assert 5 < len(kept(plans)) < 11
    planned = len(made)
    ask(schema, documents[-1])
    assert len(made) == planned
    ask(schema, documents[0])
    assert len(made) == planned + 1
    large = parse("{ " + " ".join(f"k{n}: b" for n in range(2_000)) + " }")
    assert len(ask(schema, large).data) == 2_000
    ask(schema, documents[1])
    assert kept(plans) == made[-1:], "what grew too large makes place, and what it had displaced is gone"


def test_fragments_count_as_often_as_they_are_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = Plans(fields=1_000)
    monkeypatch.setattr(BreadthFirstExecutor, "plans", plans)
    schema = build_schema(SDL)
    spread = " ".join(f"k{n}: one {{ ...F }}" for n in range(20))
    text = f"{{ one {{ {spread} }} }} fragment F on One {{ {' '.join(f'a{n}: a' for n in range(25))} }}"
    documents = [parse(text) for _ in range(3)]
    for number, document in enumerate(documents):
        ask(schema, document)
        assert len(kept(plans)) == min(number + 1, 2)
    ask(schema, documents[-1])
    assert len(kept(plans)) == 1


def test_a_plan_holds_nobodys_arguments_and_nothing_of_a_request(plans: Plans) -> None:
    class Secret:
        pass

    context = Secret()
    schema = schema_of(SDL, kinds={"One.a": execution.Batched(lambda parents, _context, by=0: [by] * len(parents))})
    document = parse(
        "query ($by: Int, $c: Boolean!, $text: String) { one { a(by: $by) b @include(if: $c) x: a(by: 3) } }"
    )
    for by, text in ((77_001, "a secret 1"), (77_002, "a secret 2")):
        ask(schema, document, variable_values={"by": by, "c": True, "text": text}, context_value=context)
    reached, waiting = set[int](), list[Any]([plans])
    while waiting:
        one = waiting.pop()
        if id(one) in reached or isinstance(one, (type, FrameType, type(sys))):
            continue
        reached.add(id(one))
        assert not isinstance(one, Secret)
        assert not (isinstance(one, str) and one.startswith("a secret")), one
        assert not (isinstance(one, int) and one in (77_001, 77_002)), one
        if not callable(one) or isinstance(one, Plan):
            waiting += gc.get_referents(one)
    assert len(reached) > 100


def test_what_is_not_asked_any_more_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    import weakref

    monkeypatch.setattr(BreadthFirstExecutor, "plans", Plans(fields=100))
    schema = build_schema(SDL)
    document = parse("{ one { a } }")
    gone = weakref.ref(document)
    ask(schema, document)
    del document
    for _ in range(40):
        ask(schema, parse("{ one { ones { a b c } } }"))
    gc.collect()
    assert gone() is None


def test_a_selection_is_compiled_when_it_pays(plans: Plans) -> None:
    """Seldom asked and for few, its fields are answered one by one, and the same."""
    schema = schema_of(
        SDL,
        kinds={"One.b": execution.Column("b"), "One.one": execution.Itself(), "One.ones": execution.Column("ones")},
    )
    document = parse("{ one { __typename b one { b ones { b __typename } } } ones { b } }")
    answers = [ask(schema, document, variable_values={}) for _ in range(30)]
    assert all(answer == execute_sync(schema, document, ONE) for answer in answers)
    (plan,) = kept(plans)
    assert plan._root is not None
    assert "compiled" in vars(plan._root)
    many = parse("{ ones { b } }")
    root = {"ones": [ONE] * 200}
    execute_sync(schema, many, root, executor_class=BreadthFirstExecutor)
    root_of_many = kept(plans)[-1]._root
    assert root_of_many is not None
    assert "compiled" not in vars(root_of_many), "asked once for one object"
    assert "compiled" in vars(root_of_many.fields[0].selection(schema.type_map["One"]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("selection", "reads"),
    [
        ("b", {"b"}),
        ("b again: b __typename", {"b"}),
        ("one { b } ones { one { b } }", {"b", "ones"}),
        ("... on One { b }", {"b"}),
        ("said", {"x"}),
        ("b silent", None),
        ("b asked", {"b", "y"}),
        ("asked one { asked }", {"y"}),
        ("b plain", None),
    ],
)
def test_a_field_knows_which_columns_are_read_below(plans: Plans, selection: str, reads: set[str] | None) -> None:
    asked = execution.Batched(lambda parents, _context: [1] * len(parents), reads=frozenset({"y"}))
    schema = schema_of(
        "type Query { one: One } type One { b: Int said: Int silent: Int asked: Int plain: Int one: One ones: [One] }",
        kinds={
            "One.b": execution.Column("b"),
            "One.said": execution.Each(lambda _: 1, reads=frozenset({"x"})),
            "One.silent": execution.Each(lambda _: 1),
            "One.asked": asked,
            "One.one": execution.Itself(),
            "One.ones": execution.Column("ones"),
        },
    )
    execute_sync(schema, parse(f"{{ one {{ {selection} }} }}"), {"one": None}, executor_class=BreadthFirstExecutor)
    (plan,) = kept(plans)
    assert plan._root is not None
    assert plan._root.fields[0].reads() == reads


def test_threads_share_a_plan_while_it_grows(plans: Plans) -> None:
    sdl = (
        "interface I { a: Int i: [I] } "
        + " ".join(f"type T{n} implements I {{ a: Int i: [I] }}" for n in range(8))
        + " type Query { i: [I] }"
    )
    schema = build_schema(sdl)
    classes = [type(f"C{n}", (dict,), {}) for n in range(8)]
    for n, cls in enumerate(classes):
        schema.type_map[f"T{n}"].extensions[execution.CLASSES] = (cls,)

    def some(depth: int) -> list[Any]:
        return [cls(a=n, i=some(depth - 1) if depth else None) for n, cls in enumerate(classes)]

    root = {"i": some(2)}
    expected = None
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(5):
            document = parse("{ i { __typename a i { a i { a __typename } } } }")
            answers: list[Any] = []
            run = lambda: answers.append(execute(schema, document, root, executor_class=BreadthFirstExecutor))  # noqa: E731, B023
            threads = [threading.Thread(target=run) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            expected = expected or execute(schema, document, root, type_resolver=lambda one, *_: f"T{one['a']}")
            assert isinstance(expected, ExecutionResult)
            assert [answer.data == expected.data for answer in answers] == [True] * 4
    finally:
        sys.setswitchinterval(interval)
