"""Signs URLs that each accept exactly one upload, for devices that hold no AWS credentials."""
