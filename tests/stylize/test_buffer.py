"""Pictures that are read and written a part at a time."""

import pytest
import torch

from styletransfer.options import StylizeOptions
from styletransfer.stylize import paint as painting
from styletransfer.stylize.buffer import DiskImageBuffer, ImageBuffer
from styletransfer.stylize.levels import Conditioning

from ..networks import SLIM, network, smooth

CPU = torch.device("cpu")


def test_a_buffer_on_disk_is_painted_as_one_in_memory(tmp_path):
    net = network(SLIM)
    x = (smooth(301, 222) * 255).byte()
    (tmp_path / "raw").write_bytes(x[0].permute(1, 2, 0).contiguous().numpy().tobytes())
    disk = DiskImageBuffer(tmp_path / "raw", 301, 222)
    conditioning = Conditioning(net.code(smooth(64, 64, 1)))
    with torch.inference_mode():
        out = [
            painting.paint(net, image, conditioning, StylizeOptions(tile=192)).pixels
            for image in (ImageBuffer(x), disk)
        ]
    assert torch.equal(*out)
    assert out[0].dtype == torch.uint8 and x.float().sub(out[0]).abs().max() > 2


@pytest.mark.parametrize("kind", ["float", "uint8", "disk"])
def test_what_is_written_is_read_in_its_place(kind, tmp_path):
    x = torch.arange(2 * 3 * 8 * 5).reshape(2, 3, 8, 5)[:1].byte()
    if kind == "disk":
        (tmp_path / "raw").write_bytes(b"head" + x[0].permute(1, 2, 0).numpy().tobytes())
        image = DiskImageBuffer(tmp_path / "raw", 8, 5, header=4)
    else:
        image = ImageBuffer(x / 255 if kind == "float" else x.clone())
    assert image.shape == (1, 8, 5)
    rows, columns = slice(2, 6), slice(1, 4)
    torch.testing.assert_close(image.read(rows, columns), x[:, :, rows, columns] / 255)
    image.write(rows, columns, torch.full((1, 3, 4, 3), 100.6 / 255))
    found = image.read(slice(0, 8), slice(0, 5)) * 255
    expected = x.float()
    expected[:, :, rows, columns] = 100.6 if kind == "float" else 101.0
    torch.testing.assert_close(found, expected)


def test_others_are_of_the_same_kind_and_beside_it(tmp_path):
    (tmp_path / "raw").write_bytes(bytes(8 * 5 * 3))
    disk = DiskImageBuffer(tmp_path / "raw", 8, 5)
    blank, scratch = disk.blank(), disk.scratch(3, 4)
    assert blank.shape == disk.shape and blank.pixels.dtype == torch.uint8
    assert blank.path.parent == scratch.path.parent == tmp_path and blank.path.suffix == ".tif"
    assert scratch.shape == (1, 3, 4) and scratch.path.stat().st_size == 3 * 4 * 3 * 2
    scratch.write(slice(0, 3), slice(0, 4), torch.full((1, 3, 3, 4), 0.3))
    assert (scratch.read(slice(1, 2), slice(2, 3)) - 0.3).abs().max() < 1 / (8 * 255)
    memory = ImageBuffer(torch.zeros(2, 3, 8, 5, dtype=torch.uint8))
    assert memory.blank().pixels.dtype == torch.uint8 and memory.blank().shape == (2, 8, 5)
    assert memory.scratch(3, 4).pixels.dtype == torch.float32 and memory.scratch(3, 4).shape == (2, 3, 4)


def test_features_of_a_picture_on_disk_are_kept_there_but_those_of_a_gpu_in_memory(tmp_path):
    disk, whole = DiskImageBuffer(tmp_path / "raw", 8, 5), slice(0, 16)
    for device, files in ((torch.device("cuda"), 0), (CPU, 1)):
        maps = disk.feature_maps(device)
        maps.put("relu3_1", torch.ones(1, 2, 4, 4), whole, whole)
        assert torch.equal(maps.window(whole, whole)["relu3_1"], torch.ones(1, 2, 4, 4))
        assert len(list(tmp_path.iterdir())) == files


def test_a_disk_that_is_full_is_an_error_before_it_is_mapped(tmp_path, monkeypatch):
    (tmp_path / "raw").write_bytes(bytes(8 * 5 * 3))

    def full(file, start, length, number=28):
        raise OSError(number, "No space left on device")

    disk = DiskImageBuffer(tmp_path / "raw", 8, 5)
    monkeypatch.setattr("os.posix_fallocate", full)

    def keep_features():
        whole = slice(0, 16)  # as the network sees it
        disk.feature_maps(CPU).put("relu3_1", torch.zeros(1, 2, 4, 4), whole, whole)

    for make in (disk.blank, lambda: disk.scratch(8, 5), keep_features):
        with pytest.raises(OSError, match="No space left"):
            make()
    monkeypatch.setattr("os.posix_fallocate", lambda *given: full(*given, number=95))
    assert disk.scratch(8, 5).shape == (1, 8, 5)  # a disk that cannot reserve
