"""Distances on the sphere."""

import pytest

from crossdock.core.geography import KM_PER_MILE, distance_km

SEATTLE, TACOMA, NEW_YORK = (47.6101, -122.3351), (47.2529, -122.4443), (40.7128, -74.0060)


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [(SEATTLE, SEATTLE, 0), (SEATTLE, TACOMA, 40.56), (SEATTLE, NEW_YORK, 3867), ((0, 0), (0, 180), 20_015)],
)
def test_the_distance_is_that_of_the_great_circle(
    one: tuple[float, float], other: tuple[float, float], km: float
) -> None:
    assert distance_km(*one, *other) == pytest.approx(km, rel=0.002)
    assert distance_km(*one, *other) == distance_km(*other, *one)


def test_a_mile_has_1609_meters() -> None:
    assert pytest.approx(1.609, abs=0.001) == KM_PER_MILE
