"""What the page can ask for, and what nobody gets."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from styletransfer.options import StylizeOptions
from styletransfer.styles.code import StyleCode
from styletransfer.web.studio import PAGE

from ..conftest import noise
from .conftest import TOKEN, Client, png


def test_every_option_has_a_control_on_the_page():
    controls = set(re.findall(r'data-option="(\w+)"', (PAGE / "index.html").read_text()))
    assert controls == {option.name for option in fields(StylizeOptions)}


def test_every_label_is_of_a_control_and_every_script_is_there(client):
    page = client.http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    ids = re.findall(r'\bid="([\w-]+)"', page.text)
    assert len(ids) == len(set(ids)) and set(re.findall(r'<label for="([\w-]+)"', page.text)) <= set(ids)
    asked, seen = set(re.findall(r'(?:src|href)="([\w.]+)"', page.text)), set()
    while asked - seen:
        name = (asked - seen).pop()
        answer = client.http.get(f"/{name}")
        assert answer.status_code == 200, name
        seen.add(name)
        asked |= set(re.findall(r'from "\./([\w.]+)"', answer.text))
        assert (
            "http://" not in answer.text.replace("http://www.w3.org", "")
            and "https://" not in answer.text
        )
        used = set(re.findall(r'\$\("([\w-]+)"\)', answer.text))
        assert used <= set(ids), used - set(ids)
    assert {"studio.js", "base.css", "parts.js", "camera.js"} <= seen


@pytest.mark.parametrize(
    "path", ["/nothing.js", "/..%2fstudio.py", "/styles/..%2f..%2fsetup", "/v/x/files/a"]
)
def test_nothing_else_is_served(client, path):
    answer = client.http.get(path)
    assert answer.status_code in (403, 404, 422) and list(answer.json()) in (["error"], ["detail"])


def test_a_file_is_sent_and_seen_by_its_sender_alone(client, asked, studio):
    said = client.send("p", "photo", png(noise(40, 30)), "<b>.png").json()
    assert said == {"name": "<b>.png", "size": [40, 30], "colors": [], "seconds": 0.0}
    assert client.get("files/p").status_code == 200
    other = Client(client.http, "f" * 32)
    assert other.get("files/p").status_code == 410
    assert other.post("jobs/preview", json=asked).status_code == 410
    result = client.run(studio, "preview", asked)
    assert other.get(f"results/{result['shown']}").status_code == 410
    assert other.token in studio.visitors.here and not studio.visitors.here[other.token].jobs


def test_what_is_refused_is_said_and_leaves_nothing(client, studio):
    for role, data, status, words in (
        ("style", b"no picture", 415, "a.png is not a picture"),
        ("photo", png(noise(2500, 2000), "JPEG"), 413, "megapixels"),
        ("photo", bytes(3_100_000), 413, "larger than 3 MB"),
        ("secret", b"", 404, "nothing here"),
        ("mask", png(noise(9, 9)), 410, "no longer here"),
    ):
        answer = client.send("p", role, data)
        assert answer.status_code == status and words in answer.json()["error"]
    assert client.send("../p", "photo", png(noise(9, 9))).status_code in (404, 405)
    visitor = studio.visitors.visitor(TOKEN)
    assert not visitor.files and list(visitor.folder.iterdir()) == []


def test_what_is_asked_wrongly_is_one_line(client, asked):
    for path, body, status in (
        ("jobs/nothing", asked, 404),
        ("jobs/preview", {**asked, "photos": []}, 422),
        ("jobs/preview", {**asked, "options": {"alpha": 9}}, 422),
        ("jobs/preview", {"model": 3}, 422),
        ("copied", {**asked, "photos": []}, 422),
        ("codes", {**asked, "styles": []}, 422),
    ):
        answer = client.post(path, json=body)
        assert answer.status_code == status and list(answer.json()) == ["error"]
        assert "\n" not in answer.json()["error"]


def test_the_newest_preview_takes_the_place_of_the_one_before(client, studio, asked):
    gone = [client.post("jobs/preview", json=asked).json()["id"] for _ in range(5)]
    studio.visitors.here[TOKEN].jobs[gone[-1]].result.result(60)
    states = [studio.visitors.here[TOKEN].jobs[id].state for id in gone]
    assert states[-1] == "done" and "stopped" in states[:-1] and "failed" not in states


def test_a_job_is_stopped_and_a_visitor_leaves(client, studio, asked):
    id = client.post("jobs/picture", json=asked).json()["id"]
    visitor = studio.visitors.here[TOKEN]
    assert client.post(f"stop/{id}").status_code == 204
    assert client.post("stop/nothing").status_code == 204
    assert client.post("leave").status_code == 204
    assert TOKEN not in studio.visitors.here and not Path(visitor.folder).exists()
    assert client.post("leave").status_code == 204


def test_styles_are_saved_as_a_code(client, asked, tmp_path):
    found = client.post("codes", json=asked | {"photos": [], "options": {"style_size": 64}}).json()
    assert found["name"] == "own+great_wave.style.safetensors"
    path = tmp_path / found["name"]
    path.write_bytes(client.painted(found))
    code = StyleCode.load(path)
    assert code.quantiles and len(code.styles) == 2
    assert client.send("code", "style", path.read_bytes(), found["name"]).json()["size"] is None
    answer = client.post("jobs/preview", json=asked | {"styles": [{"id": "code"}]})
    assert answer.status_code == 200


def test_frames_of_the_camera_are_answered_at_once(client, asked):
    import json

    frame = png(noise(64, 48), "JPEG")
    given = {"asked": json.dumps(asked | {"photos": []})}
    answer = client.post("frames", content=frame, params=given)
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/jpeg"
    assert client.post("frames", content=b"no frame", params=given).status_code == 422
    assert client.post("frames", content=frame).json()["error"].startswith("the frame came without")


def test_pictures_of_styles(client, tiny_model):
    for path in ("/styles/lion", "/photo.jpg"):
        assert client.http.get(path).headers["content-type"] == "image/jpeg"
    assert client.http.get("/styles/nothing", params={"model": "/etc/passwd"}).status_code == 404
    assert client.http.get("/styles/bank:x", params={"model": tiny_model}).status_code == 422
