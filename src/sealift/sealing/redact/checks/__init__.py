"""What a value must be besides what its pattern says: check digits, forms, known names."""
