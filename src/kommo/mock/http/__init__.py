"""The mock on the wire: requests in, answers out. Everything here translates between HTTP and the domain."""
