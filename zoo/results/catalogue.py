"""What is said of the models of the zoo."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelFacts:
    """A model in a list.

    ``card`` is its description in a sentence; ``missing`` the line that installs the library it needs,
    None where it is installed.
    """

    model: str
    family: str
    modalities: list[str]
    tasks: list[str]
    card: str
    missing: str | None


@dataclass(frozen=True)
class ModelCard(ModelFacts):
    """A model with its full description and its parameters with their defaults."""

    description: str
    parameters: dict[str, object]
