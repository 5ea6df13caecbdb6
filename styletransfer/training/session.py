"""A training run as the user asked for it: folder, network, recipe and pictures."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..media.files import write_text
from ..models.bottlenecks import BOTTLENECKS
from ..models.bottlenecks.base import Bottleneck
from ..models.config import MAX_STYLES, PIXELS, Config
from ..models.weights import load_model
from .checkpoint import Saved, read_state
from .distributed import ProcessGroup
from .entries import SMALLEST, Entry, Pictures, decode_large_enough, find_pictures
from .recipe import NETWORK, Recipe, read_recipe
from .stream import find_shards, is_remote


@dataclass(frozen=True)
class Session:
    """Everything that one call of `stylize train` needs.

    run: the folder. saved: the state to resume from. init: a model whose weights to start from.
    set_aside: network settings of the recipe that `init` overrides, by name: the recipe's value and
    init's.
    """

    run: Path
    config: Config
    recipe: Recipe
    content: Pictures
    style: Pictures
    saved: Saved | None = None
    init: str | None = None
    set_aside: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    def describe(self) -> str:
        """The number of pictures of each kind, in one line; in a second, how the network differs from
        the recipe."""
        pictures = ", ".join(
            f"{len(found)} {kind if not isinstance(found[0], str) else f'shards of {kind}'}"
            for kind, found in (("photos", self.content), ("paintings", self.style))
        )
        if not self.set_aside:
            return pictures
        values = ", ".join(
            f"{name} {is_} instead of {was}" for name, (was, is_) in self.set_aside.items()
        )
        return f"{pictures}\nthe network is that of {self.init}, not the recipe's: {values}"


@dataclass(frozen=True)
class Execution:
    """How a run is executed on this machine; it hardly affects what is learned.

    workers: processes that decode pictures. resident: decode all pictures once and crop on the device.
    compile: use torch.compile. tensorboard: also write RUN/tensorboard.
    """

    workers: int = 0
    resident: bool = False
    compile: bool = False
    tensorboard: bool = False


def new_session(
    recipe: str,
    changes: Mapping[str, Any],
    content: Sequence[str],
    style: Sequence[str],
    run: Path | None,
    init: str | None,
) -> Session:
    """A new run. recipe: a name or file. changes: values that override it.

    The network is the recipe's, or that of the model whose weights it starts from.
    """
    network, settings = read_recipe(recipe, changes)
    set_aside: dict[str, tuple[Any, Any]] = {}
    photos, paintings = _find("--content", content), _find("--style", style)
    asked = {key: value for key, value in changes.items() if key in NETWORK}
    if init is not None:
        wanted, network = network, vars(load_model(init).config) | asked
        if recipe != "default":  # which nobody need have asked for
            set_aside = {
                name: (value, network[name])
                for name, value in wanted.items()
                if (tuple(value) if isinstance(value, list) else value) != network[name]
            }
    try:
        config = Config(**_suited(network, asked, paintings))
    except (ValueError, TypeError) as error:
        raise InputError(str(error)) from None
    return Session(run or Path("."), config, settings, photos, paintings, None, init, set_aside)


def _suited(network: dict[str, Any], asked: Mapping[str, Any], paintings: Pictures) -> dict[str, Any]:
    """Network settings without those that the bottleneck cannot use, unless they were asked for."""
    network = dict(network)
    kind = BOTTLENECKS.get(network["bottleneck"], Bottleneck)  # an unknown one is named by Config
    if not kind.knows_palette and "taps" not in asked:
        network["taps"] = [tap for tap in network["taps"] if tap != PIXELS]
    if not kind.matches_jointly and "joint" not in asked:
        network["joint"] = [PIXELS]
    network["styles"] = style_names(paintings) if kind.learns_styles else []
    return network


def style_names(paintings: Pictures) -> list[str]:
    """The names of a conditional network's styles: the file names of the paintings.

    Raises InputError if a painting cannot be used, since its style could not be learned.
    """
    entries = [each for each in paintings if isinstance(each, Entry)]
    if len(entries) < len(paintings):
        raise InputError("a conditional bottleneck learns paintings one by one: give local files")
    if len(paintings) > MAX_STYLES:
        raise InputError(
            f"a conditional bottleneck learns every painting by itself: at most {MAX_STYLES}, "
            f"not {len(paintings)}"
        )
    names = []
    for entry in entries:
        name = Path(entry.member or entry.path.name).stem
        names.append("".join(c if c.isalnum() or c in "-_." else "_" for c in name))
        try:
            decode_large_enough(entry.read(), SMALLEST)
        except (InputError, OSError) as error:
            raise InputError(f"{entry.name}: {error}") from None
    if twice := {name for name in names if names.count(name) > 1}:
        raise InputError(f"two paintings are called {sorted(twice)[0]}: each style needs its own name")
    return names


def write_sources(session: Session, content: Sequence[str], style: Sequence[str]) -> None:
    """Create the run's folder, and RUN/run.json with what it is trained on."""
    run = session.run
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{run}: cannot be made a folder ({error.strerror})") from None
    sources = {"content": [_absolute(s) for s in content], "style": [_absolute(s) for s in style]}
    write_text(run / "run.json", json.dumps(sources, indent=1))


def resumed_session(run: Path, changes: Mapping[str, Any], group: ProcessGroup) -> Session:
    """The session that resumes a run, with some numbers of its recipe changed."""
    saved, sources = group.broadcast((read_state(run), _read_sources(run)) if group.leads else None)
    recipe = replace(saved.recipe, **changes)
    if saved.step >= recipe.steps:
        raise InputError(f"{run}: is done, at step {saved.step}; --steps N above that prolongs it")
    content, style = _find("--content", sources["content"]), _find("--style", sources["style"])
    return Session(run, saved.config, recipe, content, style, saved)


def _read_sources(run: Path) -> dict[str, list[str]]:
    try:
        sources = json.loads((run / "run.json").read_text())
        for kind in ("content", "style"):
            if not sources[kind] or not all(isinstance(source, str) for source in sources[kind]):
                raise ValueError(f"{kind} is no list of sources")
        return {"content": sources["content"], "style": sources["style"]}
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise InputError(f"{run}: its run.json cannot be read ({error})") from None


def _find(kind: str, sources: Sequence[str]) -> Pictures:
    remote = [is_remote(source) for source in sources]
    if any(remote) and not all(remote):
        raise InputError(f"{kind}: remote shards and local pictures do not mix")
    return find_shards(sources) if any(remote) else find_pictures(sources)


def _absolute(source: str) -> str:
    return source if is_remote(source) else str(Path(source).absolute())
