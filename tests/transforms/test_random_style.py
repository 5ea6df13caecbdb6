import pickle

import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import tv_tensors
from torchvision.transforms import v2

from styletransfer import InputError
from styletransfer.transforms import RandomStyle

from ..conftest import noise


@pytest.fixture(scope="module")
def always(tiny_model):
    return RandomStyle(p=1.0, model=tiny_model, style_size=32)


def changed(before, after) -> list[bool]:
    """Which pictures of a batch are other ones."""
    return [(a != b).any().item() for a, b in zip(before, after)]


@pytest.mark.parametrize("shape", [(3, 32, 48), (2, 3, 37, 50), (2, 2, 3, 32, 32)])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float16])
def test_tensors_keep_their_shape_and_type(always, shape, dtype):
    x = torch.randint(256, shape, dtype=torch.uint8)
    x = x if dtype == torch.uint8 else (x / 255).to(dtype)
    before = x.clone()
    out = always(x)
    assert out.shape == x.shape and out.dtype == dtype and torch.equal(x, before)
    assert all(changed(x.reshape(-1, *shape[-2:]), out.reshape(-1, *shape[-2:])))
    assert not out.is_inference(), "a network can be trained on it"


def test_pil_pictures_stay_pil_pictures(always):
    picture = noise(50, 37)
    out = always(picture)
    assert isinstance(out, Image.Image) and (out.size, out.mode) == (picture.size, "RGB")
    assert out.tobytes() != picture.tobytes()
    with pytest.raises(InputError, match="mode L"):
        always(picture.convert("L"))


def test_every_picture_of_a_batch_has_its_own_chance_style_and_strength(tiny_model):
    half = RandomStyle(["lion", "starry_night"], p=0.5, model=tiny_model, style_size=32)
    torch.manual_seed(1)
    x = torch.rand(1, 3, 32, 32).expand(16, -1, -1, -1)
    painted = changed(x, half(x))
    assert 3 < sum(painted) < 13
    params = half.make_params([x])
    assert params["style"].unique().numel() == 2 and params["alpha"].unique().numel() == 16
    assert params["alpha"].min() >= 0.3 and params["alpha"].max() <= 1


def test_the_seed_decides(always):
    x = torch.rand(4, 3, 32, 32)
    torch.manual_seed(7)
    one = always(x)
    assert not torch.equal(one, always(x))
    torch.manual_seed(7)
    assert torch.equal(one, always(x))


def test_no_chance_is_no_change(tiny_model):
    never = RandomStyle("lion", p=0, model=tiny_model, style_size=32)
    x = torch.rand(4, 3, 32, 32)
    assert never(x) is x
    assert repr(never) == "RandomStyle(1 styles, p=0, alpha=(0.3, 1.0))"


def test_a_sample_s_masks_boxes_and_labels_stay(always):
    sample = {
        "image": tv_tensors.Image(torch.rand(3, 32, 32)),
        "mask": tv_tensors.Mask(torch.randint(5, (32, 32))),
        "boxes": tv_tensors.BoundingBoxes([[1, 2, 3, 4]], format="XYXY", canvas_size=(32, 32)),
        "label": 3,
        "other": torch.rand(3, 32, 32),
    }
    out = always(sample)
    assert isinstance(out["image"], tv_tensors.Image) and (out["image"] != sample["image"]).any()
    assert all(out[name] is sample[name] for name in ("mask", "boxes", "label", "other"))


def test_a_film_has_one_style(always):
    film = tv_tensors.Video(torch.rand(1, 3, 32, 32).expand(4, -1, -1, -1).clone())
    out = always(film)
    assert isinstance(out, tv_tensors.Video) and (out != film).any()
    assert all((frame - out[0]).abs().max() < 1e-3 for frame in out)


def test_what_is_no_picture_is_told(always):
    for x in (torch.rand(1, 32, 32), torch.rand(32, 32), torch.randint(9, (3, 32, 32))):
        with pytest.raises(InputError, match="a picture is"):
            always(x)


class Greys(Dataset):
    """Pictures whose augmentations are to differ."""

    def __init__(self, augment):
        self.augment = v2.Compose([augment, v2.ToDtype(torch.float32, scale=True)])

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return self.augment(torch.full((3, 16, 16), 128, dtype=torch.uint8))


@pytest.mark.filterwarnings("ignore")
def test_in_workers_each_draws_its_own(always):
    loader = DataLoader(Greys(always), batch_size=1, num_workers=2)

    def pictures(seed):
        torch.manual_seed(seed)
        return [x[0] for x in loader]

    first = pictures(0)
    assert len({x.mean().item() for x in first}) == 4, "also those of different workers"
    assert all(map(torch.equal, first, pictures(0)))
    assert not any(map(torch.equal, first, pictures(1)))


def test_it_goes_to_workers_that_are_spawned(always):
    again = pickle.loads(pickle.dumps(always))
    x = torch.rand(2, 3, 32, 32)
    torch.manual_seed(3)
    painted = always(x)
    torch.manual_seed(3)
    assert torch.equal(again(x), painted)


def test_a_network_learns_from_what_is_painted(always):
    layer = torch.nn.Conv2d(3, 1, 3)
    layer(always(torch.rand(2, 3, 32, 32))).mean().backward()
    assert layer.weight.grad.abs().sum() > 0


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu(always):
    x = torch.rand(4, 3, 64, 64, device="cuda")
    torch.manual_seed(0)
    out = always(x)
    torch.manual_seed(0)
    assert out.is_cuda and (out.cpu() - always(x.cpu())).abs().mean() < 0.02
