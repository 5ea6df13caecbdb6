"""What a client of `benchmarks.serve` does, for locust: pictures, one after the other."""

import io
import itertools
import os
from pathlib import Path

from locust import HttpUser, events, task
from locust.exception import StopUser
from PIL import Image

from styletransfer.media.image import resize_short_side

PHOTOS = Path(__file__).parents[1] / "examples" / "content"
SIZE, REQUESTS = int(os.environ["SIZE"]), int(os.environ["REQUESTS"])
numbers = iter(range(REQUESTS))
left = itertools.count(1)
photos: list[tuple[bytes, tuple[int, int]]] = []
styles: list[str] = []
for path in sorted(PHOTOS.glob("*.jpg")):
    image, buffer = resize_short_side(Image.open(path).convert("RGB"), SIZE), io.BytesIO()
    image.save(buffer, "jpeg", quality=90)
    photos.append((buffer.getvalue(), image.size))


class Client(HttpUser):
    def on_start(self):
        styles[:] = styles or self.client.get("/styles", name="styles").json()["styles"]

    @task
    def stylize(self):
        number = next(numbers, None)
        if number is None:
            if next(left) == self.environment.parsed_options.num_users:
                self.environment.runner.quit()
            raise StopUser
        photo, size = photos[number % len(photos)]
        style = styles[number // len(photos) % len(styles)]
        asked = {"files": {"photo": ("photo.jpg", photo)}, "data": {"style": style}}
        with self.client.post("/stylize", **asked, name="stylize", catch_response=True) as answer:
            try:
                picture = Image.open(io.BytesIO(answer.content))
                picture.load()
                assert (picture.format, picture.size) == ("JPEG", size)
                answer.success()
            except Exception as error:
                answer.failure(f"{answer.status_code} {answer.text[:100]} {error}")


@events.quitting.add_listener
def said(environment, **_):
    """Not locust's own idea of success: `benchmarks.serve` counts."""
    environment.process_exit_code = 0
