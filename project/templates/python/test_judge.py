"""The rules' tests: `python3 -m unittest`, once `vetting stage build` has written bindings/."""

import sys
import unittest

sys.path.insert(0, "bindings")

import judge
from findings import Findings
from wit_world.imports import outcome, power


def fan(name: str, speed: float | None) -> power.Sensor:
    return power.Sensor(
        name=name,
        kind="fan",
        value=speed,
        unit="1/min",
        state="ok",
        health=power.Health_Nominal(),
        lower_critical=None,
        lower_warning=None,
        upper_warning=None,
        upper_critical=None,
    )


class Judgement(unittest.TestCase):
    def test_a_fan_that_stands_still_is_named(self):
        findings = Findings()
        told = judge.fans([fan("FAN1", 8000.0), fan("FAN2", 0.0)], 500.0, findings)
        self.assertEqual(told, 2)
        result = findings.outcome("2 fans")
        self.assertIsInstance(result.verdict, outcome.Verdict_Fail)
        self.assertEqual(result.diagnoses[0].part.location, "FAN2")

    def test_a_fan_that_tells_nothing_is_not_passed(self):
        findings = Findings()
        judge.fans([fan("FAN1", None)], 500.0, findings)
        result = findings.outcome("1 fan")
        self.assertIsInstance(result.verdict, outcome.Verdict_Inconclusive)


if __name__ == "__main__":
    unittest.main()
