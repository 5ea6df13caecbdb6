import numpy as np
import pytest

A = pytest.importorskip("albumentations")


@pytest.fixture(scope="module")
def augment(tiny_model):
    from styletransfer.transforms.albumentations import StyleTransfer

    return StyleTransfer(p=1.0, model=tiny_model, style_size=32)


def test_pictures_keep_their_type_and_the_seed_decides(augment):
    photo = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    one, two, other = (
        A.Compose([augment], seed=seed)(image=photo, mask=photo[..., 0]) for seed in (1, 1, 2)
    )
    assert one["image"].dtype == np.uint8 and one["image"].shape == photo.shape
    assert np.array_equal(one["image"], two["image"]) and (one["image"] != photo).any()
    assert not np.array_equal(one["image"], other["image"])
    assert np.array_equal(one["mask"], photo[..., 0])
    floats = augment(image=photo.astype(np.float32) / 255)["image"]
    assert floats.dtype == np.float32 and floats.min() >= 0 and floats.max() <= 1


def test_a_pipeline_is_saved_and_loaded(augment):
    again = A.from_dict(A.to_dict(augment))
    assert repr(again) == repr(augment)


def test_what_is_no_picture_is_told(augment):
    with pytest.raises(Exception, match="a picture is"):
        augment.apply(np.zeros((8, 8, 1), np.uint8), 0, 1.0)
