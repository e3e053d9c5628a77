"""Recording, with a reference made of the NumPy implementation: no torch needed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness.implementations.numpy as numpy_operators
from harness.accept import accept
from harness.cli import harness as command
from harness.drift import Change, count_changes
from harness.errors import GoldenError, Unsupported
from harness.goldens import open_goldens
from harness.inputs import Drawer
from harness.locations import default_cases
from harness.model import Array, Call, NoiseMode, Outputs, Stage, Verdict
from harness.namespace import Namespace
from harness.pending import pending_folder
from harness.record import Recorder
from harness.replay import Judge, replay

CASES = """\
summary: L1 penalty, for the tests of recording.
reference: harness.reference.regularization.l1_penalty
stages: [forward, backward]
cases:
  - name: plain
    params: {lambd: 0.1}
    inputs: {weight: {randn: [3, 2]}}
    grad_outputs: {output: {value: 1.5}}
  - name: other
    dtype: bfloat16
    params: {lambd: 0.5}
    inputs: {weight: {randn: [4]}}
    grad_outputs: {output: {value: 1}}
"""
DROPOUT = """\
summary: Dropout, for the tests of recording.
reference: harness.reference.regularization.dropout
stages: [forward, backward, eval]
noise: [mask]
cases:
  - name: plain
    params: {p: 0.5}
    inputs: {input: {randn: [3, 4]}}
    grad_outputs: {output: {randn: [3, 4]}}
