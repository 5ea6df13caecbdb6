import io
import threading

import numpy as np
import pytest
from PIL import Image

from styletransfer import StyleCode
from styletransfer.server.limits import Limits

from ..conftest import noise
from .conftest import PHOTO, STYLE, as_file, opened, refused, serving, until

PHOTO_FILE = {"photo": ("photo.png", PHOTO)}


@pytest.fixture(scope="module")
def opened_server(stylizer):
    with serving(stylizer, Limits(max_megabytes=0.5, max_megapixels=1, queue=4)) as (server, client, _):
        yield server, client


@pytest.fixture
def client(opened_server):
    return opened_server[1]


@pytest.fixture
def server(opened_server):
    return opened_server[0]


@pytest.fixture
def held(server, monkeypatch):
    """Painting waits until this is set."""
    hold, paint = threading.Event(), server.queue._alone

    def wait(job):
        assert hold.wait(20)
        return paint(job)

    monkeypatch.setattr(server.queue, "_alone", wait)
    yield hold
    hold.set()


def post(client, files, **data):
    return client.post("/stylize", files=files, data=data)


def pixels(answer) -> np.ndarray:
    return np.array(opened(answer).convert("RGB")).astype(int)


def test_a_photo_in_a_painting_s_style_is_what_the_engine_paints(client, stylizer):
    answer = post(client, [*PHOTO_FILE.items(), ("style", STYLE)], alpha="0.8")
    assert answer.headers["content-type"] == "image/png"
    photo, style = (Image.open(io.BytesIO(data)) for data in (PHOTO, STYLE))
    assert (pixels(answer) == np.array(stylizer.stylize(photo, style, 0.8))).all()


def test_the_result_has_the_photo_s_type_and_metadata(client):
    exif = Image.Exif()
    exif[271], exif[274] = "A camera", 6  # Make, and that it lies on its side
    for kind, media in (("JPEG", "jpeg"), ("WEBP", "webp"), ("TIFF", "tiff"), ("GIF", "png")):
        photo = as_file(
            noise(50, 37), kind, **({"exif": exif, "dpi": (300, 300)} if kind != "GIF" else {})
        )
        answer = post(client, {"photo": photo}, style="lion", size="32")
        assert answer.headers["content-type"] == f"image/{media}"
        image = opened(answer)
        if kind == "GIF":
            assert image.size == (43, 32)
        else:
            assert image.size == (32, 43) and image.getexif()[271] == "A camera"
            assert 274 not in image.getexif()
        if kind == "JPEG":
            assert image.info["dpi"] == (300, 300)
    answer = post(client, PHOTO_FILE, style="lion", format="webp")
    assert answer.headers["content-type"] == "image/webp" and opened(answer).format == "WEBP"


def test_styles_are_files_names_ids_codes_and_blends_of_them(client, stylizer, tmp_path):
    alone = pixels(post(client, [*PHOTO_FILE.items(), ("style", STYLE)]))
    answer = client.post("/styles", files={"style": STYLE})
    assert answer.status_code == 201
    name = answer.json()["id"]
    assert (pixels(post(client, PHOTO_FILE, style=name)) == alone).all()
    stylizer.style(Image.open(io.BytesIO(STYLE))).save(tmp_path / "a.style.safetensors")
    code = (tmp_path / "a.style.safetensors").read_bytes()
    assert (pixels(post(client, [*PHOTO_FILE.items(), ("style", code)])) == alone).all()
    mixed = pixels(post(client, [*PHOTO_FILE.items(), ("style", STYLE)], style="lion", weights="1,3"))
    same = pixels(post(client, PHOTO_FILE, style=f"{name}:0.75,lion:0.25"))
    assert (mixed != alone).any() and np.abs(mixed - same).max() <= 1
    own = pixels(post(client, [*PHOTO_FILE.items(), ("mine", STYLE)], style="mine"))
    assert (own == alone).all()


