"""One run: a generator from photos to paintings, trained from one seed and measured."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from styletransfer.evaluation.metrics import content_score
from styletransfer.models.vgg import VGGEncoder

from ..normalization.runs import to_png
from ..squares import floats
from .networks import Generator, Patches, discriminator

COMPARED = ("instance", "batch", "layer", "none")
TAP = "relu3_1"


@dataclass(frozen=True)
class Plan:
    """side: pixels. patches: the weight of PatchNCE, FastCUT's. content: of how many photos it is
    taken."""

    side: int = 64
    batch: int = 4
    steps: int = 400
    seeds: int = 3
    rate: float = 4e-4
    width: int = 16
    patches: float = 10.0
    tested: int = 354
    content: int = 64


@dataclass
class Pictures:
    """Squares, (N, 3, side, side) uint8; test: those that nothing is trained on; shown: examples."""

    photos: Tensor
    paintings: Tensor
    test_photos: Tensor
    test_paintings: Tensor
    shown: Tensor


def train(pictures: Pictures, norm: str, seed: int, plan: Plan) -> Generator:
    """Least-squares GAN and PatchNCE, as FastCUT: no second generator, no identity."""
    torch.manual_seed(seed)
    # The norms draw nothing, so all begin with the same weights.
    net, judge, patches = Generator(plan.width, norm), discriminator(2 * plan.width), Patches(plan.width)
    net.to(memory_format=torch.channels_last)
    betas = (0.5, 0.999)
    ours = torch.optim.Adam([*net.parameters(), *patches.parameters()], plan.rate, betas)
    theirs = torch.optim.Adam(judge.parameters(), plan.rate, betas)
    chooser = torch.Generator().manual_seed(seed)

    def some(whole: Tensor) -> Tensor:
        chosen = whole[torch.randint(len(whole), (plan.batch,), generator=chooser)]
        mirrored = torch.rand(plan.batch, 1, 1, 1, generator=chooser) < 0.5
        return floats(torch.where(mirrored, chosen.flip(3), chosen))

    for _ in range(plan.steps):
        photos, paintings = some(pictures.photos), some(pictures.paintings)
        with torch.autocast("cpu", torch.bfloat16):
            painted = net(photos)
            real, fake = judge(paintings), judge(painted.detach())
            loss = ((real.float() - 1).square().mean() + fake.float().square().mean()) / 2
        theirs.zero_grad()
        loss.backward()
        theirs.step()
        with torch.autocast("cpu", torch.bfloat16):
            fooled = (judge(painted).float() - 1).square().mean()
            kept = patches(net.features(painted), net.features(photos))
        ours.zero_grad()
        (fooled + plan.patches * kept).backward()
        ours.step()
    return net.eval()


def frechet(a: Tensor, b: Tensor) -> float:
    """|μa − μb|² + tr(Σa + Σb − 2 (Σa Σb)^½) of features (N, C), float64 (Heusel et al. 2017)."""
    a, b = a.double(), b.double()
    first, second = a.T.cov(), b.T.cov()
    values, vectors = torch.linalg.eigh(first)
    root = vectors @ torch.diag(values.clamp(min=0).sqrt()) @ vectors.T
    shared = torch.linalg.eigvalsh(root @ second @ root).clamp(min=0).sqrt().sum()
    apart = (a.mean(dim=0) - b.mean(dim=0)).square().sum()
    return float(apart + first.trace() + second.trace() - 2 * shared)


@torch.no_grad()
def features(vgg: VGGEncoder, pictures: Iterable[Tensor]) -> Tensor:
    """Means over the picture at relu3_1, (N, 256), of pictures in [0, 1], a few at a time."""
    return torch.cat([vgg(part, (TAP,))[TAP].mean(dim=(2, 3)) for part in pictures])


@torch.no_grad()
def content(vgg: VGGEncoder, pictures: Tensor, photos: Tensor) -> float:
    """`stylize evaluate`'s content score, the mean of pairs in [0, 1]."""
    taps = [vgg(x, ("relu3_3",)) for x in (pictures, photos)]
    pairs = zip(*(x["relu3_3"].split(1) for x in taps))
    scores = [content_score({"relu3_3": a}, {"relu3_3": b}) for a, b in pairs]
    return sum(scores) / len(scores)


def measure(vgg: VGGEncoder, painted: Tensor, pictures: Pictures, wanted: Tensor, plan: Plan) -> dict:
    """painted: of the test photos, in [0, 1]. wanted: `features` of the test paintings."""
    few = plan.content
    return {
        "frechet": frechet(features(vgg, painted.split(32)), wanted),
        "content": content(vgg, painted[:few], floats(pictures.test_photos[:few])),
    }


@torch.no_grad()
def through(net: nn.Module, photos: Tensor) -> Tensor:
    return torch.cat([net(floats(part)) for part in photos.split(32)])


def run(vgg: VGGEncoder, pictures: Pictures, wanted: Tensor, norm: str, seed: int, plan: Plan) -> dict:
    net = train(pictures, norm, seed, plan)
    found: dict = measure(vgg, through(net, pictures.test_photos), pictures, wanted, plan)
    if seed == 0:
        found["shown"] = to_png(through(net, pictures.shown))
    return found
