"""What `ipmitool sensor` prints, read as far as this stage needs it."""

from dataclasses import dataclass


@dataclass
class Fan:
    """A fan: its name, and its speed in revolutions per minute, if it has a reading."""

    name: str
    speed: float | None


def fans(table: str) -> list[Fan]:
    """The fans of the table: `FAN1 | 3800.000 | RPM | ok | …`, `na` where there is no reading."""
    found = []
    for line in table.splitlines():
        name, *columns = (column.strip() for column in line.split("|"))
        if len(columns) >= 3 and columns[1] == "RPM":
            found.append(Fan(name, number(columns[0])))
    return found


def number(text: str) -> float | None:
    """A number; none where there is another text."""
    try:
        return float(text)
    except ValueError:
        return None
