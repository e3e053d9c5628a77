"""The audit: what the cases of an operator catch together, on operators recorded without torch."""

from __future__ import annotations

from pathlib import Path

import pytest
from audited import AGAIN, HEAD, OPS, Folders, blend, case

from harness.model import Location, Verdict
from harness.weakness import CaseAudit, Outcome, distinguish

PLACE = Location(file="cases/f/o.yaml", line=7, column=11)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


# -- operators


def test_a_strong_operator_catches_all_of_them(folders: Folders) -> None:
    folders.record(blend=blend(case()))
    operator = folders.audit()
    (only,) = operator.cases
    assert (operator.weak, operator.stale, operator.unmoved, only.missed, only.flaws) == ((), {}, (), (), ())
    arrays = ("forward/output", "backward/grad_input", "backward/grad_other", "eval/output")
    names = {f"{kind}:{array}" for kind in ("zeros", "ones", "sign", "float16") for array in arrays}
    names |= {f"identity:{s}/output=inputs/{i}" for s in ("forward", "eval") for i in ("input", "other")}
    names |= {f"identity:backward/grad_{i}=grad_outputs/output" for i in ("input", "other")}
    names |= {"stage:eval answers forward", "stage:forward answers eval", "swap:input/other", "grad_outputs:ones"}
    names |= {"param:weight", "param:weight:default", "param:limit", "param:limit:default"}
    names |= {"input:input", "input:other"}
    assert set(only.outcomes) == names
    assert set(only.outcomes.values()) == {Outcome.CAUGHT}


@pytest.mark.parametrize(
    ("weak", "what"),
    [
        ("param:limit", {"params": "{weight: 0.3, limit: 90.0}"}),
        ("param:limit:default", {"params": "{weight: 0.3, limit: 100.0}"}),
        ("grad_outputs:ones", {"output": "{zeros: [3, 4], shift: 1.0}"}),
        ("stage:eval answers forward", {"params": "{weight: 0.3}"}),
        (
            "swap:input/other",
            dict.fromkeys(("input", "other"), "{value: [1.3, -2.7, 0.4]}") | {"output": "{randn: [3]}"},
        ),
        ("swap:input/other", {"params": "{weight: 0.5, limit: 0.5}"}),
        ("input:other", {"params": "{weight: 0.0, limit: 0.5}"}),
        ("zeros:backward/grad_other", {"params": "{weight: 0.0, limit: 0.5}"}),
        ("identity:eval/output=inputs/other", {"params": "{weight: 1.0, limit: 0.5}"}),
        ("float16:backward/grad_input", {"params": "{weight: 0.5, limit: 0.5}", "output": "{ties: [3, 4]}"}),
        ("ones:eval/output", {"input": "{value: [1.0]}", "other": "{value: [1.0]}", "output": "{randn: [1]}"}),
    ],
)
def test_what_no_case_shows_is_weak(folders: Folders, weak: str, what: dict[str, str]) -> None:
    folders.record(blend=blend(case(**what)))
    operator = folders.audit()
    assert weak in operator.weak
    assert (weak in operator.cases[0].missed) is not weak.endswith(":default")
    assert operator.cases[0].outcomes[weak] is Outcome.MISSED


def test_one_case_that_catches_it_is_enough(folders: Folders) -> None:
    folders.record(blend=blend(case("ones", output="{zeros: [3, 4], shift: 1.0}"), case("other")))
    operator = folders.audit()
    assert operator.weak == ()
    assert [(audited.id, audited.missed) for audited in operator.cases if audited.weak] == [
        ("f/blend/ones", ("grad_outputs:ones",))
    ]


def test_of_an_operator_seen_in_part_nothing_is_said(folders: Folders) -> None:
    folders.record(blend=blend(case("ones", output="{zeros: [3, 4], shift: 1.0}"), case("other")))
    operator = folders.audit("f/blend/ones")
    assert (operator.whole, operator.weak) == (False, ())
    assert operator.cases[0].missed == ("grad_outputs:ones",)


