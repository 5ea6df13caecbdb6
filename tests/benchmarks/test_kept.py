from benchmarks.kept import kept_runs


def test_what_is_done_is_not_done_again(tmp_path):
    path, done = tmp_path / "out" / "runs.jsonl", []

    def run(name, seed):
        done.append((name, seed))
        return {"sum": seed + 1}

    first = kept_runs(path, {"plan": 1}, [("a", 0)], run)
    path.write_text(path.read_text() + '\n{"of": {"plan": 1}, "job": ["b"')  # cut off while written
    both = kept_runs(path, {"plan": 1}, [("a", 0), ("b", 1)], run)
    assert first == {("a", 0): {"sum": 1}} and both == {**first, ("b", 1): {"sum": 2}}
    assert done == [("a", 0), ("b", 1)]
    assert kept_runs(path, {"plan": 1}, [("b", 1)], run) == {("b", 1): {"sum": 2}}
    kept_runs(path, {"plan": 2}, [("a", 0)], run)  # another plan's results are no help
    assert done == [("a", 0), ("b", 1), ("a", 0)]
