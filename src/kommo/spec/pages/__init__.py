"""The makers of the generated pages; kommo.spec.reference lists them."""
