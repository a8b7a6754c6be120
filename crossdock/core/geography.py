"""Distances on the sphere; pure."""

from math import asin, cos, radians, sin, sqrt

EARTH_KM = 6_371.0
KM_PER_MILE = 1.609344


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Return the great-circle distance of two places in kilometers, by the haversine formula."""
    one, other = radians(latitude), radians(other_latitude)
    across = radians(other_longitude - longitude)
    chord = sin((other - one) / 2) ** 2 + cos(one) * cos(other) * sin(across / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, chord)))
