"""STAGE-NAME: does every fan turn fast enough?

This file asks the machine; judge.py holds what it says against the rules.
"""

import json

import judge
import wit_world
from componentize_py_types import Err
from errors import in_words
from findings import Findings
from wit_world.imports import context, log, outcome, power, types


class WitWorld(wit_world.WitWorld):
    @in_words
    def run(self) -> outcome.Outcome:
        parameters = json.loads(context.get().parameters)
        findings = Findings()
        # An error or an exception makes the verdict inconclusive: nothing was judged.
        reading = power.read()
        fans = judge.fans(reading.sensors, parameters["slowest_fan"], findings)
        if fans == 0:
            return self.nothing_told(findings)
        log.log(log.Level.INFO, f"{fans} fans were judged")
        return findings.outcome(f"{fans} fans")

    def nothing_told(self, findings: Findings) -> outcome.Outcome:
        """Hardware that is not there is skipped, and one that could not be asked is not."""
        try:
            power.event_log()
        except Err as error:
            if isinstance(error.value, types.Error_Unavailable):
                return findings.skip("nothing here tells of a fan", "no fans")
        raise Err("there is a management controller, and it tells of no fan")
