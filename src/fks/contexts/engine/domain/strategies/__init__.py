"""The strategies that FKS ships, each in as many tiers as it can be written in."""
