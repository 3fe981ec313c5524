"""Which base model fits which card, and what is said where it does not."""

from __future__ import annotations

import pytest

from trainer.engines.diffusers.cards import PROCESSOR, Card, parsed
from trainer.engines.diffusers.fitting import (
    choice_for,
    choices,
    fit,
    largest_batch,
    precision_to_draw,
    smaller,
    usable,
    why_not,
)
from trainer.engines.diffusers.known import GIB, KNOWN
from trainer.engines.diffusers.measured import FILE, Measurements, Way

SHORT = {name.partition("/")[2]: known for name, known in KNOWN.items()}
KLEIN = SHORT["FLUX.2-klein-base-4B"]
SHAPES = SHORT["tiny-shapes"]


def a_card(gigabytes: float, used: float = 0.3, computes: float = 8.9) -> Card:
    return Card("0", "RTX", round(gigabytes * GIB), round(used * GIB), computes)


# The table of docs/trainer.md: what a card of so many gigabytes trains.
TABLE = {
    "FLUX.2-klein-base-4B": {
        6: "",
        8: "nf4 512",
        12: "int8 768",
        16: "int8 1024",
        24: "bfloat16 1024",
        48: "bfloat16 1024",
    },
    "Z-Image": {8: "", 12: "nf4 512", 16: "nf4 1024", 24: "int8 1024", 48: "bfloat16 1024"},
    "FLUX.1-dev": {8: "", 12: "nf4 512", 16: "nf4 768", 24: "int8 1024", 48: "bfloat16 1024"},
    "stable-diffusion-xl-base-1.0": {8: "int8 768", 12: "int8 1024", 16: "bfloat16 1024"},
    "stable-diffusion-v1-5": {6: "bfloat16 768", 8: "bfloat16 768", 24: "bfloat16 768"},
    "FLUX.2-klein-base-9B": {8: "", 12: "nf4 512", 16: "nf4 1024", 24: "int8 1024"},
    "Qwen-Image": {8: "", 12: "", 16: "", 24: "nf4 768", 48: "int8 1024"},
    "FLUX.2-dev": {8: "", 12: "", 16: "", 24: "", 80: "int8 1024"},
}


@pytest.mark.parametrize("used", [0.15, 0.45])
@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [(name, size, way) for name, row in TABLE.items() for size, way in row.items()],
)
def test_each_card_trains_what_fits_it(name, size, expected, used):
    chosen = choice_for(SHORT[name], a_card(size, used))

    assert (f"{chosen.precision} {chosen.side}" if chosen else "") == expected


@pytest.mark.parametrize("size", [8, 12, 16, 24])
def test_flux_2_dev_is_known_and_refused_for_its_memory(size):
    why = why_not(SHORT["FLUX.2-dev"], a_card(size), ["black-forest-labs/FLUX.2-dev"])

    assert "needs 30.0 GB on the card at the least (512 pixels in 4 bits)" in why


def test_what_does_not_fit_is_told_with_the_numbers_and_with_what_would_fit():
    here = [KLEIN.name, "black-forest-labs/FLUX.1-dev", SHAPES.name]

    assert why_not(SHORT["FLUX.1-dev"], a_card(8, 0.9), here) == (
        "black-forest-labs/FLUX.1-dev needs 9.7 GB on the card at the least (512 pixels in 4 "
        "bits); RTX has 8.0 GB, 7.1 of them free. Train "
        "black-forest-labs/FLUX.2-klein-base-4B instead, or close what uses the card."
    )
    assert "Use a hosted trainer" in why_not(SHORT["FLUX.1-dev"], a_card(8), [SHAPES.name])


def test_an_old_card_trains_only_what_knows_nothing_newer():
    old = a_card(24, computes=7.5)

    assert "bfloat16" in why_not(KLEIN, old, [])
    assert not why_not(SHORT["stable-diffusion-xl-base-1.0"], old, [])


def test_without_a_card_only_what_is_small_is_trained():
    assert "needs a graphics card" in why_not(KLEIN, PROCESSOR, [SHAPES.name])
    found = fit(SHAPES, PROCESSOR, [SHAPES.name], Measurements(), 64 * GIB)
    assert (found["fits"], found["precision"], found["resolution"]) == (True, "float32", 256)
    assert found["words"].startswith("At 256 pixels in 32 bits on this machine's processor:")


def test_photos_at_a_time_need_memory_of_their_own():
    one, four = (choice_for(KLEIN, a_card(24), batch=batch) for batch in (1, 4))

    assert one and four
    assert one.side == 1024 > four.side


def test_how_many_photos_at_a_time_fit_at_most_is_told():
    assert {size: largest_batch(KLEIN, a_card(size)) for size in (6, 8, 12, 24)} == {
        6: 0,
        8: 1,
        12: 3,
        24: 8,
    }


def test_what_fits_is_told_for_as_many_photos_at_a_time_as_are_asked_about():
    measured = Measurements()
    measured.note(Way("RTX", KLEIN.name, "bfloat16", 1024), 12 * GIB, 1.25, 20 * GIB)

    one, four, eight = (
        fit(KLEIN, a_card(size), [], measured, 64 * GIB, batch)
        for size, batch in ((24, 1), (24, 4), (12, 8))
    )

    assert (one["resolution"], one["seconds_per_step"]) == (1024, 1.25)
    assert (four["fits"], four["resolution"], four["seconds_per_step"]) == (True, 768, None)
    assert four["needs_bytes"] == KLEIN.needs(four["precision"], 768, 4)
    assert not eight["fits"]
    assert eight["words"].endswith("Train with a batch size of 3.")


