import numpy as np
import torch

from styletransfer.models.bottlenecks.instance import instance_norm
from styletransfer.models.bottlenecks.spade import Spade, style_map
from styletransfer.models.statistics import Statistics


def test_spade_is_its_equation():
    torch.manual_seed(0)
    spade = Spade(3, 2, hidden=5).double()
    x, map = torch.randn(2, 3, 6, 7).double(), torch.randn(2, 2, 6, 7).double()
    torch.testing.assert_close(spade(x, map), instance_norm(x))  # γ = 1 and β = 0 when new
    for parameter in spade.parameters():
        torch.nn.init.normal_(parameter)

    def convolve(layer, z):  # the plain sum over the 3×3 neighbourhood, reflected at the border
        padded = np.pad(z.numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect")
        weight, out = layer.weight.detach().numpy(), 0
        for i in range(3):
            for j in range(3):
                part = padded[:, :, i : i + z.shape[2], j : j + z.shape[3]]
                out = out + np.einsum("nchw,oc->nohw", part, weight[:, :, i, j])
        return out + layer.bias.detach().numpy()[None, :, None, None]

    hidden = torch.from_numpy(convolve(spade.shared, map)).relu()
    gamma, beta = (convolve(layer, hidden) for layer in (spade.gamma, spade.beta))
    mean, var = x.mean(dim=(2, 3), keepdim=True), x.var(dim=(2, 3), keepdim=True, correction=0)
    expected = (1 + gamma) * ((x - mean) / (var + 1e-5).sqrt()).numpy() + beta
    torch.testing.assert_close(spade(x, map).detach().numpy(), expected, rtol=1e-5, atol=1e-5)


def test_a_style_map_shows_each_style_where_it_is():
    styles = Statistics(torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [4.0]]))
    region_maps = torch.zeros(1, 2, 1, 2)
    region_maps[0, 0, 0, 0] = region_maps[0, 1, 0, 1] = 1
    assert style_map(styles, region_maps).tolist() == [[[[1.0, 2.0]], [[3.0, 4.0]]]]
