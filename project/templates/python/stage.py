"""STAGE-NAME: does every fan turn fast enough?

This file asks the machine; `facts_bmc` reads what it says, and judge.py holds that against the rules.
"""

import json

import judge
import wit_world
from componentize_py_types import Err
from errors import in_words
from findings import Findings
from wit_world.imports import bmc, context, facts_bmc, log, outcome, types


class WitWorld(wit_world.WitWorld):
    @in_words
    def run(self) -> outcome.Outcome:
        parameters = json.loads(context.get().parameters)
        findings = Findings()
        try:
            document = bmc.ask(bmc.Question.THRESHOLDS)
        except Err as error:
            # Hardware that is not there is skipped. Any other error or exception makes the verdict
            # inconclusive: nothing was judged.
            if is_absent(error.value):
                return findings.skip("there is no management controller", "no fans")
            raise
        fans = judge.fans_of(facts_bmc.read_sensors(b"", document.stdout).sensors)
        if not fans:
            raise Err("there is a management controller, and it reports no fan")
        judge.fans(fans, parameters["slowest_fan"], findings)
        log.log(log.Level.INFO, f"{len(fans)} fans were judged")
        return findings.outcome(f"{len(fans)} fans")


def is_absent(error) -> bool:
    """Whether the hardware does not exist."""
    match error:
        case types.Error_Unavailable(missing):
            return isinstance(missing.kind, types.MissingKind_Hardware)
    return False
