"""kommo: placeholder docstring, replaced with the client."""
