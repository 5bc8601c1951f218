"""What a run leaves behind: text for the terminal, and files."""
