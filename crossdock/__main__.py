"""`python -m crossdock` is the command `crossdock`."""

from crossdock.cli import main

main()
