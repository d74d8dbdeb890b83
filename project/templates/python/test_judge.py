"""The rules' tests: `python3 -m unittest`, once `vetting stage build` has written bindings/."""

import sys
import unittest

sys.path.insert(0, "bindings")

import judge
from findings import Findings
from wit_world.imports import outcome


def judged(speed: float | None) -> outcome.Outcome:
    findings = Findings()
    fans = [judge.Fan("FAN1", 8000.0), judge.Fan("FAN2", speed)]
    judge.fans(fans, 500.0, findings)
    return findings.outcome(f"{len(fans)} fans")


class Judgement(unittest.TestCase):
    def test_a_fan_that_stands_still_is_named(self):
        result = judged(0.0)
        self.assertEqual(result.summary, "2 fans")
        self.assertIsInstance(result.verdict, outcome.Verdict_Fail)
        self.assertEqual(result.diagnoses[0].part.location, "FAN2")

    def test_a_fan_without_a_reading_is_not_passed(self):
        self.assertIsInstance(judged(None).verdict, outcome.Verdict_Inconclusive)


if __name__ == "__main__":
    unittest.main()
