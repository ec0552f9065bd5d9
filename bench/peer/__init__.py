"""What runs in the peers' own environments: standard library and the peer, nothing of recollect."""
