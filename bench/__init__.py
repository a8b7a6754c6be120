"""How fast orders come in, beside two yardsticks measured in the same run. `make bench`; results in bench/README.md."""
