"""Bookkeeping: measurements held against rules, diagnoses, and the verdict that follows."""

from __future__ import annotations

from wit_world.imports import outcome


def part(kind: str, location: str) -> outcome.Part:
    """Names a part: its kind and where it is."""
    return outcome.Part(kind=kind, location=location, serial=None, model=None, extra=[])


def at_least(name: str, limit: float, source: str) -> outcome.Validator:
    """The rule that a number must be at least `limit`; below it the part is bad."""
    return outcome.Validator(
        name=name,
        comparison=outcome.Comparison_GreaterThanOrEqual(),
        expected=[outcome.Value_Number(limit)],
        severity=outcome.Severity_Fail(),
        source=source,
    )


def at_most(name: str, limit: float, source: str) -> outcome.Validator:
    """The rule that a number must be at most `limit`; above it the part is bad."""
    rule = at_least(name, limit, source)
    rule.comparison = outcome.Comparison_LessThanOrEqual()
    return rule


def measurement(
    name: str,
    value: float,
    unit: str | None,
    where: outcome.Part | None,
    validators: list[outcome.Validator],
) -> outcome.Measurement:
    """A number, and the rules that it is held against."""
    return outcome.Measurement(
        name=name,
        value=outcome.Value_Number(value),
        unit=unit,
        part=where,
        validators=validators,
        extra=[],
    )


def met(value: float, rule: outcome.Validator) -> bool:
    """Whether a number meets a rule. A comparison that is not known here is never met."""
    expected = rule.expected[0].value
    match rule.comparison:
        case outcome.Comparison_GreaterThanOrEqual():
            return value >= expected
        case outcome.Comparison_LessThanOrEqual():
            return value <= expected
    return False


class Findings:
    """Everything that a stage has found so far."""

    def __init__(self) -> None:
        self.measurements: list[outcome.Measurement] = []
        self.diagnoses: list[outcome.Diagnosis] = []

    def hold(self, measured: outcome.Measurement, message: str) -> None:
        """Writes a measurement down; the first rule that it violates is a diagnosis that fails."""
        self.measurements.append(measured)
        for rule in measured.validators:
            if not met(measured.value.value, rule):
                bad = outcome.Finding_Fail()
                self.diagnose(rule.name, bad, message, measured.part)
                return

    def diagnose(
        self,
        name: str,
        finding: outcome.Finding,
        message: str,
        where: outcome.Part | None,
    ) -> None:
        """A conclusion about a part."""
        self.diagnoses.append(
            outcome.Diagnosis(
                name=name, finding=finding, message=message, part=where, extra=[]
            )
        )

    def outcome(self, summary: str) -> outcome.Outcome:
        """One bad part fails; else one that could not be judged, or nothing held at all, is
        inconclusive; else it is a pass."""
        bad = self._told(outcome.Finding_Fail)
        unjudged = self._told(outcome.Finding_Unknown)
        if bad:
            return self._outcome(outcome.Verdict_Fail(), bad, summary)
        if unjudged:
            verdict = outcome.Verdict_Inconclusive(unjudged)
            return self._outcome(verdict, unjudged, summary)
        if not any(measured.validators for measured in self.measurements):
            reason = "nothing could be measured"
            return self._outcome(outcome.Verdict_Inconclusive(reason), reason, summary)
        return self._outcome(outcome.Verdict_Pass(), "good", summary)

    def skip(self, reason: str, summary: str) -> outcome.Outcome:
        """The hardware does not exist and nothing expected it."""
        return self._outcome(outcome.Verdict_Skip(reason), reason, summary)

    def _told(self, finding: type) -> str:
        """The messages of one kind, each with its part."""
        of_kind = [d for d in self.diagnoses if isinstance(d.finding, finding)]
        where = [f"{d.part.kind} {d.part.location}: " if d.part else "" for d in of_kind]
        return "; ".join(at + d.message for at, d in zip(where, of_kind))

    def _outcome(
        self, verdict: outcome.Verdict, message: str, summary: str
    ) -> outcome.Outcome:
        return outcome.Outcome(
            verdict=verdict,
            message=message,
            summary=summary,
            measurements=self.measurements,
            diagnoses=self.diagnoses,
            extra=[],
        )