def test_masks_and_regions_are_files_and_regions_name_their_styles(client):
    mask = np.zeros((37, 50), np.uint8)
    mask[:, 25:] = 255
    files = {**PHOTO_FILE, "mask": as_file(Image.fromarray(mask))}
    photo = np.array(Image.open(io.BytesIO(PHOTO))).astype(int)
    painted = pixels(post(client, files, style="lion", tile="off"))
    assert np.abs(painted[:, :8] - photo[:, :8]).max() < np.abs(painted[:, 40:] - photo[:, 40:]).max()
    map_ = Image.fromarray(np.where(mask[..., None] > 0, [255, 0, 0], [0, 0, 255]).astype(np.uint8))
    files = {**PHOTO_FILE, "regions": as_file(map_), "sky": STYLE}
    parts = pixels(post(client, files, region=["#ff0000=sky:0.5,lion:0.5", "#0000ff=lion"]))
    lion, half = (
        pixels(post(client, sent, style=style))
        for sent, style in ((PHOTO_FILE, "lion"), ({**PHOTO_FILE, "sky": STYLE}, "sky,lion"))
    )
    assert np.abs(parts[:, :4] - lion[:, :4]).mean() < np.abs(parts[:, :4] - half[:, :4]).mean()
    assert np.abs(parts[:, -4:] - half[:, -4:]).mean() < np.abs(parts[:, -4:] - lion[:, -4:]).mean()
    recolored = post(
        client, files, region=["#ff0000=sky,lion", "#0000ff=lion"], preserve_color="histogram"
    )
    assert (pixels(recolored) != parts).any()


