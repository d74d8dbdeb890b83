"""The rules' tests: `python3 -m unittest`, once `vetting stage build` has written bindings/."""

import sys
import unittest

sys.path.insert(0, "bindings")

import judge
import sensors
from findings import Findings
from wit_world.imports import outcome

TABLE = """\
CPU1 Temp        | 43.000     | degrees C  | ok    | na | na | na | 95.000 | 100.000 | na
FAN1             | 8000.000   | RPM        | ok    | na | 300.000 | na | na | na | na
FAN2             | {speed:10} | RPM        | cr    | na | 300.000 | na | na | na | na
PS1 Status       | 0x1        | discrete   | 0x0180| na | na | na | na | na | na
"""


def judged(speed: str) -> outcome.Outcome:
    findings = Findings()
    fans = sensors.fans(TABLE.format(speed=speed))
    judge.fans(fans, 500.0, findings)
    return findings.outcome(f"{len(fans)} fans")


class Judgement(unittest.TestCase):
    def test_a_fan_that_stands_still_is_named(self):
        result = judged("0.000")
        self.assertEqual(result.summary, "2 fans")
        self.assertIsInstance(result.verdict, outcome.Verdict_Fail)
        self.assertEqual(result.diagnoses[0].part.location, "FAN2")

    def test_a_fan_without_a_reading_is_not_passed(self):
        self.assertIsInstance(judged("na").verdict, outcome.Verdict_Inconclusive)


if __name__ == "__main__":
    unittest.main()
