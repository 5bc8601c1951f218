"""Checking a live account without harming it.

Every request passes one gate (`guard`), which lets through reads, and writes to what the run itself created, written
down (`journal`) before they are sent. Nothing above the gate has to be careful.
"""