WRONG = {
    "no photo": ({}, {"style": "lion"}, 422, "no photo"),
    "photo as text": ({"x": STYLE}, {"photo": "/etc/passwd"}, 422, "photo is a text"),
    "a path for a style": (PHOTO_FILE, {"style": "/etc/passwd"}, 422, "no style"),
    "an address for a style": (PHOTO_FILE, {"style": "http://localhost/a.jpg"}, 422, "no style"),
    "a path for a mask": (PHOTO_FILE, {"style": "lion", "mask": "/etc/passwd"}, 422, "mask is a text"),
    "no style": (PHOTO_FILE, {"alpha": "1"}, 422, "no style given"),
    "no picture": ({"photo": b"not a picture"}, {"style": "lion"}, 415, "photo is not a picture"),
    "postscript": ({"photo": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"}, {}, 415, "photo"),
    "no style picture": ({**PHOTO_FILE, "style": b"text"}, {}, 415, "style is not a picture"),
    "an empty photo": ({"photo": ("a.png", b"")}, {"style": "lion"}, 422, "photo is empty"),
    "a cut photo": ({"photo": PHOTO[:-300]}, {"style": "lion"}, 422, "photo is broken"),
    "many pixels": (
        {"photo": as_file(Image.new("1", (1200, 1000)))},
        {"style": "lion"},
        413,
        "at most 1 are",
    ),
    "a bomb": ({"photo": as_file(Image.new("1", (30000, 14000)))}, {"style": "lion"}, 413, "megapixels"),
    "a large result": (PHOTO_FILE, {"style": "lion", "size": "999999"}, 422, "megapixels"),
    "a large style": ({**PHOTO_FILE, "style": STYLE}, {"style_size": "999999"}, 422, "style"),
    "a large body": ({"photo": bytes(600_000)}, {"style": "lion"}, 413, "larger than 0.5 MB"),
    "alpha": (PHOTO_FILE, {"style": "lion", "alpha": "3"}, 422, "alpha is 3"),
    "nan": (PHOTO_FILE, {"style": "lion", "alpha": "nan"}, 422, "alpha is nan"),
    "words": (PHOTO_FILE, {"style": "lion", "size": "large"}, 422, "a whole number is wanted"),
    "twice": (PHOTO_FILE, {"style": "lion", "size": ["1", "2"]}, 422, "given 2 times"),
    "weights": (PHOTO_FILE, {"style": "lion", "weights": "1,2"}, 422, "2 numbers for 1 styles"),
    "a wrong word": (PHOTO_FILE, {"style": "lion", "alhpa": "1"}, 422, "alhpa: no field is called so"),
    "a file for alpha": ({**PHOTO_FILE, "alpha": STYLE}, {"style": "lion"}, 422, "alpha is a file"),
    "a file of no use": ({**PHOTO_FILE, "maks": STYLE}, {"style": "lion"}, 422, "maks"),
    "format": (PHOTO_FILE, {"style": "lion", "format": "exe"}, 422, "format is 'exe'"),
    "colours": (PHOTO_FILE, {"style": "lion", "preserve_color": "mauve"}, 422, "preserve_color"),
    "a region": (PHOTO_FILE, {"style": "lion", "region": "red"}, 422, "KEY=STYLE"),
    "a region, no map": (PHOTO_FILE, {"style": "lion", "region": "#ff0000=lion"}, 422, "go together"),
    "a small mask": ({**PHOTO_FILE, "mask": STYLE}, {"style": "lion"}, 422, "the photo 50×37"),
    "tile": (PHOTO_FILE, {"style": "lion", "tile": "7"}, 422, "tile is 7"),
    "no weight": (PHOTO_FILE, {"style": "lion:0"}, 422, "at least one must be above 0"),
    "a negative weight": (PHOTO_FILE, {"style": "lion:-1,spring"}, 422, "must not be negative"),
    "no name": (PHOTO_FILE, {"style": "lion,,spring"}, 422, "no style ''"),
    "a learned style": (PHOTO_FILE, {"style": "bank:monet"}, 422, "no style 'bank:monet'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_one_clear_line(client, server, name):
    files, data, status, line = WRONG[name]
    assert line in refused(post(client, files or {"": b""}, **data), status)
    until(lambda: server.admission.taken == 0)


def test_nothing_that_a_client_names_is_opened(client, monkeypatch, tmp_path):
    (tmp_path / "here.jpg").write_bytes(STYLE)
    path = str(tmp_path / "here.jpg")
    for text in (path, f"{path}:1", f"lion,{path}"):
        assert "no style" in refused(post(client, PHOTO_FILE, style=text), 422)
        regions = {**PHOTO_FILE, "regions": PHOTO}
        assert "no style" in refused(post(client, regions, region=f"#ff0000={text}"), 422)


def test_a_code_of_another_model_or_a_broken_one_is_refused(client, stylizer, tmp_path):
    path = tmp_path / "a.style.safetensors"
    StyleCode(stylizer.style(Image.open(io.BytesIO(STYLE))).statistics, "x").save(path)
    line = refused(post(client, {**PHOTO_FILE, "style": path.read_bytes()}), 422)
    assert "another model" in line and "/" not in line
    stylizer.style(Image.open(io.BytesIO(STYLE))).save(path)
    sent = {**PHOTO_FILE, "style": path.read_bytes()}
    assert "picture" in refused(post(client, sent, preserve_color="histogram"), 422)
    sent["mine"] = sent.pop("style")
    assert "mine: " in refused(post(client, sent, style="mine,lion", refine="1"), 422)
    line = refused(post(client, {**PHOTO_FILE, "style": b"\2\0\0\0\0\0\0\0{}"}), 422)
    assert line == "style: is not a style code"
    line = refused(post(client, {**PHOTO_FILE, "style": b"\2\0\0\0\0\0\0\0{]"}), 422)
    assert line.startswith("style: not a readable safetensors file")


def test_only_forms_are_taken(client):
    assert "multipart/form-data" in refused(client.post("/stylize", content=PHOTO), 415)
    assert "multipart/form-data" in refused(client.post("/stylize", json={"photo": "/etc/passwd"}), 415)
    assert "multipart/form-data" in refused(client.post("/styles", data={"style": "x"}), 415)
    bad = client.post("/stylize", content=b"x", headers={"content-type": "multipart/form-data"})
    refused(bad, 400)
    many = [*PHOTO_FILE.items(), *(("style", STYLE) for _ in range(65))]
    assert "Too many files" in refused(post(client, many), 400)
    assert "no style" in refused(client.post("/styles", files={"stile": STYLE}), 422)


def test_a_large_body_is_refused_before_it_is_read_and_while_it_is(client):
    def parts():
        yield b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
        for _ in range(20):
            yield bytes(50_000)

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = client.post("/stylize", content=parts(), headers=headers)
    assert "larger than 0.5 MB" in refused(answer, 413)
    answer = client.post("/stylize", content=bytes(5_000_000), headers=headers)
    assert "larger than 0.5 MB" in refused(answer, 413)


def test_more_than_the_queue_holds_is_sent_away(client, server, held):
    answers = []

    def ask():
        answers.append(post(client, PHOTO_FILE, style="lion").status_code)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: server.admission.taken == 4)
    answer = post(client, PHOTO_FILE, style="lion")
    assert "4 requests are waiting already" in refused(answer, 429)
    assert answer.headers["retry-after"] == "1"
    assert client.get("/health").json()["accepted"] == 4
    held.set()
    for thread in threads:
        thread.join()
    assert answers == [200] * 4


def test_who_leaves_is_painted_for_no_longer(client, server, monkeypatch):
    begun, go, dropped = threading.Event(), threading.Event(), []
    paint, check = server.queue._alone, server.queue._check

    def slow(job):
        begun.set()
        until(job.dropped.is_set)
        return paint(job)

    def note(*arguments):
        try:
            check(*arguments)
        except BaseException as error:
            dropped.append(error)
            go.set()
            raise

    monkeypatch.setattr(server.queue, "_alone", slow)
    monkeypatch.setattr(server.queue, "_check", note)
    with pytest.raises(Exception, match="timed out"):
        client.post("/stylize", files=PHOTO_FILE, data={"style": "lion"}, timeout=0.5)
    assert begun.is_set() and go.wait(10) and len(dropped) == 1
    monkeypatch.undo()
    until(lambda: server.admission.taken == 0)
    assert post(client, PHOTO_FILE, style="lion").status_code == 200


def test_what_takes_too_long_is_given_up(client, server, monkeypatch):
    monkeypatch.setattr(server, "limits", Limits(timeout=0.3))
    paint = server.queue._alone

    def slow(job):
        until(job.dropped.is_set)
        return paint(job)

    monkeypatch.setattr(server.queue, "_alone", slow)
    assert refused(post(client, PHOTO_FILE, style="lion"), 504) == "not done within 0.3 s: given up"

    def trickle():
        yield b"--x\r\n"
        until(lambda: server.admission.taken == 1)
        until(lambda: server.admission.taken == 0)

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = client.post("/stylize", content=trickle(), headers=headers)
    assert "longer than 0.3 s to arrive" in refused(answer, 408)


def test_a_fault_of_ours_is_a_line_and_the_server_goes_on(client, server, monkeypatch, caplog):
    for error, status in ((MemoryError(), 503), (RuntimeError("a\nb"), 500)):

        def fail(job, error=error):
            raise error

        monkeypatch.setattr(server.queue, "_alone", fail)
        refused(post(client, PHOTO_FILE, style="lion"), status)
    monkeypatch.undo()
    assert post(client, PHOTO_FILE, style="lion").status_code == 200


def test_the_small_pages(client, server):
    assert client.get("/styles").json()["styles"] == sorted(server.store.shipped)
    health = client.get("/health").json()
    assert health["status"] == "ok" and health["model"] == "tiny" and health["device"] == "cpu"
    assert client.head("/health").status_code == 200 and client.head("/health").content == b""
    assert client.get("/").headers["location"] == "docs"
    refused(client.get("/stylize"), 405), refused(client.get("/nothing"), 404)
    refused(client.delete("/styles"), 405)
    post(client, PHOTO_FILE, style="lion")
    text = client.get("/metrics").text
    assert 'stylize_requests_total{path="/stylize",status="200"}' in text
    assert 'path="other",status="404"' in text and "stylize_accepted_requests 0.0" in text
    assert "process_resident_memory_bytes" in text and "stylize_painting_seconds_count" in text
