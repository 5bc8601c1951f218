"""Clients of the contract in other languages: generated, checked, compiled and run against the mock."""
