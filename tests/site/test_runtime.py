"""The runtime that a page is told to take is the one that npm has, and no other."""

import json

import pytest

from styletransfer.errors import InputError
from styletransfer.site import runtime


def test_what_the_public_server_must_give_is_what_npm_has(package):
    dist = runtime.distribution(package)
    assert {name: runtime.integrity(dist / name) for name in runtime.INTEGRITY} == runtime.INTEGRITY


def test_a_page_is_told_where_it_is_and_what_it_must_be(tmp_path):
    found = runtime.from_cdn()
    assert runtime.origin(found) == "https://cdn.jsdelivr.net"
    for provider in ("wasm", "webgpu"):
        for part in ("module", "binary"):
            assert f"@{runtime.VERSION}/" in found[provider][part]["path"]
            assert found[provider][part]["integrity"].startswith("sha384-")


def test_an_installed_package_is_copied(tmp_path):
    dist = tmp_path / "node_modules" / runtime.PACKAGE / "dist"
    dist.mkdir(parents=True)
    with pytest.raises(InputError, match="not the npm package"):
        runtime.distribution(tmp_path)
    (dist.parent / "package.json").write_text(json.dumps({"name": runtime.PACKAGE}))
    with pytest.raises(InputError, match=r"lacks dist/ort\.wasm"):
        runtime.distribution(dist.parent)
    for name in runtime.INTEGRITY:
        (dist / name).write_text(name)
    site = tmp_path / "site"
    site.mkdir()
    for folder in (tmp_path, dist.parent):  # where npm was run, or the package itself
        found = runtime.copied(folder, site)
        assert runtime.origin(found) == ""
        module = found["webgpu"]["module"]
        assert (site / module["path"]).is_file()
        assert module["integrity"] == runtime.integrity(dist / "ort.jspi.bundle.min.mjs")
    with pytest.raises(InputError, match="no such folder"):
        runtime.distribution(tmp_path / "nowhere")
