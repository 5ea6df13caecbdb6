import pytest

from benchmarks import cuda


@pytest.mark.slow
def test_it_runs_through_without_a_gpu(tmp_path, monkeypatch):
    """As a rehearsal: every model in every way that a CPU has, and a folder."""
    monkeypatch.setattr("sys.argv", ["cuda", str(tmp_path / "cuda.md"), "--device", "cpu", "--small"])
    monkeypatch.setattr(cuda.speed, "rates", lambda device: ("a CPU", "float32", 1e11, 1e10))
    cuda.main()
    text = (tmp_path / "cuda.md").read_text()
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| adain")]
    assert [row[2] for row in rows] == ["plain", "compiled"] * 2
    assert all(float(row[3]) > 0 for row in rows), "one failed, and says why"
    assert "pictures a second of 96×96" in text


def test_what_fails_is_said_and_the_rest_is_measured(monkeypatch):
    def fails():
        raise RuntimeError("not captured\nby this device")

    monkeypatch.setattr(cuda.speed, "rates", lambda device: ("a CPU", "float32", 1e11, 1e10))
    monkeypatch.setattr(cuda, "ways", lambda *_: [("graph", fails), ("plain", lambda: lambda: None)])
    *_, failed, plain = cuda.network_rows("cpu", {("adain-fast", 64, 64): 1.0}, 1)
    assert failed == "| adain-fast | 64×64 | graph | not captured | | | |"
    assert plain.startswith("| adain-fast | 64×64 | plain | ")
