"""The rules. They ask no machine, so that their tests need none."""

from dataclasses import dataclass

from findings import Findings, at_least, measurement, part
from wit_world.imports import facts_bmc, outcome


@dataclass
class Fan:
    """A fan: its name, and its speed in revolutions per minute, if it has a reading."""

    name: str
    speed: float | None


def fans_of(sensors: list[facts_bmc.Sensor]) -> list[Fan]:
    """The fans among the controller's sensors."""
    return [Fan(s.name, s.value) for s in sensors if s.unit == "rpm"]


def fans(fans: list[Fan], slowest: float, findings: Findings) -> None:
    """Holds every fan against the slowest that it may turn."""
    for fan in fans:
        where = part("fan", fan.name)
        if fan.speed is None:
            findings.diagnose(
                "fan-speed", outcome.Finding_Unknown(), "it has no reading", where
            )
            continue
        rule = at_least("slowest_fan", slowest, "default")
        findings.hold(
            measurement("fan-speed", fan.speed, "1/min", where, [rule]),
            f"it turns at {fan.speed:.0f} 1/min, and {slowest:.0f} are needed: replace it",
        )
