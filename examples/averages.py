"""Descriptive statistics of a list of numbers."""


def mean(values: list[float]) -> float:
    """The arithmetic mean; 0.0 of no values."""
    if not values:
        return 0.0
    return sum(values) / len(values)


def variance(values: list[float]) -> float:
    """The mean of the squared distances from the mean; 0.0 of no values."""
    if not values:
        return 0.0
    average = mean(values)
    return sum((value - average) ** 2 for value in values)


def median(values: list[float]) -> float:
    """The middle one of the sorted values."""
