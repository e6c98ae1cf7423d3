"""Sample sites: invented publications on loopback, and what the archive must hold of them."""
