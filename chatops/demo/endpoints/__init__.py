"""The calls of the API, a module per family of contract D; importing one registers its calls."""
