"""Thermals: does every temperature stay below its critical limit for a while?

The example of a stage in Python. It uses Python's own clock, sleep and random numbers: on a simulated
machine they are the machine's, so that a dry run takes no time and says the same every time.
"""

import json
import random
import time

import judge
import wit_world
from errors import in_words
from findings import Findings
from wit_world.imports import context, hwmon, outcome


class WitWorld(wit_world.WitWorld):
    @in_words
    def run(self) -> outcome.Outcome:
        parameters = json.loads(context.get().parameters)
        hottest: dict[str, judge.Hottest] = {}
        last: set[str] = set()
        began = time.monotonic()
        looks = 0
        while (passed := time.monotonic() - began) < parameters["duration"]:
            sensors = judge.temperatures(hwmon.read())
            judge.remember(sensors, hottest)
            last = {judge.name(sensor) for sensor in sensors}
            looks += 1
            context.sample(
                [
                    context.Point("temperature", judge.name(s), s.value, "Cel")
                    for s in sensors
                ]
            )
            context.progress(passed / parameters["duration"], f"look {looks}")
            # Not in step with whatever else happens every few seconds.
            time.sleep(parameters["period"] * random.uniform(0.9, 1.1))
        findings = Findings()
        if not hottest:
            return findings.skip("no chip tells a temperature", "no temperatures")
        judge.judge(hottest, parameters["margin"], findings)
        judge.gone(last, hottest, findings)
        return findings.outcome(f"{len(hottest)} temperatures, {looks} looks")
