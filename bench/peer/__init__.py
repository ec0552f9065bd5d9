"""What runs in the peers' own environments: the peer, numpy (which peers bring along) and nothing of recollect."""
