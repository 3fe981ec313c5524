"""Values of which there are a few, as they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from api.schema import choice_of
from generation.prompts import RATIOS
from models_app.models import Subject as Subjects
from providers.base_models import BASE_MODELS
from providers.hyperparameters import PRESETS
from providers.registry import CLASSES

if TYPE_CHECKING:
    BaseModel: TypeAlias = str
    Preset: TypeAlias = str
    Provider: TypeAlias = str
    Ratio: TypeAlias = str
    Subject: TypeAlias = str
else:
    BaseModel = choice_of(*(model.key for model in BASE_MODELS))
    Preset = choice_of(*PRESETS)
    Provider = choice_of(*CLASSES)
    Ratio = choice_of(*RATIOS)
    Subject = choice_of(*Subjects.values)
