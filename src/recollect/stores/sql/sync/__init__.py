"""What stores exchange, over the SQL core: what departs, what arrives, and who exchanges."""
