"""Previews, pictures, folders and films, as jobs do them."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from styletransfer.errors import InputError
from styletransfer.media.image import example_styles
from styletransfer.web import tasks as module
from styletransfer.web.job_queue import JobStopped

from ..conftest import noise
from .conftest import TOKEN, png

WAVE = next(path for path in example_styles() if path.stem == "great_wave")


def test_a_preview_is_small(studio, client, asked):
    client.send("large", "photo", png(noise(900, 600)), "large.png")
    found = client.run(studio, "preview", asked | {"photos": ["large"]})
    assert found["size"] == [768, 512]
    shown = client.get(f"results/{found['shown']}")
    assert Image.open(io.BytesIO(shown.content)).size == (768, 512)


def test_a_picture_is_that_of_the_engine_with_the_photo_s_metadata(studio, client, asked, stylizer):
    exif = Image.Exif()
    exif[0x013B] = "An Artist"
    photo = noise(90, 70, seed=5)
    client.send("photo", "photo", png(photo, exif=exif), "photo.png")
    result = client.run(studio, "picture", asked)
    picture = Image.open(io.BytesIO(client.painted(result)))
    styles = [noise(60, 50, seed=6), WAVE]
    expected = stylizer.stylize(photo, styles, 0.8, weights=[0.7, 0.3])
    assert np.array_equal(np.array(picture), np.array(expected))
    assert picture.getexif()[0x013B] == "An Artist"
    assert result["name"] == "photo-own+great_wave.png" and result["size"] == [90, 70]
    assert result["bytes"] == len(client.painted(result))


def test_refining_is_seen_on_the_way_and_stop_keeps_what_is_reached(studio, client, asked, monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0)
    told = []

    def tell(said):
        told.append(said)
        if said and said["seen"]:
            job = next(iter(studio.visitors.here[TOKEN].jobs.values()))
            job.stopping.set()

    studio.visitors.visitor(TOKEN).listeners.add(tell)
    wish = {"styles": [{"id": "own"}], "options": {"refine": 8, "style_size": 64}}
    result = client.run(studio, "picture", asked | wish)
    seen = [said["seen"]["shown"] for said in told if said["seen"]]
    assert len(seen) >= 1 and client.get(f"results/{seen[0]}").status_code == 200
    assert told[-1]["state"] == "done" and Image.open(io.BytesIO(client.painted(result))).size == (
        90,
        70,
    )


def test_a_folder_is_a_zip_of_its_photos_and_says_which_are_missing(studio, client, asked):
    for number, name in enumerate(("a.png", "b.jpg", "a.png")):
        client.send(f"p{number}", "photo", png(noise(40 + number, 30)), name)
    studio.visitors.here[TOKEN].files["p1"].path.write_bytes(b"it was broken meanwhile")
    wish = asked | {"photos": ["p0", "p1", "p2"], "styles": [{"id": "own"}], "format": "jpg"}
    result = client.run(studio, "folder", wish)
    assert (result["done"], result["of"], result["name"]) == (2, 3, "painted.zip")
    assert len(result["failed"]) == 1 and result["failed"][0].startswith("b.jpg: ")
    with zipfile.ZipFile(io.BytesIO(client.painted(result))) as file:
        assert file.namelist() == ["a-own.jpg", "a-own-2.jpg"]
        assert [Image.open(file.open(name)).size for name in file.namelist()] == [(40, 30), (42, 30)]
    with pytest.raises(InputError, match="b.jpg: "):
        client.run(studio, "folder", wish | {"photos": ["p1"]})


def test_a_folder_that_is_stopped_has_what_is_done(studio, client, asked):
    for number in range(3):
        client.send(f"p{number}", "photo", png(noise(40, 30)), f"{number}.png")

    def tell(said):
        if said and said["seen"].get("done") == 1:
            next(iter(studio.visitors.here[TOKEN].jobs.values())).stopping.set()

    studio.visitors.visitor(TOKEN).listeners.add(tell)
    result = client.run(studio, "folder", asked | {"photos": ["p0", "p1", "p2"]})
    with zipfile.ZipFile(io.BytesIO(client.painted(result))) as file:
        assert len(file.namelist()) == 1 and result["done"] == 1


def test_a_film_keeps_its_sound_and_is_seen_on_the_way(studio, client, asked, tmp_path, monkeypatch):
    films = pytest.importorskip("tests.films", reason="films need the extra [video]")
    from styletransfer.media.film import has_sound

    monkeypatch.setattr(module, "PAUSE", 0)
    path = films.write_film(
        str(tmp_path / "film.mp4"), [np.asarray(noise(64, 48, seed=n)) for n in range(6)], sound=True
    )
    with open(path, "rb") as file:
        assert client.send("film", "film", file.read(), "clip.mp4").json()["seconds"] > 0
    told = []
    studio.visitors.visitor(TOKEN).listeners.add(lambda said: said and told.append(said))
    wish = asked | {"photos": ["film"]}
    assert client.run(studio, "preview", wish)["shown"]
    result = client.run(studio, "film", wish)
    (tmp_path / "painted.mp4").write_bytes(client.painted(result))
    assert has_sound(tmp_path / "painted.mp4") and result["frames"] == 6
    assert result["name"] == "clip-own+great_wave.mp4"
    seen = [said["seen"] for said in told if said["kind"] == "film"]
    assert seen[-1]["done"] == seen[-1]["of"] == 6 and client.get(f"results/{seen[-1]['shown']}")
    with pytest.raises(InputError, match="none or luminance"):
        client.run(studio, "film", wish | {"options": {"preserve_color": "histogram"}})

    def stop(said):
        if said and said["seen"].get("done"):
            studio.visitors.here[TOKEN].jobs[said["id"]].stopping.set()

    studio.visitors.visitor(TOKEN).listeners.add(stop)
    with pytest.raises(JobStopped):
        client.run(studio, "film", wish)