"""
LAW = Namespace(numpy_operators, name="numpy")


class Reference:
    """The NumPy implementation in the place of torch; `change` falsifies what it answers."""

    name = "torch"

    def __init__(self, version: str = "2.13.0", change: Callable[[Call, Outputs], Outputs] | None = None) -> None:
        self.version = version
        self.change = change

    def run(self, call: Call) -> Outputs:
        outputs = LAW.run(call)
        return self.change(call, outputs) if self.change else outputs


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    cases = tmp_path / "cases" / "family"
    cases.mkdir(parents=True)
    (cases / "l1_penalty.yaml").write_text(CASES)
    (cases / "dropout.yaml").write_text(DROPOUT)
    return tmp_path / "cases", tmp_path / "golden"


def recorded(folders: tuple[Path, Path], reference: Any = None, *, keep: bool = True) -> Recorder:
    recorder = Recorder(reference or Reference(), cases=folders[0], goldens=folders[1])
    list(recorder.record((), keep=keep))
    return recorder


def accepted(folders: tuple[Path, Path], reference: Any = None) -> Recorder:
    recorder = recorded(folders, reference)
    accept(folders[1], recorder.version, (), cases_root=folders[0])
    return recorder


def test_a_first_recording_is_new_and_waits_for_accept(folders: tuple[Path, Path]) -> None:
    found = recorded(folders).found
    assert count_changes(found.drifts) == {Change.NEW: 14}
    assert found.differs
    assert not (folders[1] / "torch-2.13.0").exists()
    assert pending_folder(folders[1], "torch-2.13.0").is_dir()


def test_what_was_accepted_passes_a_replay(folders: tuple[Path, Path]) -> None:
    accepted(folders)
    judge = Judge(implementation=LAW, law=LAW, drawer=Drawer())
    results = list(replay(judge, folders[0], (), open_goldens(folders[1])))
    assert [result.verdict for result in results] == [Verdict.PASS] * 3


def test_recording_again_is_identical_and_leaves_nothing_pending(folders: tuple[Path, Path]) -> None:
    accepted(folders)
    found = recorded(folders).found
    assert count_changes(found.drifts) == {Change.IDENTICAL: 14}
    assert not found.differs
    assert not pending_folder(folders[1], "torch-2.13.0").exists()


@pytest.mark.torch
def test_recording_in_several_processes_gives_the_same_bytes(tmp_path: Path) -> None:
    """Torch is loaded by its name in each; of two operators each records one."""
    pytest.importorskip("torch")
    for jobs in ("1", "2"):
        folder = ["--cases-dir", str(default_cases()), "--golden-dir", str(tmp_path / jobs)]
        patterns = ["regularization/l1_penalty", "regularization/dropout/small"]
        assert command.main(["record", *patterns, "--jobs", jobs, *folder], standalone_mode=False) == 0
    alone, shared = (sorted(path for path in (tmp_path / jobs).rglob("*") if path.is_file()) for jobs in ("1", "2"))
    assert [path.read_bytes() for path in alone] == [path.read_bytes() for path in shared]
    assert len(alone) == 5


def test_recording_twice_gives_the_same_bytes(folders: tuple[Path, Path], tmp_path: Path) -> None:
    accepted(folders)
    again = (folders[0], tmp_path / "again")
    accepted(again)
    for path in (folders[1] / "torch-2.13.0").rglob("*"):
        if path.is_file():
            other = again[1] / path.relative_to(folders[1])
            assert path.read_bytes() == other.read_bytes(), path


def test_a_check_leaves_nothing_behind(folders: tuple[Path, Path]) -> None:
    recorded(folders, keep=False)
    assert not folders[1].exists() or not list(folders[1].iterdir())


def moved(factor: float) -> Callable[[Call, Outputs], Outputs]:
    """Return a change that moves every float32 forward answer by `factor` of an epsilon."""

    def change(call: Call, outputs: Outputs) -> Outputs:
        if call.dtype != "float32":
            return outputs
        by = np.float32(1 + factor * np.finfo(np.float32).eps)
        arrays = {
            name: np.asarray(array * by, dtype=array.dtype) for name, array in outputs.stages[Stage.FORWARD].items()
        }
        return replace(outputs, stages={**outputs.stages, Stage.FORWARD: arrays})

    return change


@pytest.mark.parametrize(("factor", "change"), [(1.0, Change.WITHIN), (5000.0, Change.BEYOND)])
def test_a_changed_answer_is_within_or_beyond_the_bound(
    folders: tuple[Path, Path], factor: float, change: Change
) -> None:
    (folders[0] / "family" / "dropout.yaml").unlink()
    accepted(folders)
    before = (folders[1] / "torch-2.13.0" / "MANIFEST").read_bytes()
    found = recorded(folders, Reference(change=moved(factor))).found
    assert count_changes(found.drifts) == {Change.IDENTICAL: 7, change: 1}
    assert found.changed == ["family/l1_penalty/plain"]
    assert (folders[1] / "torch-2.13.0" / "MANIFEST").read_bytes() == before


def test_another_mask_is_told_from_other_numbers(folders: tuple[Path, Path]) -> None:
    accepted(folders)

    class OtherSeed(Reference):
        def run(self, call: Call) -> Outputs:
            return LAW.run(replace(call, noise_seed=call.noise_seed + 1))

    found = recorded(folders, OtherSeed()).found
    assert count_changes(found.drifts)[Change.NOISE] == 3


def test_a_case_that_is_in_no_file_any_more_is_gone(folders: tuple[Path, Path]) -> None:
    accepted(folders)
    (folders[0] / "family" / "dropout.yaml").unlink()
    path = folders[0] / "family" / "l1_penalty.yaml"
    path.write_text(CASES[: CASES.index("  - name: other")])
    found = accepted(folders).found
    assert found.gone == ["family/l1_penalty/other", "family/dropout/plain"]
    assert open_goldens(folders[1]).case_ids() == ["family/l1_penalty/plain"]


def test_an_ill_posed_case_is_refused_by_name_and_the_others_are_recorded(folders: tuple[Path, Path]) -> None:
    def jump(call: Call, outputs: Outputs) -> Outputs:
        """Return 1 or 2, whichever side of its float32 value the first weight lies on."""
        weight = call.inputs["weight"].reshape(-1)[0]
        side: Array = np.asarray(np.where(weight <= np.float32(weight), 1.0, 2.0), dtype=call.inputs["weight"].dtype)
        return replace(outputs, stages={**outputs.stages, Stage.FORWARD: {"output": side}})

    found = recorded(folders, Reference(change=lambda c, o: jump(c, o) if c.operator == "l1_penalty" else o)).found
    (error,) = found.errors
    assert "family/l1_penalty/plain: forward/output[] is ill-posed: it jumps by 1" in str(error)
    assert "l1_penalty.yaml:5:11" in str(error)
    assert "family/dropout/plain" in found.cases


def test_an_integer_answer_that_flips_is_ill_posed(folders: tuple[Path, Path]) -> None:
    (folders[0] / "family" / "dropout.yaml").unlink()
    tie = CASES[: CASES.index("  - name: other")].replace("{randn: [3, 2]}", "{value: [1, 1]}")
    (folders[0] / "family" / "l1_penalty.yaml").write_text(tie)

    def order(call: Call, outputs: Outputs) -> Outputs:
        first, second = call.inputs["weight"]
        larger: Array = np.asarray(int(first < second))
        return replace(outputs, stages={**outputs.stages, Stage.FORWARD: {"output": larger}})

    (error,) = recorded(folders, Reference(change=order)).found.errors
    assert "forward/output[] is ill-posed: it flips from 0 to 1 when the inputs move by one rounding" in str(error)


def test_an_answer_that_the_reference_lost_is_refused(folders: tuple[Path, Path]) -> None:
    def lose(call: Call, outputs: Outputs) -> Outputs:
        if call.dtype != "float32" or call.operator != "l1_penalty":
            return outputs
        return replace(
            outputs, stages={**outputs.stages, Stage.FORWARD: {"output": np.full((), np.nan, dtype=np.float32)}}
        )

    found = recorded(folders, Reference(change=lose)).found
    assert "the reference gives nan in float32 and" in str(found.errors[0])


def test_a_mask_that_does_not_explain_the_answer_is_refused(folders: tuple[Path, Path]) -> None:
    def lie(call: Call, outputs: Outputs) -> Outputs:
        if outputs.noise_mode is not NoiseMode.READ_BACK:
            return outputs
        return replace(outputs, noise={"mask": ~outputs.noise["mask"]})

    found = recorded(folders, Reference(change=lie)).found
    assert "is not its law under the noise it drew" in str(found.errors[0])


def test_another_version_keeps_only_what_differs(folders: tuple[Path, Path]) -> None:
    accepted(folders)
    recorder = accepted(folders, Reference("1.13.1", change=moved(1.0)))
    assert recorder.found.drifts
    folder = folders[1] / "torch-1.13.1"
    manifest = (folder / "MANIFEST").read_text()
    arrays = [row.split()[0] for row in manifest.splitlines() if row.split()[1] not in ("case", "base")]
    assert "family/l1_penalty/plain/forward/output" in arrays
    assert not any(key.startswith("family/l1_penalty/other") for key in arrays)
    overlay = open_goldens(folders[1], "torch-1.13.1").operator("family/l1_penalty")
    assert set(overlay.golden("other").expected) == {Stage.FORWARD, Stage.BACKWARD}


def test_what_a_version_cannot_do_is_absent_with_its_reason(folders: tuple[Path, Path]) -> None:
    accepted(folders)

    def refuse(call: Call, outputs: Outputs) -> Outputs:
        if call.operator == "dropout":
            raise Unsupported("no kernel for it")
        return outputs

    accepted(folders, Reference("1.13.1", change=refuse))
    goldens = open_goldens(folders[1], "torch-1.13.1")
    judge = Judge(implementation=LAW, law=LAW, drawer=Drawer())
    verdicts = {result.id: result for result in replay(judge, folders[0], (), goldens)}
    assert verdicts["family/dropout/plain"].verdict is Verdict.UNSUPPORTED
    assert verdicts["family/dropout/plain"].message == "absent from torch-1.13.1: no kernel for it"


def raising(call: Call, outputs: Outputs) -> Outputs:
    if call.operator == "dropout":
        raise RuntimeError("this version wants another shape")
    return outputs


def test_what_a_version_refuses_that_the_reference_answers_is_absent(folders: tuple[Path, Path]) -> None:
    accepted(folders)
    found = accepted(folders, Reference("1.13.1", change=raising)).found
    reason = "harness.reference.regularization.dropout raised RuntimeError: this version wants another shape"
    assert (found.errors, found.absent) == ([], {"family/dropout/plain": reason})


def test_what_the_reference_refuses_is_an_error_and_so_it_is_where_the_reference_has_no_golden(
    folders: tuple[Path, Path],
) -> None:
    assert len(recorded(folders, Reference(change=raising)).found.errors) == 1
    assert len(recorded(folders, Reference("1.13.1", change=raising)).found.errors) == 1


def test_a_version_that_answers_nothing_is_an_error(folders: tuple[Path, Path]) -> None:
    accepted(folders)

    def broken(call: Call, outputs: Outputs) -> Outputs:
        raise RuntimeError("Numpy is not available")

    (error,) = recorded(folders, Reference("1.13.1", change=broken)).found.errors
    assert error.problem == "torch-1.13.1 answers none of 3 cases"
    assert "Numpy is not available" in error.hint


def test_a_version_is_stale_once_its_reference_is_recorded_anew(folders: tuple[Path, Path]) -> None:
    (folders[0] / "family" / "dropout.yaml").unlink()
    accepted(folders)
    accepted(folders, Reference("1.13.1"))
    accepted(folders, Reference(change=moved(1.0)))
    judge = Judge(implementation=LAW, law=LAW, drawer=Drawer())

    def results() -> list[tuple[Verdict, str]]:
        goldens = open_goldens(folders[1], "torch-1.13.1")
        return [(result.verdict, result.message) for result in replay(judge, folders[0], (), goldens)]

    moved_on = "the golden of torch-1.13.1 stands on another recording of torch-2.13.0; record it anew"
    assert results() == [(Verdict.STALE, moved_on), (Verdict.PASS, "")]
    shutil.rmtree(folders[1] / "torch-2.13.0")
    with pytest.raises(GoldenError, match=r"stand on the reference torch-2\.13\.0, which is not there"):
        results()


def nudged(call: Call, outputs: Outputs) -> Outputs:
    """Move every floating output by one unit in the last place."""
    stages = {
        stage: {name: np.nextafter(array, array.dtype.type(np.inf)) for name, array in arrays.items()}
        for stage, arrays in outputs.stages.items()
    }
    return replace(outputs, stages=stages)


def test_what_a_version_moves_within_the_bound_takes_one_run_and_keeps_no_bound(
    folders: tuple[Path, Path],
) -> None:
    (folders[0] / "family" / "dropout.yaml").unlink()
    accepted(folders)
    calls: list[Call] = []

    def counted(call: Call, outputs: Outputs) -> Outputs:
        calls.append(call)
        return nudged(call, outputs) if call.dtype == "float32" else outputs

    found = accepted(folders, Reference("1.13.1", change=counted)).found
    assert len(calls) == 2
    assert count_changes(found.drifts)[Change.WITHIN] == 2
    operator = open_goldens(folders[1], "torch-1.13.1").operator("family/l1_penalty")
    assert sorted(operator.own.lines) == ["plain/backward/grad_weight", "plain/forward/output"]
    assert sorted(operator.own.arrays) == sorted(operator.own.lines)
    assert operator.decided() == {"plain", "other"}


def test_an_edited_case_is_stale_until_it_is_recorded(folders: tuple[Path, Path]) -> None:
    accepted(folders)
    path = folders[0] / "family" / "l1_penalty.yaml"
    path.write_text(CASES.replace("lambd: 0.1", "lambd: 0.2"))
    judge = Judge(implementation=LAW, law=LAW, drawer=Drawer())

    def verdicts() -> list[Verdict]:
        return [r.verdict for r in replay(judge, folders[0], ("family/l1_penalty",), open_goldens(folders[1]))]

    assert verdicts() == [Verdict.STALE, Verdict.PASS]
    accepted(folders)
    assert verdicts() == [Verdict.PASS, Verdict.PASS]


def test_the_command_needs_torch_and_says_how_to_get_it(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for module in ("implementations.torch", "reference.answering"):
        monkeypatch.delitem(sys.modules, f"harness.{module}", raising=False)
    shutil.rmtree(folders[1], ignore_errors=True)
    with pytest.raises(Exception, match=r"pip install 'golden-harness\[torch\]'"):
        command.main(["record", "--cases-dir", str(folders[0]), "--golden-dir", str(folders[1])], standalone_mode=False)


# -- how large a golden may be

LARGE = """\
summary: L1 penalty of a large weight, for the tests of recording.
reference: harness.reference.regularization.l1_penalty
stages: [forward]
cases:
  - name: heavy
    params: {lambd: 0.1}
    inputs: {weight: {randn: [400, 700]}}
