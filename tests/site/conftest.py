"""A site of a tiny network, with the runtime that npm has, written once."""

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
import torch
from platformdirs import user_cache_dir

from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.models.weights import save_model
from styletransfer.site.runtime import PACKAGE, VERSION


@pytest.fixture(scope="session")
def package() -> Path:
    """The npm package that paints in browsers, of the version that sites name; kept for later."""
    folder = Path(user_cache_dir("styletransfer-tests")) / f"{PACKAGE}-{VERSION}"
    if not folder.is_dir():
        if not (npm := shutil.which("npm")):
            pytest.skip(f"npm is not here to fetch {PACKAGE}, which pages paint with")
        folder.mkdir(parents=True)
        try:
            command = [
                npm,
                "pack",
                f"{PACKAGE}@{VERSION}",
                "--silent",
                "--pack-destination",
                str(folder),
            ]
            subprocess.run(command, check=True, capture_output=True, timeout=300)
            with tarfile.open(next(folder.glob("*.tgz"))) as archive:
                archive.extractall(folder, filter="data")
            next(folder.glob("*.tgz")).unlink()
        except (subprocess.SubprocessError, StopIteration, OSError) as error:
            shutil.rmtree(folder)
            pytest.skip(f"npm does not give {PACKAGE} {VERSION}: {error}")
    return folder / "package"


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
