"""Vitals: what do drives and the management controller say of the machine's parts?

The example of a stage in Python that judges by facts. The host hands over what smartctl and ipmitool print;
`facts_smart` and `facts_bmc` read it, and judge.py holds that against the rules.
"""

import json

import judge
import wit_world
from componentize_py_types import Err
from errors import explain, in_words
from findings import Findings
from wit_world.imports import (
    bmc,
    context,
    facts_bmc,
    facts_smart,
    outcome,
    smart,
    types,
)


class WitWorld(wit_world.WitWorld):
    @in_words
    def run(self) -> outcome.Outcome:
        parameters = json.loads(context.get().parameters)
        findings = Findings()
        drives = smart.devices()
        for name in drives:
            try:
                drive = facts_smart.read_drive(smart.read(name).stdout)
            except Err as error:
                judge.unread(name, in_a_sentence(error.value), findings)
                continue
            judge.drive(name, drive, parameters, findings)
        try:
            listing = bmc.ask(bmc.Question.SENSORS).stdout
        except Err as error:
            if not is_absent(error.value):
                raise
            if not drives:
                return findings.skip("no drives, no management controller", "no parts")
            return findings.outcome(f"{len(drives)} drives")
        table = bmc.ask(bmc.Question.THRESHOLDS).stdout
        parts = bmc.ask(bmc.Question.PARTS).stdout
        sensors = facts_bmc.read_sensors(listing, table).sensors
        judge.sensors(sensors, findings)
        supplies = facts_bmc.read_supplies(listing, table, parts)
        judge.supplies(supplies, findings)
        return findings.outcome(
            f"{len(drives)} drives, {len(sensors)} sensors, {len(supplies)} power supplies"
        )


def in_a_sentence(error) -> str:
    """What the host or a reader of facts says of an error."""
    return error if isinstance(error, str) else explain(error)


def is_absent(error) -> bool:
    """Whether the hardware does not exist."""
    match error:
        case types.Error_Unavailable(missing):
            return isinstance(missing.kind, types.MissingKind_Hardware)
    return False
