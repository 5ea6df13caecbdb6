from styletransfer.server.counters import Counters


def test_each_server_has_its_own():
    first, second = Counters(), Counters()
    first.painted(3, 0.2)
    first.watch(lambda: 7)
    text = first.page().decode()
    assert "stylize_batch_pictures_sum 3.0" in text and "stylize_accepted_requests 7.0" in text
    assert 'stylize_painting_seconds_bucket{le="0.25"} 1.0' in text
    assert "process_resident_memory_bytes" in text
    assert "stylize_batch_pictures_sum 0.0" in second.page().decode()
