"""What a run needs to go on."""

import json
from dataclasses import replace

import pytest
import torch

from styletransfer import InputError
from styletransfer.models.weights import read_safetensors, write_safetensors
from styletransfer.training.checkpoint import pack, read_state, save_state, unpack
from styletransfer.training.session import Execution
from styletransfer.training.setup import initial_state, open_source

from .conftest import GROUP, RECIPE


def state_of(session, seed=0):
    session = replace(session, recipe=replace(RECIPE, seed=seed, fit=False))
    pictures = (session.content, session.style)
    sources = [open_source(p, session.recipe, i, GROUP, Execution()) for i, p in enumerate(pictures)]
    return initial_state(session, sources, GROUP)[0]


@pytest.fixture
def stepped(session):
    """A state after a step of the optimizer, which has moments then."""
    state = state_of(session)
    for number, weight in enumerate(state.optimizer.param_groups[0]["params"]):
        weight.grad = torch.full_like(weight, 0.1 * number)
    state.optimizer.step()
    state.step, state.skipped = 5, {"content": {"a.jpg": "is empty"}, "style": {}}
    return state


def test_a_state_comes_back_as_it_was(stepped, session):
    tensors = {name: tensor.clone() for name, tensor in pack(stepped).items()}
    other = state_of(session, seed=1)
    bias = "net.decoder.stages.0.0.bias"
    assert not torch.equal(pack(other)[bias], tensors[bias])
    unpack(other, tensors)
    again = pack(other)
    assert again.keys() == tensors.keys()
    assert all(torch.equal(again[name], tensor) for name, tensor in tensors.items())


def test_it_is_saved_with_all_that_belongs_to_it(stepped, tmp_path):
    save_state(tmp_path, stepped, RECIPE)
    saved = read_state(tmp_path)
    assert (saved.step, saved.skipped, saved.recipe) == (5, stepped.skipped, RECIPE)
    assert saved.config == stepped.net.config and saved.tensors.keys() == pack(stepped).keys()
    tensors, about = read_safetensors(tmp_path / "state.safetensors")
    older = json.loads(about["recipe"])
    del older["viewed"]
    write_safetensors(tmp_path / "state.safetensors", tensors, about | {"recipe": json.dumps(older)})
    assert read_state(tmp_path).recipe == RECIPE, "what was not known then has its default"
    for wrong in ({"step": "-1"}, {"skipped": "[]"}, {"recipe": "{"}, {"config": "5"}):
        write_safetensors(tmp_path / "state.safetensors", tensors, about | wrong)
        with pytest.raises(InputError):
            read_state(tmp_path)


def test_no_run_is_one_line(tmp_path):
    with pytest.raises(InputError, match="no run to resume"):
        read_state(tmp_path)


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda t: t.pop("spread.relu4_1.mean"), "relu4_1.mean"),
        (lambda t: t.update({"adam.0.exp_avg": torch.zeros(2, 3)}), r"adam.0.exp_avg is \(2, 3\), not"),
        (lambda t: t.update({"adam.0.other": torch.zeros(())}), "adam.0.other is unknown"),
        (lambda t: t.update({"net.decoder.stages.0.0.bias": torch.zeros(99)}), "Error"),
        (lambda t: t.update({"else.x": torch.zeros(1)}), "else"),
    ],
)
def test_a_state_of_another_network_is_one_line(stepped, change, says):
    tensors = {name: tensor.clone() for name, tensor in pack(stepped).items()}
    change(tensors)
    with pytest.raises(InputError, match=f"broken, or of another network.*{says}") as caught:
        unpack(stepped, tensors)
    assert "\n" not in str(caught.value)
