import pytest
import torch

from styletransfer.models.vgg import VGGEncoder, convolved, mean_activations, normalize_activations

TINY = (4, 6, 8, 8)


def test_taps_have_the_field_s_names_and_shapes():
    found = VGGEncoder("vgg19", TINY)(torch.rand(2, 3, 32, 48), ["relu1_1", "relu3_4", "relu4_1"])
    assert {tap: tuple(x.shape) for tap, x in found.items()} == {
        "relu1_1": (2, 4, 32, 48),
        "relu3_4": (2, 8, 8, 12),
        "relu4_1": (2, 8, 4, 6),
    }
    with pytest.raises(ValueError, match="relu3_4"):
        VGGEncoder("vgg16", TINY)(torch.rand(1, 3, 16, 16), ["relu3_4"])


def test_normalized_filters_have_mean_activation_one_and_the_same_features():
    torch.manual_seed(0)
    encoder = VGGEncoder("vgg19", TINY)
    for conv in encoder.children():
        conv.bias.data.abs_()
    pictures = [torch.rand(2, 3, 32, 32) for _ in range(3)]
    before = encoder(pictures[0])
    means = mean_activations(encoder, pictures)
    normalize_activations(encoder, means)
    after = encoder(pictures[0])
    for tap, x in after.items():
        scale = means[tap.removeprefix("relu")].view(1, -1, 1, 1)
        torch.testing.assert_close(x * scale, before[tap], atol=1e-5, rtol=1e-4)
    for name, mean in mean_activations(encoder, pictures, floor=0).items():
        # Filters above the floor end at 1, the near-dead ones below it.
        assert mean.max() == pytest.approx(1, abs=1e-4), name


def test_no_border_of_a_constant_picture():
    features = VGGEncoder("vgg19", TINY)(torch.full((1, 3, 32, 32), 0.5))["relu4_1"]
    torch.testing.assert_close(features, features[:, :, :1, :1].expand_as(features))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_with_its_relu_is_the_two_one_after_the_other(dtype, stride):
    torch.manual_seed(0)
    x, weight, bias = torch.randn(2, 3, 21, 34), torch.randn(8, 3, 3, 3), torch.randn(8)
    x, weight, bias = (part.to(dtype) for part in (x, weight, bias))
    with torch.inference_mode():
        expected = torch.nn.functional.conv2d(x, weight, bias, stride).relu()
        assert torch.equal(convolved(x, weight, bias, stride, relu=True), expected)
        assert convolved(x, weight, bias, stride).min() < 0
    weight.requires_grad_(True)  # oneDNN knows no gradients
    convolved(x, weight, bias, stride, relu=True).float().sum().backward()
    assert weight.grad.abs().sum() > 0


@torch.inference_mode()
def test_bfloat16_is_not_fused_where_the_processor_does_not_know_it(monkeypatch):
    x, weight, bias = torch.rand(1, 4, 9, 9), torch.rand(5, 4, 3, 3) - 0.5, torch.rand(5)
    half = [part.bfloat16() for part in (x, weight, bias)]
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    monkeypatch.setattr(torch.ops.mkldnn, "_convolution_pointwise", None)  # it would raise
    found = convolved(*half, relu=True)
    torch.testing.assert_close(
        found.float(), convolved(x, weight, bias, relu=True), atol=0.05, rtol=0.02
    )
