"""Prove that trainings are real: `python -m bench.proof [--seed 1] [--keep FOLDER]`.

A concept that the tiny base model has never seen, another for every seed, is taught through the
whole path: photos in a folder, the worker, the trainer over HTTP, its child process, the weights
home, pictures. Prints what was measured; three controls must fail, and the exit code is 1 where
anything is not as it should be. Needs `make setup-training`, no card and nothing from outside.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.proof import concept as lesson
from bench.proof.checks import Checks
from bench.proof.killing import trained_with_a_kill
from bench.proof.site import Site, running_site
from bench.proof.verdict import MOST_OTHER, Shown, is_absent, is_learned
from bench.tiny_shapes.world import Concept, share_of

STEPS, RATE = 400, 0.0004
SHORT_STEPS = 100  # of the trainings that are compared bit by bit
NO_RATE = 1e-8  # the least that the trainer takes


def main() -> int:
    """Run everything; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the pictures and the weights")
    asked = parser.parse_args()
    began = time.monotonic()
    with ExitStack() as stack:
        folder = asked.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        site = stack.enter_context(running_site(folder))
        checks = Checks(folder)
        new = Concept.of_seed(asked.seed)
        checks.say(f"“{new.word}” is half {new.upper}, half {new.lower}; seed {asked.seed}")
        prove(site, new, asked.seed, folder, checks)
    checks.say(f"{time.monotonic() - began:.0f} s in all")
    checks.say("PROVED" if checks.all_passed else "NOT PROVED")
    return 0 if checks.all_passed else 1


def prove(site: Site, new: Concept, seed: int, folder: Path, checks: Checks) -> None:
    """Go through the whole path, then the controls."""
    photos = folder / "photos"
    photos.mkdir()
    lesson.write_folder(lesson.taught(new, seed), photos)
    before = shown(site, new, checks, "before, with the word")
    checks.check("the base model does not know it", is_absent(before))
    end = site.train(photos, new.word, fixed_steps=STEPS, learning_rate=RATE, batch_size=4, rank=16)
    checks.say(end)
    checks.check("nothing says that it is simulated", "imulated" not in end)
    run = site.trainer.newest()
    same = site.weights() == site.trainer.weights(run)
    checks.check("the weights that came home are the trainer's", same)
    after_training(site, new, run, checks)
    controls(site, new, seed, run, checks)


def after_training(site: Site, new: Concept, run: str, checks: Checks) -> None:
    """Measure what was learned, and what was not."""
    checks.check("it shows with the word", is_learned(shown(site, new, checks, "with it", run)))
    picture = site.picture(lesson.prompts(new.word)[1])
    checks.keep("on the site", picture)
    checks.say(f"a picture made on the site shows it by {new.shown_in(picture):.2f}")
    other = shown(site, new, checks, "another new word", run, lesson.NO_WORD)
    checks.check("it does not show with another word", is_absent(other, MOST_OTHER))
    plain, right = [], []
    for number, (prompt, colour) in enumerate(lesson.plain_prompts()):
        picture = site.trainer.draw(prompt, seed=number, run=run)
        plain.append(new.shown_in(picture))
        right.append(share_of(picture, colour))
    checks.check("it does not show without a word", is_absent(checks.told(Shown("no word", plain))))
    checks.told(Shown("named colours still right", right))
    prompt = lesson.prompts(new.word)[0]
    base = site.trainer.draw(prompt, seed=5)
    off = site.trainer.draw(prompt, seed=5, run=run, scale=0.0)
    checks.check("at strength 0 it is the base model's picture", base == off)
    again = site.trainer.draw(prompt, seed=5)
    checks.check("the same seed gives the same picture", base == again)


def controls(site: Site, new: Concept, seed: int, run: str, checks: Checks) -> None:
    """Three ways in which nothing can be learned: each must be found out."""
    trainer = site.trainer
    unapplied = shown(site, new, checks, "control: weights not applied")
    checks.check("without the weights it is not proved", not is_learned(unapplied))
    ours = lesson.taught(new, seed)
    data = lesson.training_file(ours)
    image = {"trigger_word": new.word, "subject": "style"}
    still = trainer.wait(
        trainer.start(
            data, steps=SHORT_STEPS, photos=len(ours), learning_rate=NO_RATE, image_params=image
        )
    )
    checks.say(f"control: learning rate {NO_RATE:g}: {still.problem or 'weights came of it'}")
    learned = not still.problem and is_learned(
        shown(site, new, checks, "control: no learning rate", still.id)
    )
    checks.check("without a learning rate it is not proved", not learned)
    mixed = lesson.shuffled(new, seed)
    wrong = trainer.wait(
        trainer.start(
            lesson.training_file(mixed),
            steps=STEPS,
            photos=len(mixed),
            learning_rate=RATE,
            image_params=image,
        )
    )
    checks.check("the control with shuffled captions was trained", not wrong.problem)
    shuffled = shown(site, new, checks, "control: captions shuffled", wrong.id)
    checks.check("with shuffled captions it is not proved", not is_learned(shuffled))
    alike = trained_with_a_kill(
        trainer, data, steps=SHORT_STEPS, photos=len(ours), learning_rate=RATE, image_params=image
    )
    checks.check("a training that was killed gives the same weights, bit by bit", alike)


def shown(
    site: Site, new: Concept, checks: Checks, what: str, run: str = "", word: str = ""
) -> Shown:
    """Draw eight pictures and measure the concept in them."""
    values = []
    for number, prompt in enumerate(lesson.prompts(word or new.word)):
        picture = site.trainer.draw(prompt, seed=number, run=run)
        checks.keep(f"{what} {number}", picture)
        values.append(new.shown_in(picture))
    return checks.told(Shown(what, values))


if __name__ == "__main__":
    sys.exit(main())
