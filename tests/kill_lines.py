"""kill -9 before any line of a module, without chance and without waiting."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any


def killed_before(line: int, modules: set[ModuleType], work: Callable[[], object]) -> bool:
    """Do the work in a child process that is killed before the n-th line it runs of these modules.

    False: it ended before. Raises AssertionError where the work failed.
    """
    child = os.fork()
    if not child:
        try:
            sys.settrace(_killer(line, {str(module.__file__) for module in modules}))
            work()
            sys.settrace(None)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), "the work failed: see standard error"
    return status != 0


def _killer(line: int, files: set[str]) -> Callable[[FrameType, str, Any], Any]:
    left = line

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace
