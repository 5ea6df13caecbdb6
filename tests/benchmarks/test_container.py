"""The steps of the Dockerfile as `benchmarks.container` reads them."""

import re

from benchmarks.container import SOURCE, Image


def test_steps_that_need_no_root(tmp_path):
    image = Image(tmp_path, {"TORCH_INDEX": "https://example.org/simple"})
    image.step("ARG", "TORCH_INDEX=elsewhere")
    assert image.arguments["TORCH_INDEX"] == "https://example.org/simple"
    image.step("ENV", "PATH=/opt/stylize/bin:$PATH CACHE=/tmp/styles")
    assert image.environment == {
        "PATH": "/opt/stylize/bin:/usr/bin:/bin:/usr/sbin",
        "CACHE": "/tmp/styles",
    }
    image.step("WORKDIR", "/source")
    image.step("COPY", "pyproject.toml LICENSE ./")
    image.step("COPY", "styletransfer styletransfer")
    image.step("COPY", "--from=build /opt/stylize /opt/stylize")
    source = tmp_path / "source"
    assert (source / "LICENSE").is_file() and (source / "styletransfer/cli/serve.py").is_file()
    assert not list(source.rglob("__pycache__")) and not (tmp_path / "opt").exists()
    image.step("USER", "1000")
    image.step("ENTRYPOINT", '["stylize"]')
    image.step("CMD", '["serve"]')
    command = image.inside([*image.entry, *image.command])
    assert command[:3] == ["chroot", "--userspec=1000:1000", str(tmp_path)]
    assert command[-1].startswith("cd /source && exec env -i ") and command[-1].endswith(
        " stylize serve"
    )


def test_every_instruction_of_the_dockerfile_is_known():
    text = (SOURCE / "Dockerfile").read_text().replace("\\\n", " ")
    names = set(re.findall(r"^([A-Z]+) ", text, re.MULTILINE))
    known = {"ARG", "ENV", "WORKDIR", "COPY", "RUN", "USER", "ENTRYPOINT", "CMD"}
    assert names - known == {"FROM", "EXPOSE", "HEALTHCHECK"}  # which say how it is run