def test_a_param_is_moved_to_what_other_cases_use_before_it_is_moved_nearby(folders: Folders) -> None:
    """`same` does as null does, and it comes first: the case is given up on only after `half`."""
    kinds = [case(f"is-{kind}", f"{{weight: 0.3, limit: 0.5, kind: {kind}}}") for kind in ("null", "same", "half")]
    folders.record(blend=blend(*kinds))
    operator = folders.audit()
    assert [audited.outcomes["param:kind"] for audited in operator.cases] == [Outcome.CAUGHT] * 3
    folders.record(blend=blend(*kinds[:2]))
    assert "param:kind" in folders.audit().weak


def test_values_of_a_param_are_taken_from_cases_that_are_not_selected_too(folders: Folders) -> None:
    kinds = [case(f"is-{kind}", f"{{weight: 0.3, limit: 0.5, kind: {kind}}}") for kind in ("null", "half")]
    folders.record(blend=blend(*kinds))
    assert folders.audit("f/blend/is-null").cases[0].outcomes["param:kind"] is Outcome.CAUGHT


def test_of_an_operator_with_a_case_without_golden_nothing_is_said(folders: Folders) -> None:
    ones = case("ones", output="{zeros: [3, 4], shift: 1.0}")
    folders.record(blend=blend(ones))
    (folders.cases / "f" / "blend.yaml").write_text(blend(ones, case("new")))
    operator = folders.audit()
    assert [audited.verdict for audited in operator.cases] == [Verdict.PASS, Verdict.MISSING]
    assert (operator.whole, operator.weak) == (False, ())


def test_what_the_implementation_refuses_is_no_miss(folders: Folders) -> None:
    folders.record(blend=blend(case(params="{weight: 0.3, limit: 0.5, kind: null}")))
    operator = folders.audit()
    assert operator.cases[0].outcomes["param:kind"] is Outcome.REFUSED
    assert operator.unmoved == ("param:kind",)
    assert "param:kind" not in operator.weak


def test_an_output_of_another_shape_is_caught_although_its_gradient_does_not_fit(folders: Folders) -> None:
    folders.record(again=AGAIN)
    assert folders.audit().cases[0].outcomes["param:times"] is Outcome.CAUGHT


def test_an_identity_is_caught_by_a_case_in_which_the_shapes_differ(folders: Folders) -> None:
    once = (
        AGAIN
        + "  - {name: once, params: {times: 1}, inputs: {input: {randn: [3]}}, grad_outputs: {output: {randn: [3]}}}\n"
    )
    folders.record(again=once)
    operator = folders.audit()
    names = ("identity:forward/output=inputs/input", "identity:backward/grad_input=grad_outputs/output")
    assert operator.cases[1].missed == names
    assert operator.weak == ()
    assert not set(names) & set(operator.cases[0].outcomes)
    assert folders.audit("f/again/once").cases[0].missed == names


def test_a_stage_that_is_not_offered_is_no_miss(folders: Folders) -> None:
    folders.record(blend=blend(case(output="{zeros: [3, 4], shift: 1.0}")))
    folders.ops.write_text(OPS.replace("def backward", "def other"))
    operator = folders.audit()
    assert operator.cases[0].outcomes["grad_outputs:ones"] is Outcome.REFUSED
    assert operator.weak == ()


def test_integers_and_noise_are_moved_too(folders: Folders) -> None:
    head = "summary: For the tests of the audit.\nreference: harness.reference.tests.x\nstages: [{}]\n{}cases:\n"
    inputs = "{input: {randn: [2, 3]}, index: {value: [[0, 2], [1, 1]], dtype: int64}}"
    pick = head.format("forward", "") + f"  - {{name: a, params: {{axis: 1}}, inputs: {inputs}}}\n"
    row = "params: {p: 0.3}, inputs: {input: {randn: [4, 6]}}, grad_outputs: {output: {randn: [4, 6]}}"
    mask = head.format("forward, backward", "noise: [mask]\n")
    mask += f"  - {{name: a, {row}}}\n  - {{name: laws, {row}, laws: [keep_rate]}}\n"
    folders.record(pick=pick, mask=mask)
    noisy, picked = folders.audits()
    assert picked.cases[0].outcomes["input:index"] is Outcome.CAUGHT
    assert [audited.outcomes["noise:mask"] for audited in noisy.cases] == [Outcome.CAUGHT] * 2
    assert (noisy.weak, picked.weak) == ((), ("param:axis:default",))


