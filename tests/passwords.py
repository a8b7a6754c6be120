"""Passwords of tests are hashed with little work: the hash of the program takes a tenth of a second of a core each time.

`tests/flows/test_tenants.py` checks that the program's own hashes take the work they should.
"""

from argon2 import PasswordHasher

from crossdock import demo
from crossdock.flows import access, tenants

# The hashes that are in the program: that of the demo's user, and the one that stands for unknown accounts.
OF_DEMO, OF_NOBODY = demo.PASSWORD_HASH, access._NOBODY
LITTLE = {"memory_cost": 8, "time_cost": 1, "parallelism": 1}


def hash_with_little_work() -> None:
    """Let this process do so."""
    hasher = PasswordHasher(**LITTLE)
    tenants.PASSWORD_WORK.update(LITTLE)
    vars(demo)["PASSWORD_HASH"] = hasher.hash(demo.PASSWORD)
    vars(access)["_NOBODY"] = hasher.hash("nobody")
