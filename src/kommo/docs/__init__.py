"""The reference of the contract: how its page is made, and the command that opens it."""
