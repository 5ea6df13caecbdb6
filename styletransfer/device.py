"""Which device, and what number format it is fast with."""

import importlib.util
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import torch

from .errors import InputError, out_of_memory

_OF_A_GPU = ("CUDA error", "CUDA driver error", "cuDNN error", "CUBLAS_STATUS", "HIP error")


PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def pick_device(name: str) -> torch.device:
    """auto is CUDA, else MPS, else the CPU; InputError for a device that is not there."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError):
        raise InputError(f"there is no device {name!r} here (auto, cpu, cuda, cuda:N or mps)") from None
    return device


def fast_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware multiplies it, else float32."""
    if device.type == "cpu":
        there = torch.backends.mkldnn.is_available()
        half = there and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    else:
        half = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if half else torch.float32


def pick_dtype(precision: str, device: torch.device) -> torch.dtype:
    """auto is `fast_dtype`, else what the name says; InputError for another name."""
    if precision == "auto":
        return fast_dtype(device)
    if precision not in PRECISIONS:
        raise InputError(f"precision is {precision!r}: not one of auto, {', '.join(PRECISIONS)}")
    return PRECISIONS[precision]


def can_compile(device: torch.device) -> bool:
    """Whether torch.compile is to be expected to work and to pay: CUDA, Triton and a C compiler."""
    if device.type != "cuda" or torch.cuda.get_device_capability(device) < (7, 0):
        return False
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    return bool(compiler) and importlib.util.find_spec("triton") is not None


@contextmanager
def painters(count: int, threads: int = 1) -> Iterator[ThreadPoolExecutor]:
    """Threads that each paint a picture of their own, with so many cores to each.

    A CPU whose cores are at work on different pictures is a third faster than with all on the same.
    What nobody has begun when the context ends is left undone.
    """
    before = torch.get_num_threads()
    pool = ThreadPoolExecutor(count, initializer=partial(torch.set_num_threads, threads))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(before)  # what a thread sets is the default of those begun later


@contextmanager
def enough_memory(device: torch.device, remedy: str) -> Iterator[None]:
    """Turn running out of memory into an InputError that names a remedy."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise InputError(f"out of memory on {device}: give {remedy}") from None


def lost(error: BaseException, device: str) -> bool:
    """Whether this is of a GPU that answers nothing any more, whatever it is asked."""
    if not isinstance(error, RuntimeError) or not any(word in str(error) for word in _OF_A_GPU):
        return False
    if any(words in str(error) for words in ("out of memory", "ALLOC_FAILED")):
        return False
    if torch.cuda.is_initialized():
        try:
            torch.zeros(1, device=device if device.startswith("cuda") else "cuda").item()
            return False
        except RuntimeError as again:
            return "out of memory" not in str(again)
    return True
