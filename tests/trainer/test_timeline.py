"""The plan of a simulated training is a pure function of the run."""

from __future__ import annotations

from hypothesis import given, strategies as st

from tests.trainer.test_weights import a_run
from trainer.engines.simulated import timeline
from trainer.runs.metrics import thin

sizes = {"n_epochs": st.integers(1, 1000), "batch_size": st.integers(1, 8)}


@given(**sizes, n_checkpoints=st.integers(1, 10))
def test_the_moments_are_in_order_and_their_number_is_bounded(n_epochs, batch_size, n_checkpoints):
    run = a_run(n_epochs=n_epochs, batch_size=batch_size, n_checkpoints=n_checkpoints)

    moments = timeline.plan(run)

    shares = [moment.at for moment in moments]
    assert shares == sorted(shares)
    assert 0 == shares[0] <= shares[-1] < 1
    assert len(moments) <= 50
    steps = [moment.step for moment in moments if moment.step is not None]
    assert steps == sorted(steps) and steps[-1] == run.total_steps


@given(**sizes)
def test_a_step_is_reached_when_its_epoch_is_reported(n_epochs, batch_size):
    run = a_run(n_epochs=n_epochs, batch_size=batch_size)

    for moment in timeline.plan(run):
        if moment.kind == "epoch_complete":
            assert timeline.step_at(run, moment.at) == moment.step


@given(share=st.floats(0, 1), later=st.floats(0, 1))
def test_steps_never_go_back(share, later):
    run = a_run(n_epochs=100)
    first, second = sorted((share, later))

    assert 0 <= timeline.step_at(run, first) <= timeline.step_at(run, second) <= run.total_steps


@given(**sizes)
def test_at_most_500_losses_are_recorded(n_epochs, batch_size):
    run = a_run(n_epochs=n_epochs, batch_size=batch_size)

    steps = timeline.loss_steps(run, 0, run.total_steps)

    assert len(steps) <= 500
    assert steps


@given(cut=st.integers(0, 400))
def test_recording_in_two_parts_gives_the_same_losses(cut):
    run = a_run(n_epochs=100)

    parts = timeline.loss_steps(run, 0, cut) + timeline.loss_steps(run, cut, 400)

    assert parts == timeline.loss_steps(run, 0, 400)


def test_the_loss_is_the_same_for_the_same_run_and_falls():
    run, other = a_run(), a_run(run_id="ft-" + "1" * 24)
    curve = [timeline.loss(run, step) for step in range(1, 41)]

    assert curve == [timeline.loss(run, step) for step in range(1, 41)]
    assert curve != [timeline.loss(other, step) for step in range(1, 41)]
    assert sum(curve[:10]) > sum(curve[-10:])


@given(count=st.integers(1, 2000), most=st.integers(1, 500))
def test_a_thinned_curve_is_in_order_and_keeps_its_end(count, most):
    points = [(step, 0.5, 1e-4, float(step)) for step in range(1, count + 1)]

    kept = thin(points, most)

    assert len(kept) == min(count, most)
    assert kept == sorted(set(kept))
    assert kept[-1] == points[-1]
