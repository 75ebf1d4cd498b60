"""The OpenAPI document against a running server: schemathesis with all checks, as every role."""
