"""What FKS is tested with and users may drill with: an exchange of one's own on this machine."""
