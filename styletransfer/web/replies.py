"""What the studio answers to what cannot be done: a line for who asked, and none in the terminal."""

from collections.abc import Callable
from typing import Any, TypeVar

import gradio as gr

from ..errors import InputError
from .service import JobStopped

T = TypeVar("T")


def done_or_said(work: Callable[[], T]) -> T:
    """work(), or why it was not done."""
    try:
        return work()
    except JobStopped:
        said = gr.Error("Stopped.", duration=3, title="", print_exception=False)
    except InputError as error:
        said = gr.Error(str(error), title="", print_exception=False)
    raise said  # here: Gradio keeps errors for long, and with what they come from all that was half done


def judge(given: gr.components.Component, needed: bool = True) -> None:
    """Have a part of the page answer to values that the page itself never sends."""
    read = given.preprocess

    def preprocess(payload: Any) -> Any:
        try:
            if payload is None and needed:
                raise ValueError("A value is missing.")
            return read(payload)
        except Exception as error:  # that of a file may name folders of this machine
            spoken = isinstance(error, (gr.Error, ValueError, TypeError))
            reason = getattr(error, "message", str(error)) if spoken else "It is no picture."
            said = gr.Error(f"{given.label}: {reason}", title="", print_exception=False)
        raise said

    given.preprocess = preprocess  # type: ignore[method-assign]
