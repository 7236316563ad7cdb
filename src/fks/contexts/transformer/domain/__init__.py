"""Indicators as pure state: bars go in, values come out, no clock, no file, no bus."""
