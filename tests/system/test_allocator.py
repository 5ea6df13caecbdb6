"""Memory that is kept, and given back."""

import os
import subprocess
import sys

import pytest

KEEP = """
import numpy as np, psutil
from styletransfer.system.allocator import give_memory_back, keep_memory

class Circle:
    def __init__(self):
        self.me, self.picture = self, np.ones(50_000_000, np.uint8)

def taken():
    return psutil.Process().memory_info().rss // 1_000_000

keep_memory()
pictures = [Circle() for _ in range(5)]
last = bytes(range(250)) * 1000  # above it all, so that nothing goes by itself
whole = taken()
del pictures
print(whole - taken())
give_memory_back()
print(whole - taken())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
def test_what_is_kept_is_given_back_when_it_is_said():
    done = subprocess.run([sys.executable, "-c", KEEP], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert before < 50 and after > 200


COMPILE = """
import sys
from styletransfer.system.allocator import KERNELS, keep_few_kernels

if sys.argv[1] == "few":
    keep_few_kernels()
import torch

layer = torch.nn.Conv2d(16, 16, 3)
with torch.inference_mode():
    for height in [*range(40, 41 + KERNELS), 40]:
        layer(torch.rand(1, 16, height, 64))
"""


@pytest.mark.parametrize(("kept", "compiled_again"), [("few", True), ("all", False)])
def test_a_server_forgets_the_kernels_of_sizes_long_past(kept, compiled_again):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONEDNN_")}
    command = [sys.executable, "-c", COMPILE, kept]
    told = environment | {"ONEDNN_VERBOSE": "2"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=told)
    made = [line for line in done.stdout.splitlines() if "create:" in line and ",convolution," in line]
    if not made:
        pytest.skip("this torch convolves without oneDNN, or does not say so")
    assert ("cache_miss" in made[-1]) == compiled_again
