"""The console in a real Chromium, served by `serve` as it is for everybody."""
