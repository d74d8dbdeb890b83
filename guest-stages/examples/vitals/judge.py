"""The rules. They ask no machine."""

from __future__ import annotations

from findings import Findings, at_least, at_most, measurement
from wit_world.imports import facts_bmc, facts_smart, outcome

# The sectors that wait for a reallocation, by the number that all makers give this attribute.
PENDING = 197
# States of a power supply that is bad or has no input (IPMI 2.0, table 42-3).
BAD_STATES = {
    "power-supply-failure",
    "power-supply-predictive-failure",
    "power-supply-input-lost",
    "power-supply-input-lost-or-out-of-range",
}


def unread(name: str, why: str, findings: Findings) -> None:
    """A drive that gives no health was not judged."""
    where = outcome.Part("disk", name, None, None, [])
    findings.diagnose("drive-unread", outcome.Finding_Unknown(), why, where)


def drive(
    name: str, drive: facts_smart.Drive, limits: dict, findings: Findings
) -> None:
    """Holds what a drive says of itself against the rules."""
    if drive.passed is None:
        unread(name, "it gives no health", findings)
        return
    where = outcome.Part("disk", name, drive.serial, drive.model, [])
    if not drive.passed:
        failed = outcome.Finding_Fail()
        message = "SMART overall health: FAILED. Replace the drive."
        findings.diagnose("overall-health", failed, message, where)

    def count(what: str, value: int | None, unit: str | None, rule: str, source: str):
        if value is None:
            return
        limit = float(limits[rule])
        findings.hold(
            measurement(
                what, float(value), unit, where, [at_most(rule, limit, source)]
            ),
            f"{what} is {value}, limit {limit:.0f}: replace the drive",
        )

    used = "NVM Express Base Specification, Percentage Used"
    count("life-used", drive.used_percent, "%", "used_fail_percent", used)
    pending = [a.raw for a in drive.attributes if a.id == PENDING]
    count("pending", pending[0] if pending else None, None, "pending_fail", "default")
    uncorrected = "uncorrected_fail"
    count("media-errors", drive.media_errors, None, uncorrected, "default")
    count("read-errors", drive.read_uncorrected, None, uncorrected, "default")
    count("write-errors", drive.write_uncorrected, None, uncorrected, "default")
    if drive.temperature is not None:
        source = "the drive's own limit"
        limit = drive.temperature_limit
        rules = (
            []
            if limit is None
            else [at_most("drive-temperature", float(limit), source)]
        )
        findings.hold(
            measurement(
                "drive-temperature", float(drive.temperature), "Cel", where, rules
            ),
            f"{drive.temperature} °C, limit {limit} °C. Check the airflow.",
        )


def sensors(sensors: list[facts_bmc.Sensor], findings: Findings) -> None:
    """Holds every reading against the critical thresholds that the controller has for it."""
    source = "the controller's own threshold"
    for sensor in sensors:
        if sensor.value is None:
            continue
        rules = []
        if sensor.lower_critical is not None:
            rules.append(at_least("lower-critical", sensor.lower_critical, source))
        if sensor.upper_critical is not None:
            rules.append(at_most("upper-critical", sensor.upper_critical, source))
        if not rules:
            continue
        where = outcome.Part("sensor", sensor.name, None, None, [])
        findings.hold(
            measurement("sensor-reading", sensor.value, sensor.unit, where, rules),
            f"it reads {sensor.value:.1f}, beyond a critical threshold of the controller",
        )


def supplies(supplies: list[facts_bmc.Supply], findings: Findings) -> None:
    """A power supply is bad by the states that it reports."""
    for supply in supplies:
        where = outcome.Part("psu", supply.name, supply.serial, supply.model, [])
        for state in supply.states:
            if state.meaning in BAD_STATES:
                failed = outcome.Finding_Fail()
                message = f"it reports: {state.text}. Check its cord, then replace it."
                findings.diagnose("supply-state", failed, message, where)