"""


def test_a_large_golden_is_refused_at_its_case_and_the_others_are_recorded(folders: tuple[Path, Path]) -> None:
    (folders[0] / "family" / "l1_penalty.yaml").write_text(LARGE)
    found = recorded(folders).found
    (error,) = found.errors
    assert str(error) == (
        f"{folders[0]}/family/l1_penalty.yaml:5:11: family/l1_penalty/heavy: its golden takes 1.1 MB, the limit is "
        "1 MB; make its arrays smaller, or say 'large: true' in the case"
    )
    assert found.cases == ["family/dropout/plain"]


def test_a_case_may_say_that_it_is_large(folders: tuple[Path, Path]) -> None:
    text = LARGE.replace("    params", "    large: true\n    params")
    (folders[0] / "family" / "l1_penalty.yaml").write_text(text)
    assert recorded(folders).found.errors == []


# -- answers that cannot be a golden


def test_an_upstream_gradient_of_another_dtype_is_refused(folders: tuple[Path, Path]) -> None:
    file = folders[0] / "family" / "l1_penalty.yaml"
    file.write_text(CASES.replace("{output: {value: 1.5}}", "{output: {value: 1.5, dtype: float64}}"))
    (error,) = recorded(folders).found.errors
    assert error.problem == "family/l1_penalty/plain: grad_outputs/output is float64 (), the output float32 ()"
    assert error.hint == "give it the shape and dtype of the output"


def test_an_answer_that_its_own_bound_would_not_pass_is_refused(folders: tuple[Path, Path]) -> None:
    file = folders[0] / "family" / "l1_penalty.yaml"
    file.write_text(CASES.replace("  - name: plain\n", "  - name: plain\n    dtype: float64\n"))
    first: list[Call] = []

    def off_at_first(call: Call, outputs: Outputs) -> Outputs:
        if call.operator != "l1_penalty" or call.dtype != "float64" or first:
            return outputs
        first.append(call)
        return replace(outputs, stages={s: {n: a * 1.001 for n, a in g.items()} for s, g in outputs.stages.items()})

    (error,) = recorded(folders, Reference(change=off_at_first)).found.errors
    assert "forward/output[]: the reference's own answer lies at " in error.problem


# -- what an earlier recording left pending


def recorded_part(folders: tuple[Path, Path], *patterns: str, reference: Any = None) -> Recorder:
    recorder = Recorder(reference or Reference(), cases=folders[0], goldens=folders[1])
    list(recorder.record(patterns, keep=True))
    return recorder


def test_a_part_that_does_not_differ_leaves_the_rest_pending(folders: tuple[Path, Path]) -> None:
    """Everything moves and waits; one case, recorded again, does not: the others still wait, and only they."""
    (folders[0] / "family" / "dropout.yaml").write_text(DROPOUT.replace("p: 0.5", "p: 0.25"))
    accepted(folders)
    (folders[0] / "family" / "dropout.yaml").write_text(DROPOUT)
    assert recorded(folders, Reference(change=moved(5000.0))).found.changed == [
        "family/dropout/plain", "family/l1_penalty/plain",
    ]  # fmt: skip
    found = recorded_part(folders, "family/l1_penalty/plain").found
    assert (found.differs, str(found.kept)) == (False, "1 case, 0 transcripts and 0 removals")
    done = accept(folders[1], "torch-2.13.0", (), cases_root=folders[0])
    assert done.changed == ("family/dropout/plain",)
    judge = Judge(implementation=LAW, law=LAW, drawer=Drawer())
    results = list(replay(judge, folders[0], (), open_goldens(folders[1])))
    assert [result.verdict for result in results] == [Verdict.PASS] * 3


def test_a_part_is_laid_over_what_was_pending(folders: tuple[Path, Path]) -> None:
    """Transcripts, removals and arrays of other cases stay; of the same case the newer recording counts."""
    accepted(folders)
    (folders[0] / "family" / "dropout.yaml").unlink()
    path = folders[0] / "family" / "l1_penalty.yaml"
    path.write_text(CASES.rstrip() + '\n    transcript: {expect: "", layout: "{forward/output}"}\n')
    first = recorded(folders, Reference(change=moved(5000.0))).found
    assert str(first.pending) == "1 case, 1 transcript and 1 removal"
    found = recorded_part(folders, "family/l1_penalty/plain", reference=Reference(change=moved(9000.0))).found
    assert str(found.pending) == "1 case, 0 transcripts and 0 removals"
    assert str(found.kept) == "0 cases, 1 transcript and 1 removal"
    done = accept(folders[1], "torch-2.13.0", (), cases_root=folders[0])
    assert str(done) == "1 case, 1 transcript and 1 removal"
    again = recorded(folders, Reference(change=moved(9000.0))).found
    assert not again.differs
    assert open_goldens(folders[1]).case_ids() == ["family/l1_penalty/other", "family/l1_penalty/plain"]


def test_what_is_pending_as_absent_keeps_its_reason(folders: tuple[Path, Path]) -> None:
    accepted(folders)

    def refuse(call: Call, outputs: Outputs) -> Outputs:
        if call.operator == "dropout":
            raise Unsupported("no kernel for it")
        return outputs

    recorded(folders, Reference("1.13.1", change=refuse))
    found = recorded_part(folders, "family/l1_penalty", reference=Reference("1.13.1")).found
    assert (len(found.changed), str(found.kept)) == (2, "1 case, 0 transcripts and 0 removals")
    accept(folders[1], "torch-1.13.1", (), cases_root=folders[0])
    goldens = open_goldens(folders[1], "torch-1.13.1")
    assert goldens.absent("family/dropout/plain") == "no kernel for it"
    assert goldens.case_ids() == ["family/l1_penalty/other", "family/l1_penalty/plain"]


def test_a_part_that_takes_back_all_that_was_pending_leaves_nothing(folders: tuple[Path, Path]) -> None:
    accepted(folders)
    recorded(folders, Reference(change=moved(5000.0)))
    found = recorded_part(folders, "family/*/plain").found
    assert not found.kept.differs
    assert not pending_folder(folders[1], "torch-2.13.0").exists()


def test_a_whole_recording_takes_the_place_of_what_was_pending(folders: tuple[Path, Path]) -> None:
    recorded(folders, Reference(change=moved(5000.0)))
    found = recorded(folders).found
    assert found.kept.cases == ()
    accept(folders[1], "torch-2.13.0", (), cases_root=folders[0])
    assert not recorded(folders).found.differs


def test_a_check_of_a_part_leaves_alone_what_is_pending(folders: tuple[Path, Path]) -> None:
    recorded(folders)
    pending = pending_folder(folders[1], "torch-2.13.0")
    before = {path: path.read_bytes() for path in pending.rglob("*") if path.is_file()}
    recorder = Recorder(Reference(change=moved(5000.0)), cases=folders[0], goldens=folders[1])
    list(recorder.record(("family/l1_penalty",), keep=False))
    assert {path: path.read_bytes() for path in pending.rglob("*") if path.is_file()} == before


def test_a_damaged_pending_recording_stops_a_part_before_it_is_recorded(folders: tuple[Path, Path]) -> None:
    recorded(folders)
    (pending_folder(folders[1], "torch-2.13.0") / "MANIFEST").unlink()
    with pytest.raises(GoldenError, match="the pending recording has nothing of 'family/dropout/plain'"):
        recorded_part(folders, "family/l1_penalty")
    assert not recorded(folders).found.errors  # a whole recording heals it
    accept(folders[1], "torch-2.13.0", (), cases_root=folders[0])


@pytest.mark.parametrize("step", range(3))
def test_a_part_that_is_interrupted_loses_nothing_that_was_pending(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Each rename of a recording fails in turn: what was pending can be accepted afterwards."""
    accepted(folders)
    recorded(folders, Reference(change=moved(5000.0)))
    rename, calls = Path.rename, []

    def failing(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) > step:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(KeyboardInterrupt):
        recorded_part(folders, "family/l1_penalty/other")
    monkeypatch.undo()
    done = accept(folders[1], "torch-2.13.0", (), cases_root=folders[0])
    assert done.changed == ("family/dropout/plain", "family/l1_penalty/plain")


def test_a_case_that_could_not_be_recorded_is_not_pending(folders: tuple[Path, Path]) -> None:
    accepted(folders)

    def fail(call: Call, outputs: Outputs) -> Outputs:
        if call.operator == "dropout":
            raise ValueError("no")
        return outputs

    found = recorded(folders, Reference(change=fail)).found
    assert (len(found.errors), found.changed, found.differs) == (1, [], False)
