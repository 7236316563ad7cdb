"""The journal on disk: group commit, recovery, snapshots, and the tools for people."""
