"""The table of the doors' routes: which routes a path has, and which door a path without routes is most similar to."""

from collections.abc import Sequence
from functools import lru_cache

from crossdock.doors import Door, Headers, Route
from crossdock.web.path_table import PathTable, parameters_of


class PathRoutes:
    """The routes of one path, each with its door and the names of the parameters in the path."""

    def __init__(self) -> None:
        self._routes: list[tuple[Door, Route, tuple[str, ...]]] = []
        self._is_conditional = False

    def add(self, door: Door, route: Route, parameters: tuple[str, ...]) -> None:
        """Add a route; routes with a condition are tried first."""
        self._routes.append((door, route, parameters))
        self._routes.sort(key=lambda each: each[1].when is None)
        self._is_conditional = self._is_conditional or route.when is not None

    def candidates(self, raw_headers: list[tuple[bytes, bytes]]) -> Sequence[tuple[Door, Route, tuple[str, ...]]]:
        """Return the routes whose condition the headers meet, of all methods."""
        if not self._is_conditional:
            return self._routes
        headers = Headers(raw_headers)
        return [each for each in self._routes if each[1].when is None or each[1].when(headers)]


class RouteTable:
    """The routes of all doors by path. It holds nothing of an organization or a database."""

    def __init__(self, doors: Sequence[Door]) -> None:
        self.doors = {door.name: door for door in doors}
        self._fixed: dict[str, PathRoutes] = {}
        self._patterns: PathTable[PathRoutes] = PathTable()
        for door in doors:
            for route in (*door.routes, *door.not_yet, *door.not_offered):
                for path in route.paths:
                    self._routes_of(path).add(door, route, parameters_of(path))

    def _routes_of(self, path: str) -> PathRoutes:
        if "{" in path:
            return self._patterns.setdefault(path, PathRoutes)
        return self._fixed.setdefault(path, PathRoutes())

    def find(self, path: str) -> tuple[PathRoutes, Sequence[str]] | None:
        """Return the routes of a path with the values of its parameters; None where the path has none."""
        routes = self._fixed.get(path)
        return self._patterns.find(path) if routes is None else (routes, ())

    def nearest(self, path: str, headers: Headers) -> Door:
        """Return the door whose paths have the most leading segments in common with `path`; the hub where none has one."""
        segments = path.strip("/").split("/")
        best, nearest = 0, self.doors["hub"]
        for door in self.doors.values():
            for route in (*door.routes, *door.not_yet, *door.not_offered):
                if route.when is not None and not route.when(headers):
                    continue
                for known in route.paths:
                    if (score := _common_segments(segments, known.strip("/").split("/"))) > best:
                        best, nearest = score, door
        return nearest


@lru_cache(maxsize=2)
def route_table(doors: tuple[Door, ...]) -> RouteTable:
    """Build the table, which takes 6 ms; tests make thousands of applications in one process."""
    return RouteTable(doors)


def _common_segments(path: list[str], known: list[str]) -> int:
    """Count the leading segments that are equal; a parameter equals anything, but never begins a path."""
    count = 0
    for segment, pattern in zip(path, known, strict=False):
        if segment != pattern and not (count and pattern.startswith("{")):
            break
        count += 1
    return count
