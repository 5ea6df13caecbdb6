"""What content losses see, and what they do not."""

import torch

from styletransfer.models.bottlenecks.instance import instance_norm
from styletransfer.training.losses import CONTENT_TAPS, content_distance, structure_distance


def test_content_distance_ignores_contrast_and_sees_structure():
    torch.manual_seed(0)
    a = {tap: torch.randn(2, 3, 16, 16) for tap in CONTENT_TAPS}
    brighter = {tap: 2 * x + 5 for tap, x in a.items()}
    assert content_distance(a, brighter).max() < 1e-4
    a["relu4_1"][:, 0], brighter["relu4_1"][:, 0] = 0.0, 1.0  # a dead channel has no structure
    assert content_distance(a, brighter).abs().max() < 1e-4
    b = {tap: x + torch.randn_like(x) for tap, x in a.items()}
    expected = [
        0.5 * (instance_norm(a[tap]) - instance_norm(b[tap])).square().mean(dim=(1, 2, 3))
        for tap in CONTENT_TAPS
    ]
    torch.testing.assert_close(content_distance(a, b), (expected[0] + expected[1]) / 2)
    unrelated = {tap: torch.randn_like(x) for tap, x in a.items()}
    assert ((content_distance(a, unrelated) - 1).abs() < 0.15).all()


def test_structure_distance_sees_luminance_not_hue():
    torch.manual_seed(0)
    gray = torch.rand(2, 1, 24, 24).expand(-1, 3, -1, -1)
    tinted = gray + torch.tensor((0.1, 0.0, -0.1 * 0.299 / 0.114)).view(1, 3, 1, 1)
    assert structure_distance(gray, tinted).abs().max() < 1e-4
    found = structure_distance(gray, torch.cat([gray[:1], 1 - gray[1:]]))
    assert found[0].abs() < 1e-5 and found[1] > 1  # a negative is worse than unrelated
