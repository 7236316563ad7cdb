"""The outside world of data: files of providers, archives, calendars, generators."""
