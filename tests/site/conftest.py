"""A site of a tiny network, with the runtime that npm has, written once."""

from pathlib import Path

import pytest
import torch

from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.models.weights import save_model
from styletransfer.site.runtime import PACKAGE, VERSION

from ..npm import npm_package


@pytest.fixture(scope="session")
def package() -> Path:
    """The npm package that paints in browsers, of the version that sites name."""
    return npm_package(PACKAGE, VERSION)


@pytest.fixture(scope="session")
def drafting_model(tmp_path_factory) -> str:
    """A network that paints drafts, with a palette matched jointly: all that a page does."""
    torch.manual_seed(0)
    config = Config(
        encoder="slim",
        taps=("pixels", "relu3_1"),
        joint=("pixels",),
        channels=(6, 8),
        drafts=1,
        grain=0.03,
    )
    net = StylizerNet(config).requires_grad_(False)
    for part in net.modules():
        if isinstance(part, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(part.weight)
            part.weight.data = part.weight.half().float()  # as in a file, which is in half precision
    path = tmp_path_factory.mktemp("drafting") / "drafting.safetensors"
    save_model(path, net)
    return str(path)


@pytest.fixture(scope="session")
def site(drafting_model, package, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "page"
    return exported(folder, "--model", drafting_model, "--runtime", str(package))


@pytest.fixture(scope="session")
def shipped_site(tmp_path_factory) -> Path:
    """What `stylize export --web` writes if it is told no more: the runtime is on a public server."""
    return exported(tmp_path_factory.mktemp("shipped") / "page")


def exported(folder: Path, *options: str) -> Path:
    pytest.importorskip("onnxscript", reason="pages need the extra [onnx]")
    from styletransfer.cli import run

    assert run(["export", "--web", str(folder), *options]) == 0
    return folder
