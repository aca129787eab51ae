"""Validated documents under a fixed key: published to S3, and synced to MongoDB."""
