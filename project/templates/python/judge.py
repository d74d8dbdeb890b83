"""The rules. They ask nobody, so that their tests need no machine."""

from findings import Findings, at_least, measurement, part
from wit_world.imports import outcome, power


def fans(sensors: list[power.Sensor], slowest: float, findings: Findings) -> int:
    """Holds every fan against the slowest that it may turn, and says how many there are."""
    told = [sensor for sensor in sensors if sensor.kind == "fan"]
    for fan in told:
        where = part("fan", fan.name)
        if fan.value is None:
            findings.diagnose(
                "fan-speed", outcome.Finding_Unknown(), "it tells no speed", where
            )
            continue
        rule = at_least("slowest_fan", slowest, "default")
        findings.hold(
            measurement("fan-speed", fan.value, fan.unit, where, [rule]),
            f"it turns at {fan.value:.0f} 1/min, and {slowest:.0f} are needed: replace it",
        )
    return len(told)
