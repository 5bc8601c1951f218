"""What an account holds at first.

Ids are fixed, so that the same requests get the same answers on every run.
"""
