"""Sizing: what a memory costs in each store, and a simulation of load that says what a number of them needs."""
