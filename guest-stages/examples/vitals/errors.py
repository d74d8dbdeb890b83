"""What goes wrong, in words."""

import functools
import traceback

from componentize_py_types import Err
from wit_world.imports import outcome, types


def in_words(run):
    """What goes wrong while a stage runs becomes its error: nothing was judged then, and the verdict is
    inconclusive. Where an exception came from is in the log."""

    @functools.wraps(run)
    def told(stage):
        try:
            judged = run(stage)
        except Err as error:
            if isinstance(error.value, str):
                raise
            raise Err(explain(error.value)) from error
        except (Exception, SystemExit) as error:
            traceback.print_exc()
            raise Err(f"{type(error).__name__}: {error}") from error
        if not isinstance(judged, outcome.Outcome):
            raise Err(f"run returned {judged!r}, and an Outcome is needed")
        return judged

    return told


def explain(error) -> str:
    """An error of the host as a sentence, with what to do about it."""
    match error:
        case types.Error_Denied(reason):
            return f"denied: {reason}"
        case types.Error_Unavailable(missing):
            remedy = f" ({missing.remedy})" if missing.remedy else ""
            return f"{missing.what} is not available{remedy}"
        case types.Error_Invalid(wrong):
            return f"{wrong.argument} is invalid: {wrong.reason}"
        case types.Error_Cancelled():
            return "the attempt is being cancelled"
        case types.Error_TimedOut():
            return "timed out"
        case types.Error_Failed(failure):
            return f"{failure.tool} failed: {failure.reason}"
    return repr(error)
