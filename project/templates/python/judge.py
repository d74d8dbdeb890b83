"""The rules. They ask no machine, so that their tests need none."""

from findings import Findings, at_least, measurement, part
from sensors import Fan
from wit_world.imports import outcome


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
