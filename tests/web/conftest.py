"""A studio with a tiny network, asked in this process; and a browser that looks at one."""

import io
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

pytest.importorskip("fastapi", reason="the studio needs fastapi: pip install 'styletransfer[web]'")

from styletransfer.server.limits import Limits
from styletransfer.stylize.stylizer import Stylizer
from styletransfer.web.service import StudioService
from styletransfer.web.studio import Studio, build_app

from ..chromium import LONG, launched
from ..conftest import noise

TOKEN = "0123456789abcdef" * 2
MODEL = {"device": "cpu", "precision": "fp32"}


def png(image, kind: str = "PNG", **options) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


@pytest.fixture(scope="session")
def stylizer(tiny_model) -> Stylizer:
    return Stylizer(tiny_model, **MODEL)


@pytest.fixture(scope="session")
def service(stylizer) -> StudioService:
    return StudioService(stylizer, **MODEL)


@pytest.fixture
def studio(service, tmp_path):
    """One that takes files of 3 MB and pictures of 4 megapixels."""
    folder = tmp_path / "studio"
    folder.mkdir()
    studio = Studio(service, folder, Limits(3, 4))
    yield studio
    studio.close()


@pytest.fixture
def client(studio):
    with TestClient(build_app(studio), "http://localhost") as client:
        yield Client(client)


class Client:
    """What the page does with its server."""

    def __init__(self, http: TestClient, token: str = TOKEN):
        self.http, self.token = http, token

    def post(self, path: str, **given):
        return self.http.post(f"/v/{self.token}/{path}", **given)

    def get(self, path: str, **given):
        return self.http.get(f"/v/{self.token}/{path}", **given)

    def send(self, id: str, role: str, data: bytes, name: str = "a.png", photo: str = ""):
        params = {"role": role, "name": name, "photo": photo}
        return self.post(f"files/{id}", content=data, params=params)

    def run(self, studio: Studio, kind: str, asked: dict) -> dict:
        """The result of a job; an error is raised."""
        said = self.post(f"jobs/{kind}", json=asked)
        assert said.status_code == 200, said.text
        job = studio.visitors.here[self.token].jobs[said.json()["id"]]
        return job.result.result(60)

    def painted(self, result: dict) -> bytes:
        answer = self.get(f"results/{result['file']}", params={"save": True})
        assert answer.status_code == 200
        assert result["name"] in unquote(answer.headers["content-disposition"])
        return answer.content


@pytest.fixture
def asked(client, tiny_model) -> dict:
    """A photo that was sent, and a painting: what the page asks for."""
    assert client.send("photo", "photo", png(noise(90, 70, seed=5)), "photo.png").status_code == 200
    assert client.send("own", "style", png(noise(60, 50, seed=6)), "own.png").status_code == 200
    styles = [{"id": "own", "share": 70}, {"id": "great_wave", "share": 30}]
    return {"model": tiny_model, "photos": ["photo"], "styles": styles, "options": {"alpha": 0.8}}


@pytest.fixture(scope="session")
def opened(service):
    """A studio on a port."""
    from .browser import Opened

    opened = Opened(service)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def chromium():
    with launched() as browser:
        yield browser


@pytest.fixture
def visit(chromium, opened):
    """Opens the studio as a new visitor, after the first preview; only its own server may be asked."""
    contexts, asked, failures = [], [], []

    def visit(**given):
        viewport = {"width": 1400, "height": 900}
        context = chromium.new_context(**{"viewport": viewport, "accept_downloads": True, **given})
        contexts.append(context)
        context.set_default_timeout(LONG)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(opened.url)
        page.locator("#picture[data-previews]").wait_for()
        return page

    yield visit
    for context in contexts:
        context.close()
    assert all(url.startswith((opened.url, "data:", "blob:")) for url in asked), asked
    assert failures == []


@pytest.fixture
def page(visit):
    """The studio in a wide window."""
    return visit()