def test_smaller_photos_are_trained_as_small_as_they_are():
    assert {way.side for way in choices(KLEIN, a_card(24), wanted=600)} == {512}
    assert {way.side for way in choices(KLEIN, a_card(24), wanted=400)} == {400}


def test_the_next_smaller_way_needs_less_and_the_smallest_has_none():
    ways = choices(KLEIN, a_card(24))

    way, steps = ways[0], []
    while found := smaller(ways, way.precision, way.side):
        assert found.needs < way.needs
        way = found
        steps.append(f"{way.precision} {way.side}")

    assert steps[0] == "int8 1024"
    assert steps[-1] == "nf4 512"
    assert smaller(ways, "float32", 7) is None


def test_what_fits_is_told_with_how_it_is_trained():
    assert fit(KLEIN, a_card(12), [KLEIN.name], Measurements(), 64 * GIB) == {
        "fits": True,
        "words": "At 768 pixels in 8 bits on RTX: needs 9.6 of the 11.7 GB that are free.",
        "precision": "int8",
        "resolution": 768,
        "needs_bytes": KLEIN.needs("int8", 768),
        "free_bytes": a_card(12).free,
        "card": "RTX",
        "seconds_per_step": None,
        "largest_batch": 3,
    }


def test_what_does_not_fit_is_answered_with_the_least_that_would():
    found = fit(SHORT["FLUX.1-dev"], a_card(8), [], Measurements(), 64 * GIB)

    assert (found["fits"], found["precision"], found["resolution"]) == (False, "nf4", 512)
    assert found["words"] == why_not(SHORT["FLUX.1-dev"], a_card(8), [])


def test_a_machine_with_little_memory_of_its_own_is_told_what_loading_takes():
    flux, card = SHORT["FLUX.1-dev"], a_card(24)

    found = fit(flux, card, [], Measurements(), 16 * GIB)

    assert found["fits"]
    assert found["words"].endswith(
        "While it loads, it needs about 26 GB of the machine's own memory, which has 16."
    )
    assert "loads" not in fit(flux, card, [], Measurements(), 32 * GIB)["words"]


def test_a_picture_is_drawn_in_what_the_card_can_hold_whatever_is_free_now():
    precisions = {
        size: precision_to_draw(SHORT["FLUX.1-dev"], a_card(size, used))
        for size in (6, 8, 12, 16, 24, 48)
        for used in (0.1, 5)
    }

    assert precisions == {6: "", 8: "", 12: "nf4", 16: "int8", 24: "int8", 48: "bfloat16"}


# --- what was measured ---------------------------------------------------------------------


def test_a_measured_peak_takes_the_place_of_the_table(tmp_path):
    card, way = a_card(12), Way("RTX", KLEIN.name, "int8", 1024)
    measured = Measurements(tmp_path / FILE)

    measured.note(way, 8 * GIB, 1.25, usable(card))

    found = fit(KLEIN, card, [], Measurements(tmp_path / FILE), 64 * GIB)
    assert (found["precision"], found["resolution"]) == ("int8", 1024)
    assert found["needs_bytes"] == 8 * GIB + 800 * 1024**2
    assert found["seconds_per_step"] == 1.25


def test_where_no_memory_was_counted_only_the_time_is_known(tmp_path):
    measured = Measurements(tmp_path / FILE)

    measured.note(Way(PROCESSOR.name, SHAPES.name, "float32", 256), 0, 0.25, usable(PROCESSOR))

    found = fit(SHAPES, PROCESSOR, [], measured, 64 * GIB)
    assert found["needs_bytes"] == SHAPES.needs("float32", 256)
    assert found["seconds_per_step"] == 0.25


def test_what_was_done_once_fits_again_whatever_was_counted(tmp_path):
    card, way = a_card(12), Way("RTX", KLEIN.name, "int8", 768)
    measured = Measurements(tmp_path / FILE)

    measured.note(way, 12 * GIB, 1.0, usable(card))

    chosen = choice_for(KLEIN, card, measured=measured)
    assert chosen and (chosen.precision, chosen.side) == ("int8", 768)


def test_what_ran_out_of_memory_is_not_tried_again(tmp_path):
    card, measured = a_card(12), Measurements(tmp_path / FILE)

    measured.note_too_much(Way("RTX", KLEIN.name, "int8", 768), usable(card))

    chosen = choice_for(KLEIN, card, measured=Measurements(tmp_path / FILE))
    assert chosen and (chosen.precision, chosen.side) == ("nf4", 768)


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[1]", "[{}]", '{"a": 1}', "\xff", '[{"card": "x", "needs": -1}]']
)
def test_a_broken_file_counts_as_none_and_is_written_anew(tmp_path, text):
    (tmp_path / FILE).write_bytes(text.encode("latin-1"))
    way = Way("RTX", KLEIN.name, "nf4", 512)

    measured = Measurements(tmp_path / FILE)
    assert measured.of(way) is None
    measured.note(way, GIB, 0.5, 4 * GIB)

    assert Measurements(tmp_path / FILE).of(way) == measured.of(way)


# --- the driver's own program --------------------------------------------------------------


def test_the_lines_of_the_drivers_program_are_read_and_others_are_no_card():
    found = parsed(
        "0, NVIDIA GeForce RTX 4070, 12282, 512, 8.9\n"
        "1, NVIDIA GB10, [N/A], [N/A], 12.1\n"
        "No devices were found\n"
    )

    assert found == [Card("0", "NVIDIA GeForce RTX 4070", 12282 * 1024**2, 512 * 1024**2, 8.9)]
