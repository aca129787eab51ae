"""Sealift delivers data files to S3: checked, fingerprinted, stored once, accounted for."""
