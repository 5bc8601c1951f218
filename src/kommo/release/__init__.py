"""What a release needs to know: what changed for callers, and which version number that asks for."""
