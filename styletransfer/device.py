"""Which device to compute on, and in which precision it is fast."""

import importlib.util
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import torch

from .errors import InputError, out_of_memory

_GPU_ERRORS = ("CUDA error", "CUDA driver error", "cuDNN error", "CUBLAS_STATUS", "HIP error")

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def pick_device(name: str) -> torch.device:
    """The device of that name; "auto" is CUDA, else MPS, else the CPU. InputError if it is not there."""
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
    """bfloat16 where the hardware multiplies it natively, else float32."""
    if device.type == "cpu":
        there = torch.backends.mkldnn.is_available()
        half = there and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    else:
        half = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if half else torch.float32


def pick_dtype(precision: str, device: torch.device) -> torch.dtype:
    """The dtype of a precision's name; "auto" is `fast_dtype`. InputError for any other name."""
    if precision == "auto":
        return fast_dtype(device)
    if precision not in PRECISIONS:
        raise InputError(f"precision is {precision!r}: not one of auto, {', '.join(PRECISIONS)}")
    return PRECISIONS[precision]


def can_compile(device: torch.device) -> bool:
    """Whether torch.compile can be expected to work and to pay: CUDA, Triton and a C compiler."""
    if device.type != "cuda" or torch.cuda.get_device_capability(device) < (7, 0):
        return False
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    return bool(compiler) and importlib.util.find_spec("triton") is not None


@contextmanager
def painting_threads(count: int, threads: int = 1) -> Iterator[ThreadPoolExecutor]:
    """A pool of `count` threads that each paint pictures of their own, on `threads` cores each.

    On a CPU this is a third faster than all cores working on one picture. Jobs that have not begun
    when the context ends are cancelled.
    """
    before = torch.get_num_threads()
    pool = ThreadPoolExecutor(count, initializer=partial(torch.set_num_threads, threads))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(before)  # what one thread sets is the default for later ones


@contextmanager
def enough_memory(device: torch.device, remedy: str) -> Iterator[None]:
    """Turn running out of memory into an InputError that names a remedy."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise InputError(f"out of memory on {device}: give {remedy}") from None


def gpu_lost(error: BaseException, device: str) -> bool:
    """Whether an error means that the GPU no longer answers at all, so that going on is no use."""
    if not isinstance(error, RuntimeError) or not any(word in str(error) for word in _GPU_ERRORS):
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
