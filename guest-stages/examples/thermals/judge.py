"""The rules. They ask nobody, so that their tests need no machine."""

from __future__ import annotations

from dataclasses import dataclass

from findings import Findings, at_most, measurement, part
from wit_world.imports import hwmon, outcome


@dataclass
class Hottest:
    """The most that one sensor told, and the limit that it told with it."""

    value: float
    critical: float | None


def name(sensor: hwmon.Sensor) -> str:
    """What tells a sensor from all others."""
    return f"{sensor.chip}/{sensor.device}/{sensor.label}"


def temperatures(reading: hwmon.Reading) -> list[hwmon.Sensor]:
    """Those of the sensors that measure temperature, and are not broken."""
    of_kind = [
        s for s in reading.sensors if isinstance(s.kind, hwmon.SensorKind_Temperature)
    ]
    return [s for s in of_kind if not s.fault]


def remember(sensors: list[hwmon.Sensor], hottest: dict[str, Hottest]) -> None:
    """Keeps the most of each sensor."""
    for sensor in sensors:
        seen = hottest.setdefault(name(sensor), Hottest(sensor.value, None))
        seen.value = max(sensor.value, seen.value)
        if sensor.limits.crit is not None:
            seen.critical = sensor.limits.crit


def judge(hottest: dict[str, Hottest], margin: float, findings: Findings) -> None:
    """Holds the most of each sensor against its own critical limit, where it has one."""
    for sensor, seen in sorted(hottest.items()):
        where = part("sensor", sensor)
        rules = []
        if seen.critical is not None:
            limit = seen.critical - margin
            rules.append(at_most("margin", limit, "the chip's own critical limit"))
        findings.hold(
            measurement("hottest", seen.value, "Cel", where, rules),
            f"it came to {seen.value:.1f} °C, {margin:.0f} below its critical limit are needed",
        )


def gone(before: set[str], hottest: dict[str, Hottest], findings: Findings) -> None:
    """A sensor that was there at first and is not at the end could not be judged to the end."""
    for sensor in sorted(set(hottest) - before):
        unknown = outcome.Finding_Unknown()
        findings.diagnose("sensor-gone", unknown, "it vanished", part("sensor", sensor))
