"""Exchanges as spans of OpenTelemetry, and collectors that these are sent to."""
