"""Sealift beside the tools that people use today: same files, same server, same hour."""
