"""Tools for OpenAPI documents: bundling, overlays, house rules, and what is generated from the contract."""
