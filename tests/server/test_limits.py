import pytest

from styletransfer.errors import InputError
from styletransfer.server.limits import Admission, Limits, Refused


@pytest.mark.parametrize("name", ["max_megabytes", "max_megapixels", "timeout", "queue"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_limits_that_serve_nobody_are_named_as_options(name, value):
    with pytest.raises(InputError, match=f"--{name.replace('_', '-')} is {value:g}"):
        Limits(**{name: value})


def test_pixels_are_counted_as_they_are_and_as_they_would_be():
    limits = Limits(max_megapixels=1)
    limits.check_pixels("it", (1000, 1000))
    limits.check_resized("it", (4000, 2000), 700)
    limits.check_resized("it", (1000, 1000), None)
    with pytest.raises(Refused, match="it has 1.0 megapixels: at most 1 are taken") as caught:
        limits.check_pixels("it", (1000, 1001))
    assert caught.value.status == 413
    with pytest.raises(Refused, match="it would have 1.3 megapixels") as caught:
        limits.check_resized("it", (40, 20), 800)
    assert caught.value.status == 422


def test_places_are_given_back_and_none_are_given_when_closing():
    admission = Admission(1)
    with pytest.raises(ValueError), admission.place():
        with pytest.raises(Refused, match="1 requests are waiting") as caught, admission.place():
            pass
        assert caught.value.status == 429 and admission.taken == 1
        raise ValueError
    assert admission.taken == 0
    admission.closing = True
    with pytest.raises(Refused, match="closing") as caught, admission.place():
        pass
    assert caught.value.status == 503
