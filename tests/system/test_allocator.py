"""Memory that is kept, and given back."""

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
