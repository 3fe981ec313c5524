"""`manage.py train FOLDER` or `ARCHIVE.zip`: the wizard for the terminal, by the same services."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.limits import LimitReachedError
from accounts.models import User
from jobs.messages import explain
from jobs.models import JobQueue
from jobs.states import Status
from models_app import services as model_services, trigger_words
from models_app.intake import State, take_in
from models_app.limits import LIMITS
from models_app.models import Subject, UserModel
from models_app.photo_paths import name_of, open_photos
from models_app.photo_sets import PhotosError, PhotoSet, Refused, account_of
from models_app.selectors import photos_of
from models_app.texts import shortened, single_line
from providers.catalog import DEFAULT_BASE_MODEL
from providers.hyperparameters import (
    DEFAULT_PRESET,
    HYPERPARAMETERS,
    PRESETS,
    Hyperparameters,
    InvalidHyperparametersError,
)
from providers.registry import training_defaults
from training import selectors
from training.services import StartRefusedError, start
from training.watching import StoppedWaitingError, Watcher

WRONG_USAGE = 2
EXAMPLES = """
examples:
  manage.py train ~/photos/mug --email ann@example.org --kind product --name "My mug"
  manage.py train ~/photos/ann --email ann@example.org --kind person --consent --preset best
  manage.py train ~/photos/mug.zip --email ann@example.org --epochs 40 --no-wait

A text file beside a photo, of the same name but for .txt or .caption, is its caption.
The model belongs to that account, exactly as if the photos had been uploaded in the browser.
The worker runs the training, so an installation must be running (make run).
Exit code: 0 trained (or started, with --no-wait), 1 failed, 2 wrong usage.
"""


class Command(BaseCommand):
    help = f"Train a model from a folder or a ZIP of {LIMITS.count_text}."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name,
            subcommand,
            epilog=EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **kwargs,
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "photos", type=Path, help=f"folder or ZIP of photos: {LIMITS.formats_text}"
        )
        parser.add_argument("--email", required=True, help="account that will own the model")
        parser.add_argument("--name", help="name of the model (default: the folder's or the ZIP's)")
        parser.add_argument("--kind", choices=Subject.values, default=Subject.PRODUCT.value)
        parser.add_argument(
            "--consent", action="store_true", help="confirm that the person in the photos agrees"
        )
        parser.add_argument("--trigger-word", help="trigger word (default: made from the name)")
        parser.add_argument("--base-model", default=DEFAULT_BASE_MODEL)
        parser.add_argument("--provider", help="provider (default: the first that is available)")
        parser.add_argument("--preset", choices=list(PRESETS), default=DEFAULT_PRESET)
        for name, parameter in HYPERPARAMETERS.items():
            flag, words = f"--{name.replace('_', '-')}", str(parameter.help_text)
            if parameter.is_switch:
                parser.add_argument(flag, action=argparse.BooleanOptionalAction, help=words)
                continue
            kind = int if parameter.is_whole else float
            parser.add_argument(flag, type=kind, help=words)
        parser.add_argument(
            "--skip-refused", action="store_true", help="train without the photos that are refused"
        )
        parser.add_argument(
            "--wait",
            action=argparse.BooleanOptionalAction,
            default=True,
            help="show the progress until the training is over",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        owner = self._owner(options["email"])
        try:
            with open_photos(options["photos"]) as photos:
                self._check_count(options["photos"], len(photos.files))
                self._train(owner, photos, options)
        except PhotosError as error:
            raise CommandError(str(error), returncode=WRONG_USAGE) from error

    def _train(self, owner: User, photos: PhotoSet, options: dict[str, Any]) -> None:
        options["provider"] = options["provider"] or self._trainer_for(options["base_model"])
        values = self._hyperparameters(options, options["provider"])
        try:
            model = self._draft(owner, options, values)
        except LimitReachedError as error:
            raise CommandError(str(error)) from error
        try:
            self._add_photos(model, photos, skip_refused=options["skip_refused"])
            job = start(model, idempotency_key=selectors.next_idempotency_key(model))
        except (StartRefusedError, LimitReachedError) as error:
            model_services.delete_model(model)
            raise CommandError(str(error)) from error
        except (CommandError, KeyboardInterrupt):
            model_services.delete_model(model)
            raise
        estimate = selectors.estimate(model)
        self.stdout.write(f"Started job {job.pk}. {estimate.time_text}. {estimate.price_text}.")
        if options["wait"]:
            self._watch(job)

    def _owner(self, email: str) -> User:
        owner = User.objects.filter(email=single_line(email).lower()).first()
        if owner is None:
            raise CommandError(f"There is no account {email}.", returncode=WRONG_USAGE)
        return owner

    def _check_count(self, path: Path, count: int) -> None:
        if count > LIMITS.max_photos:
            raise CommandError(
                f"{path} contains {count} files; the limit is {LIMITS.max_photos} photos.",
                returncode=WRONG_USAGE,
            )

    def _hyperparameters(self, options: dict[str, Any], provider: str) -> Hyperparameters:
        chosen = {name: options[name] for name in HYPERPARAMETERS if options[name] is not None}
        try:
            usual = training_defaults(provider, options["base_model"], options["kind"])
            preset = PRESETS[options["preset"]].values(usual).as_json()
            return Hyperparameters.from_json(preset | chosen)
        except InvalidHyperparametersError as error:
            raise CommandError(str(error), returncode=WRONG_USAGE) from error

    def _draft(self, owner: User, options: dict[str, Any], values: Hyperparameters) -> UserModel:
        name = shortened(single_line(options["name"] or name_of(options["photos"])), 60)
        word = options["trigger_word"] or trigger_words.suggest(name, owner=owner)
        if wrong := trigger_words.problem_with(word, owner=owner):
            raise CommandError(wrong, returncode=WRONG_USAGE)
        return model_services.save_answers(
            model_services.create_draft(owner),
            step="about",
            answers={},
            valid={
                "name": name,
                "kind": options["kind"],
                "trigger_word": word,
                "consent_at": timezone.now() if options["consent"] else None,
                "base_model": options["base_model"],
                "provider": options["provider"],
                "preset": options["preset"],
                "options": values.as_json(),
            },
        )

    def _trainer_for(self, base_model: str) -> str:
        if option := selectors.usual_option(base_model):
            return option.provider
        raise CommandError(f"No provider can train {base_model} right now.", returncode=WRONG_USAGE)

    def _add_photos(self, model: UserModel, photos: PhotoSet, *, skip_refused: bool) -> None:
        results = list(take_in(model, photos))
        for reached in (one for one in results if one.is_limit):
            raise CommandError(reached.text)
        refused = [Refused(one.path, one.text) for one in results if one.state is State.REFUSED]
        for line in account_of(refused, photos.litter, photos_of(model).count()):
            self.stderr.write(line)
        if refused and not skip_refused:
            raise CommandError(
                "Nothing was started. Remove the photos refused above, or add --skip-refused.",
            )

    def _watch(self, job: JobQueue) -> None:
        watcher = Watcher(self.stdout, self.stderr)
        try:
            watcher.watch(job)
        except StoppedWaitingError as error:
            self.stdout.write(f"\n{error}")
            raise SystemExit(130) from None
        explanation = explain(job)
        words = f"{explanation.sentence} {explanation.cost} {explanation.advice}".strip()
        if job.status != Status.SUCCEEDED:
            raise CommandError(f"{explanation.title}: {words}")
        note = " Simulated: nothing was really trained." if job.is_simulated else ""
        self.stdout.write(f"{explanation.title}. {words}{note}")
