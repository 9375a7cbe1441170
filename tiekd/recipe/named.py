"""What a recipe leaves open and the command line must say: where the data and the labels are."""

from __future__ import annotations

from tiekd.data.frames import FrameSource
from tiekd.datasets import has_own_layout
from tiekd.errors import ConfigError
from tiekd.recipe.recipe import Recipe
from tiekd.zoo import read_zoo


def check_named(recipe: Recipe) -> None:
    """Raise a ConfigError that lists all that is missing unless data and, if needed, labels are named."""
    needs_data, needs_labels = recipe.data.source is None, recipe.needs_labels and recipe.data.labels is None
    missing = ["data"] * needs_data + ["labels"] * needs_labels
    if not missing:
        return
    message = f"The recipe names no {' and no '.join(missing)}"
    hint = f"Say {' and '.join([f'--data {_place(recipe)}'] * needs_data + ['--labels DIR'] * needs_labels)}."
    if needs_labels:
        message += f"; the method {recipe.method} learns from teacher labels"
        hint += f" `{_label_command(recipe)}` writes them."
    raise ConfigError(f"{message}.", hint=hint)


def check_norms(recipe: Recipe) -> None:
    """Raise ConfigError where the norms of an encoder with random weights would keep their statistics."""
    network = recipe.network
    if network.frozen_norms != "none" and not network.encoder_weights and not network.start_from:
        raise ConfigError(
            f"network.frozen_norms={network.frozen_norms} keeps the norms of an encoder as they are, "
            "and its weights are random: it would hardly learn.",
            hint="Say --encoder-weights imagenet (or a file), or -o network.frozen_norms=none.",
        )


def check_kind(recipe: Recipe, source: FrameSource) -> None:
    """Raise ConfigError where a recipe for a data set of its own layout is given data of another's."""
    if recipe.dataset != source.kind and has_own_layout(recipe.dataset) and has_own_layout(source.kind):
        raise ConfigError(
            f"The recipe is for {recipe.dataset} and the data is {source.kind}: {source.root}.",
            hint=f"Say --data {recipe.dataset}:ROOT, or -o dataset={source.kind} for that one's values.",
        )


def _place(recipe: Recipe) -> str:
    any_kind = "KIND" if recipe.data.train_split else "folder"
    kind = recipe.dataset if has_own_layout(recipe.dataset) else any_kind
    return recipe.data.source or f"{kind}:ROOT"


def _label_command(recipe: Recipe) -> str:
    """How to have the teacher of the recipe write its labels."""
    rows = read_zoo().names(f"{recipe.teacher}_*.{recipe.dataset}") if recipe.teacher else []
    words = ["tiekd label", rows[0] if rows else "TEACHER", "--data", _place(recipe)]
    words += ["--split", recipe.data.train_split] if recipe.data.train_split else []
    # `tiekd label` crops data of a known layout as its protocol does; other data needs the option.
    words += [] if has_own_layout(recipe.dataset) else ["--crop", recipe.data.crop]
    words += ["--shrink", str(recipe.data.shrink)] if recipe.data.shrink > 1 else []
    words += ["--use-focal"] if recipe.data.train_focal_px else []
    return " ".join([*words, "--out DIR"])
