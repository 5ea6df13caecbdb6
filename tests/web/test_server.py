"""The studio on a port: what it leaves behind, and what is told while it lasts."""

import json
import tempfile

import httpx

from styletransfer.server.limits import Limits
from styletransfer.server.port import address, open_port
from styletransfer.web.server import serve

from ..conftest import noise
from .conftest import TOKEN, png


def test_it_tells_what_becomes_of_jobs_and_leaves_nothing(service, tiny_model, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with open_port("127.0.0.1", 0) as listening:
        close = serve(service, listening, Limits(3, 4), block=False)
        (folder,) = tmp_path.glob("style-studio-*")
        with httpx.Client(base_url=f"{address(listening)}/v/{TOKEN}", timeout=60) as client:
            params = {"role": "photo", "name": "a.png"}
            client.post("files/p", content=png(noise(40, 30)), params=params).raise_for_status()
            asked = {"model": tiny_model, "photos": ["p"], "styles": [{"id": "lion"}]}
            with client.stream("GET", "events") as events:
                lines = (
                    json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: ")
                )
                assert next(lines) == {"jobs": []}
                id = client.post("jobs/preview", json=asked).json()["id"]
                done = next(each for each in lines if each["state"] == "done")
            assert done["id"] == id and done["result"]["size"] == [40, 30]
        assert any(folder.rglob("shown.jpg"))
        close()
    assert list(tmp_path.iterdir()) == []
