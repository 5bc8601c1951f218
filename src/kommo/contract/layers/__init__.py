"""The layers of the suite, each a way of making requests and judging answers."""
