"""Who made the labels of a run, and whether that is the teacher that the recipe names."""

from __future__ import annotations

import re

from tiekd.card import TaughtBy
from tiekd.errors import ConfigError
from tiekd.estimators.labels import LabelFolder, LabelInfo
from tiekd.models.families import NETWORKS, split_architecture
from tiekd.recipe import Recipe

_NAMELESS = ("labels", "teacher")
"""First words of names that say nothing about a network: other people's labels, and recipes without a row."""


def check_teacher(recipe: Recipe, labels: LabelFolder) -> None:
    """Raise ConfigError when the labels were made by another teacher than the recipe names."""
    stated, made_by = recipe.teacher, labels.info.teacher
    if recipe.data.any_teacher or stated is None or is_taught_by(labels.info, stated) is not False:
        return
    raise ConfigError(
        f"{recipe.name or 'The recipe'} has the teacher {stated}, and the labels in {labels.root} were made "
        f"by {made_by}.",
        hint=f"Take labels of {stated} or the row of the labels' teacher; or say --force, and the card names "
        f"{made_by}.",
    )


def is_taught_by(info: LabelInfo, teacher: str) -> bool | None:
    """Whether labels were made by `teacher`, a name in recipes such as "bts"; None where that does not show.

    The family of the network tells, so that a fine-tuned teacher may have any name; without it the name does.
    """
    network = split_architecture(info.teacher_architecture or "")
    if network and teacher in NETWORKS:
        return network[0] == teacher
    kind, _, place = info.teacher.rpartition(":")
    # What follows a point is a data set, a suffix or a version; after a comma there are declarations.
    words = re.findall(r"[^\W_]+", re.split(r"[.,]", place)[0].lower())
    if teacher.lower() in words:
        return True
    nameless = not words or kind in _NAMELESS or words[0] in _NAMELESS
    return None if nameless and not set(words) & set(NETWORKS) else False


def teacher_of(recipe: Recipe, info: LabelInfo) -> str:
    """The teacher that the card names: the recipe's, unless the labels were made by another."""
    if recipe.teacher is None or is_taught_by(info, recipe.teacher) is False:
        return info.teacher
    return recipe.teacher


def taught_by(info: LabelInfo) -> TaughtBy:
    """Name and checksum of the labels' teacher, for the card and data.json."""
    return TaughtBy(name=info.teacher, sha256=info.teacher_sha256)
