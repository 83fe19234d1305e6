"""The benchmark of who spoke when: simulated and real sessions, several systems, one table."""
