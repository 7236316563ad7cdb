"""Market data: files and providers in, validated, content-addressed datasets out.

Every row that was read is either kept or in quarantine with its reason. A dataset never changes;
its hash names its content. Replays publish its bars to sessions, one by one, at any speed.
"""
