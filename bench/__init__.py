"""How fast it is, beside what somebody would use instead, in one run: `make bench`."""