def test_a_sign_that_the_case_leaves_open_is_not_turned_alone(folders: Folders) -> None:
    text = """\
summary: Columns up to their sign, for the tests of the audit.
reference: harness.reference.tests.split
stages: [forward]
outputs: [columns, signs]
up_to_sign: {}
cases:
  - {name: a, inputs: {input: {randn: [3, 2]}}}
"""
    folders.record(split=text.replace("{}", "{columns: -1}"))
    assert "sign:forward/columns" not in folders.audit().cases[0].outcomes
    (folders.cases / "f" / "split.yaml").write_text(text.replace("{}", "{columns: -1, signs: -1}"))
    assert folders.audit().cases[0].outcomes["sign:forward/columns"] is Outcome.CAUGHT


# -- equivalent


EQUAL = case(params="{weight: 0.5, limit: 0.5}")


def test_an_equivalent_mutation_is_not_missed(folders: Folders) -> None:
    folders.record(blend=blend(EQUAL, head=f'{HEAD}equivalent: {{"swap:input/other": both halves count the same}}\n'))
    operator = folders.audit()
    assert "swap:input/other" not in (*operator.weak, *operator.cases[0].missed)
    assert operator.stale == {}
    assert operator.weak == ("param:weight:default",)


@pytest.mark.parametrize(
    ("mutation", "why"),
    [("input:other", "f/blend/case catches it"), ("swap:other/input", "no case has such a mutation")],
)
def test_an_equivalent_that_does_not_hold_fails(
    folders: Folders, mutation: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folders.record(blend=blend(case(), head=f'{HEAD}equivalent: {{"{mutation}": it is said to be so}}\n'))
    assert folders.audit().stale == {mutation: why}
    assert folders.run() == 1
    assert f"blend.yaml): '{mutation}' does not belong there: {why}" in capsys.readouterr().out


# -- flaws


def test_a_case_that_asks_what_another_asks_is_named(folders: Folders) -> None:
    fixed = {"input": "{value: [1.3, -2.7]}", "other": "{value: [0.2, 0.9]}", "output": "{value: [0.7, -1.1]}"}
    twins = [case("one", **fixed), case("two", **fixed), case("three", "{weight: 0.3, limit: 0.75}", **fixed)]
    twins.append(case("four", **fixed).replace("    grad_outputs", "    stages: [forward, backward]\n    grad_outputs"))
    folders.record(blend=blend(*twins))
    found = {audited.id: audited.flaws for audited in folders.audit().cases}
    assert found == {
        "f/blend/one": (),
        "f/blend/two": ("identical to f/blend/one",),
        "f/blend/three": (),
        "f/blend/four": (),
    }


def test_cases_that_were_not_audited_are_no_twins() -> None:
    rows = [CaseAudit(id=name, where=PLACE, verdict=Verdict.UNSUPPORTED) for name in ("f/o/a", "f/o/b")]
    assert distinguish(rows) == tuple(rows)


def test_a_golden_of_zeros_is_a_flaw_of_its_case(folders: Folders) -> None:
    folders.record(blend=blend(case(output="{zeros: [3, 4]}")))
    assert folders.audit().cases[0].flaws == ("backward/grad_input is all zero", "backward/grad_other is all zero")


def test_nothing_is_made_of_arrays_without_elements(folders: Folders) -> None:
    folders.record(blend=blend(case(**dict.fromkeys(("input", "other", "output"), "{randn: [0, 4]}"))))
    (only,) = folders.audit().cases
    assert set(only.outcomes) == {"param:weight", "param:weight:default", "param:limit", "param:limit:default"}
    assert set(only.outcomes.values()) == {Outcome.REFUSED}
    assert not only.weak
