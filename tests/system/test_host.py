import sys

import psutil
import pytest

from styletransfer import InputError
from styletransfer.system import host

MB = 10**6


@pytest.fixture
def group(tmp_path):
    """Writes files of control groups; gives what `free_memory` wants to know of them."""

    def write(line: str, **folders: dict[str, str]):
        (tmp_path / "own").write_text(f"3:cpuset:/elsewhere\n{line}\n")
        for folder, files in folders.items():
            place = tmp_path / "cgroup" / folder.replace("__", "/")
            place.mkdir(parents=True, exist_ok=True)
            for name, text in files.items():
                (place / name).write_text(text)
        return tmp_path / "cgroup", tmp_path / "own"

    return write


def two(limit: object, used: int, cached: int = 0) -> dict[str, str]:
    stat = f"anon 5\nfile 99\ninactive_file {cached}\nactive_file 7\n"
    return {"memory.max": f"{limit}\n", "memory.current": f"{used}\n", "memory.stat": stat}


def one(limit: int, used: int, cached: int = 0) -> dict[str, str]:
    stat = f"inactive_file 3\ntotal_inactive_file {cached}\n"
    return {
        "memory.limit_in_bytes": f"{limit}\n",
        "memory.usage_in_bytes": f"{used}\n",
        "memory.stat": stat,
    }


def test_a_container_has_what_its_limit_leaves(group):
    """Version 2: what files have cached is free, and a limit further up holds as well."""
    where = group("0::/pod/box", pod__box=two(90 * MB, 50 * MB, 20 * MB), pod=two("max", 50 * MB))
    assert host.free_memory(*where) == 60 * MB
    assert host.free_memory(*group("0::/pod/box", pod=two(70 * MB, 55 * MB, 1 * MB))) == 16 * MB


def test_a_container_of_version_1(group):
    where = group("4:memory:/box", memory__box=one(80 * MB, 30 * MB, 10 * MB))
    assert host.free_memory(*where) == 60 * MB
    # Named as the host names it, mounted as its own: its limit lies at the root.
    where = group("4:cpu,memory:/docker/4711", memory=one(50 * MB, 45 * MB))
    assert host.free_memory(*where) == 5 * MB


def test_without_limits_it_is_the_machine_s(group, tmp_path):
    machine = psutil.virtual_memory().available
    for where in (
        group("0::/box", box=two("max", 5)),
        group("4:memory:/box", memory__box=one(2**63 - 4096, 5)),
        (tmp_path / "none", tmp_path / "nothing"),
    ):
        assert host.free_memory(*where) == pytest.approx(machine, rel=0.2)


def test_where_no_linux_says_it_psutil_does(tmp_path):
    assert host._available(tmp_path / "none") == pytest.approx(
        psutil.virtual_memory().available, rel=0.2
    )
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    5 kB\nBuffers: 1 kB\n")
    assert host._available(tmp_path / "meminfo") == 5 * 1024


def test_a_limit_that_is_passed_leaves_nothing(group):
    assert host.free_memory(*group("0::/box", box=two(10, 50))) == 0


def test_the_address_space_counts(monkeypatch):
    resource = pytest.importorskip("resource")
    taken = psutil.Process().memory_info().vms
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (taken + 100 * MB, -1))
    assert host.free_memory() <= 110 * MB


def test_what_does_not_fit_is_said():
    host.check_free(1, "a crumb", "nothing")
    with pytest.raises(InputError, match=r"^a whale needs about 1,000,000,000.0 GB .* free: a net$"):
        host.check_free(1e18, "a whale", "a net")


def test_a_gpu_is_seen_by_its_driver_s_files(tmp_path, monkeypatch):
    monkeypatch.setattr(host, "DEVICES", tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    (tmp_path / "nvidiactl").touch()
    assert not host.has_gpu()
    (tmp_path / "nvidia0").touch()
    assert host.has_gpu()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert not host.has_gpu()


def test_cores_are_at_least_one():
    assert host.cores() >= 1
